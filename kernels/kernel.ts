/**
 * The typed template every WGSL kernel is written with.
 *
 * A kernel names its bindings and parameters once; the declarations in WGSL and the argument types
 * in TypeScript both follow from that. The body runs once per invocation with `index` as its number;
 * invocations beyond the asked count return before it.
 * @module
 */

/**
 * How a kernel sees a binding: `read` and `write` are storage arrays, `texture` is rgba32float and
 * `texture of u32` rgba32uint.
 *
 * `float` and `float4` take a tensor as it is stored, f32 or f16, and the kernel computes in f32
 * all the same: it reads `f32(x[i])` or `vec4f(x[i])` and writes `x[i] = x_t(value)`, where `x_t`
 * is the element's type, declared beside each such binding.
 */
export type Binding =
  | `read ${"f32" | "u32" | "vec2f" | "vec2u" | "vec4f" | "vec4u" | "float" | "float4"}`
  | `write ${"f32" | "u32" | "vec2f" | "vec4f" | "float" | "float4"}`
  | "texture"
  | "texture of u32";

/** Type of one parameter. */
export type Parameter = "u32" | "f32";

/**
 * Turns one loop of a kernel may take. The software adapter stops an invocation silently, its results
 * just wrong, after testing loop conditions 65,536 times; n turns take n + 1 tests, and all loops of
 * an invocation count together, so two loops have 65,534 turns between them, three 65,533.
 */
export const MAX_ITERATIONS = 65_535;

/**
 * Workgroup size of kernels without loops, one element or vec4 an invocation. The software adapter
 * has a price for each workgroup: stores take a third of the time they take in workgroups of 8.
 */
export const ELEMENTWISE = 256;

/**
 * WGSL of `inside(index, size)`: which elements of a vec4 a tensor has. A parameter whose size is no
 * multiple of 4 is followed by padding that must stay zero, since the gradient norm goes over it.
 */
export const INSIDE = `fn inside(index: u32, size: u32) -> vec4<bool> {
  return vec4u(4u * index) + vec4u(0u, 1u, 2u, 3u) < vec4u(size);
}`;

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
  /**
   * The invocations of a workgroup work together: none returns early, so that they may meet at
   * barriers, and the body has `group: u32` and `local: u32` in place of `index`. The caller counts
   * invocations in whole workgroups. Default false.
   */
  readonly cooperative?: boolean;
  /** Statements of `main`; `index: u32` is the invocation, `p` the parameters. */
  readonly body: string;
}

/** Whether a binding takes tensors as they are stored. */
export function isFloat(binding: Binding): boolean {
  return binding.includes("float");
}

/** Declares a kernel; exists so that the names of bindings and parameters are inferred. */
export function defineKernel<const B extends string, const P extends string>(
  kernel: Kernel<B, P>,
): Kernel<B, P> {
  return kernel;
}

function declareBinding(name: string, binding: Binding, position: number, half: boolean): string {
  const slot = `@group(0) @binding(${position})`;
  if (binding === "texture") return `${slot} var ${name}: texture_2d<f32>;`;
  if (binding === "texture of u32") return `${slot} var ${name}: texture_2d<u32>;`;
  const [access, declared] = binding.split(" ");
  const element = half ? "f16" : "f32";
  const type = declared === "float"
    ? element
    : declared === "float4"
    ? `vec4<${element}>`
    : declared;
  const mode = access === "read" ? "read" : "read_write";
  return `alias ${name}_t = ${type};
${slot} var<storage, ${mode}> ${name}: array<${type}>;`;
}

/**
 * The WGSL of a kernel. Binding 0 is the uniform block of parameters, then the bindings in order.
 * Workgroups are folded over x and y, because one dimension ends at 65,535. `halves` names the
 * `float` bindings whose tensors are stored as f16.
 */
export function wgslOf(kernel: Kernel, halves: ReadonlySet<string> = new Set()): string {
  const parameters = Object.entries(kernel.parameters).map(([name, type]) => `  ${name}: ${type},`);
  const bindings = Object.entries(kernel.bindings).map(([name, binding], i) =>
    declareBinding(name, binding, i + 1, halves.has(name))
  );
  const start = kernel.cooperative === true
    ? `  let group = groupId.x + groupId.y * workgroups.x;
  if (group * ${kernel.workgroupSize}u >= p.invocations) { return; }`
    : `  let index = global.x + global.y * workgroups.x * ${kernel.workgroupSize}u;
  if (index >= p.invocations) { return; }`;
  return `${halves.size > 0 ? "enable f16;" : ""}
struct Parameters {
  invocations: u32,
${parameters.join("\n")}
}
@group(0) @binding(0) var<uniform> p: Parameters;
${bindings.join("\n")}
${kernel.declarations ?? ""}
@compute @workgroup_size(${kernel.workgroupSize})
fn main(
  @builtin(global_invocation_id) global: vec3u,
  @builtin(workgroup_id) groupId: vec3u,
  @builtin(local_invocation_index) local: u32,
  @builtin(num_workgroups) workgroups: vec3u,
) {
${start}
${kernel.body}
}
`;
}

/** Joins `count` lines made by `line(i)`: unrolling, which the software adapter rewards. */
export function unroll(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join("\n");
}
