/**
 * The typed template every WGSL kernel is written with.
 *
 * A kernel names its bindings and parameters once; the declarations in WGSL and the argument types
 * in TypeScript both follow from that. The body runs once per invocation with `index` as its number;
 * invocations beyond the asked count return before it.
 * @module
 */

/** How a kernel sees a binding: `read` and `write` are storage arrays, `texture` is rgba32float. */
export type Binding =
  | `read ${"f32" | "u32" | "vec2f" | "vec2u" | "vec4f" | "vec4u"}`
  | `write ${"f32" | "u32" | "vec2f" | "vec4f"}`
  | "texture";

/** Type of one parameter. */
export type Parameter = "u32" | "f32";

/**
 * Turns one loop of a kernel may take. The software adapter stops an invocation silently, its results
 * just wrong, after testing loop conditions 65,536 times; n turns take n + 1 tests, and all loops of
 * an invocation count together, so two loops have 65,534 turns between them, three 65,533.
 */
export const MAX_ITERATIONS = 65_535;

/** A kernel: one WGSL entry point and how to call it. */
export interface Kernel<B extends string = string, P extends string = string> {
  /** Name in error messages. */
  readonly label: string;
  /** Storage arrays and textures, in the order they are bound. */
  readonly bindings: Readonly<Record<B, Binding>>;
  /** Numbers a call gives, in the order of the uniform block. */
  readonly parameters: Readonly<Record<P, Parameter>>;
  /** Invocations per workgroup. */
  readonly workgroupSize: number;
  /** Functions and constants before `main`. */
  readonly declarations?: string;
  /** Statements of `main`; `index: u32` is the invocation, `p` the parameters. */
  readonly body: string;
}

/** Declares a kernel; exists so that the names of bindings and parameters are inferred. */
export function defineKernel<const B extends string, const P extends string>(
  kernel: Kernel<B, P>,
): Kernel<B, P> {
  return kernel;
}

function declareBinding(
  name: string,
  binding: Binding,
  position: number,
): string {
  const slot = `@group(0) @binding(${position})`;
  if (binding === "texture") return `${slot} var ${name}: texture_2d<f32>;`;
  const [access, type] = binding.split(" ");
  return `${slot} var<storage, ${
    access === "read" ? "read" : "read_write"
  }> ${name}: array<${type}>;`;
}

/**
 * The WGSL of a kernel. Binding 0 is the uniform block of parameters, then the bindings in order.
 * Workgroups are folded over x and y, because one dimension ends at 65,535.
 */
export function wgslOf(kernel: Kernel): string {
  const parameters = Object.entries(kernel.parameters).map(([name, type]) => `  ${name}: ${type},`);
  const bindings = Object.entries(kernel.bindings).map(([name, binding], i) =>
    declareBinding(name, binding, i + 1)
  );
  return `struct Parameters {
  invocations: u32,
${parameters.join("\n")}
}
@group(0) @binding(0) var<uniform> p: Parameters;
${bindings.join("\n")}
${kernel.declarations ?? ""}
@compute @workgroup_size(${kernel.workgroupSize})
fn main(
  @builtin(global_invocation_id) global: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
) {
  let index = global.x + global.y * workgroups.x * ${kernel.workgroupSize}u;
  if (index >= p.invocations) { return; }
${kernel.body}
}
`;
}

/** Joins `count` lines made by `line(i)`: unrolling, which the software adapter rewards. */
export function unroll(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join("\n");
}
