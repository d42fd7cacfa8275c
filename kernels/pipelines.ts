/**
 * Kernels made ready to run: each is compiled once for every way its tensors are stored, and the
 * bind groups of calls with the same buffers are made once.
 * @module
 */
import { requireShape } from "./errors.ts";
import { isFloat, type Kernel, wgslOf } from "./kernel.ts";
import { Tensor } from "./tensor.ts";
import type { Verdicts } from "./verdicts.ts";

/** What a kernel may be given for a binding. */
export type Resource = Tensor | GPUTexture;

/** A kernel compiled for one combination of element types. */
export interface Pipeline {
  /** What runs. */
  readonly compute: GPUComputePipeline;
  /** Layout of its bind group. */
  readonly layout: GPUBindGroupLayout;
  /** Bind groups by the resources they hold. */
  readonly groups: Map<string, GPUBindGroup>;
}

/**
 * Calls with other buffers than these are rare once a training loop has settled; the bound keeps
 * a process that sees ever new shapes from hoarding.
 */
const MAX_GROUPS = 512;

/** All pipelines of one device. */
export class Pipelines {
  readonly #known = new WeakMap<object, Map<string, Pipeline>>();
  readonly #ids = new WeakMap<object, number>();
  #nextId = 0;

  /**
   * `uniforms` holds the parameter blocks, `blockBytes` each; `verdicts` are told what may fail.
   */
  constructor(
    private readonly gpu: GPUDevice,
    private readonly uniforms: GPUBuffer,
    private readonly blockBytes: number,
    private readonly verdicts: Verdicts,
  ) {}

  /**
   * The pipeline of a kernel for tensors stored as these are. Throws a ShapeError where a binding is
   * f16 that the kernel reads as something else.
   */
  of(kernel: Kernel, bindings: Readonly<Record<string, Resource>>): Pipeline {
    const halves = halvesOf(kernel, bindings);
    let variants = this.#known.get(kernel);
    if (variants === undefined) this.#known.set(kernel, variants = new Map());
    const key = halves.join(" ");
    let pipeline = variants.get(key);
    if (pipeline === undefined) {
      variants.set(key, pipeline = this.#compile(kernel, new Set(halves)));
    }
    return pipeline;
  }

  /** The bind group of a call; the block of parameters is chosen by its dynamic offset. */
  group(
    pipeline: Pipeline,
    kernel: Kernel,
    bindings: Readonly<Record<string, Resource>>,
  ): GPUBindGroup {
    const resources = Object.keys(kernel.bindings).map((name) => bindings[name]!);
    const key = resources.map((resource) => this.#keyOf(resource)).join(" ");
    let group = pipeline.groups.get(key);
    if (group === undefined) {
      if (pipeline.groups.size >= MAX_GROUPS) pipeline.groups.clear();
      pipeline.groups.set(key, group = this.#bind(pipeline, kernel, resources));
    }
    return group;
  }

  #keyOf(resource: Resource): string {
    if (!(resource instanceof Tensor)) return `${this.#idOf(resource)}`;
    return `${this.#idOf(resource.buffer)}:${resource.offset}:${bindingSize(resource)}`;
  }

  #idOf(object: object): number {
    let id = this.#ids.get(object);
    if (id === undefined) this.#ids.set(object, id = this.#nextId++);
    return id;
  }

  #bind(pipeline: Pipeline, { label }: Kernel, resources: readonly Resource[]): GPUBindGroup {
    const entries: GPUBindGroupEntry[] = [
      { binding: 0, resource: { buffer: this.uniforms, size: this.blockBytes } },
    ];
    for (const resource of resources) {
      entries.push({
        binding: entries.length,
        resource: resource instanceof Tensor
          ? { buffer: resource.buffer, offset: resource.offset, size: bindingSize(resource) }
          : resource.createView(),
      });
    }
    return this.verdicts.guard(`bindings of kernel ${label}`, () => {
      return this.gpu.createBindGroup({ label, layout: pipeline.layout, entries });
    });
  }

  #compile(kernel: Kernel, halves: ReadonlySet<string>): Pipeline {
    const { label } = kernel;
    return this.verdicts.guard(`kernel ${label}`, () => {
      const layout = this.gpu.createBindGroupLayout({ label, entries: layoutOf(kernel) });
      const compute = this.gpu.createComputePipeline({
        label,
        layout: this.gpu.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
        compute: {
          module: this.gpu.createShaderModule({ label, code: wgslOf(kernel, halves) }),
          entryPoint: "main",
        },
      });
      return { compute, layout, groups: new Map() };
    });
  }
}

/** Names of the bindings whose tensors are f16. */
function halvesOf(kernel: Kernel, bindings: Readonly<Record<string, Resource>>): string[] {
  const halves: string[] = [];
  for (const [name, binding] of Object.entries(kernel.bindings)) {
    const resource = bindings[name];
    if (!(resource instanceof Tensor)) continue;
    requireShape(
      resource.type === "f32" || resource.type === "f16" || !/f32|vec.f|float/.test(binding),
      `${kernel.label}: ${name} (${resource.shape}) holds ${resource.type}, but the kernel takes ` +
        `${binding}`,
    );
    if (resource.type !== "f16") continue;
    requireShape(
      isFloat(binding),
      `${kernel.label}: ${name} (${resource.shape}) is stored as f16, but the kernel takes ${binding}`,
    );
    halves.push(name);
  }
  return halves;
}

function layoutOf(kernel: Kernel): GPUBindGroupLayoutEntry[] {
  const entries: GPUBindGroupLayoutEntry[] = [{
    binding: 0,
    visibility: GPUShaderStage.COMPUTE,
    buffer: { type: "uniform", hasDynamicOffset: true },
  }];
  for (const binding of Object.values(kernel.bindings)) {
    const slot = { binding: entries.length, visibility: GPUShaderStage.COMPUTE };
    if (binding.startsWith("texture")) {
      const sampleType = binding === "texture" ? "unfilterable-float" : "uint";
      entries.push({ ...slot, texture: { sampleType } });
    } else {
      const type = binding.startsWith("read") ? "read-only-storage" : "storage";
      entries.push({ ...slot, buffer: { type } });
    }
  }
  return entries;
}

/** Vectorised kernels read whole vec4s, so the last one may reach into the slice's padding. */
function bindingSize(tensor: Tensor): number {
  return Math.max(Math.ceil(tensor.byteLength / 16) * 16, 16);
}
