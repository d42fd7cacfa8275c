/**
 * The global norm of all gradients, and the first gradient that is no number.
 *
 * Both are found on the device and stay there: the optimiser's kernels read them without waiting,
 * and the processor looks at them when it reports.
 * @module
 */
import type { Device } from "../device.ts";
import { NonFiniteError, requireShape } from "../errors.ts";
import { defineKernel } from "../kernel.ts";
import type { Parameters } from "../parameters.ts";
import type { Tensor } from "../tensor.ts";

/** Partial sums of an arena at least, and the number of them one invocation adds up. */
const CHUNK = 1024;
/** Vec4s one invocation adds up at most, below the 65,535 turns of a loop. */
const LONGEST = 32_768;
/** A position that is none. */
const NONE = 0xffff_ffff;

/**
 * Compilers take floats for finite and fold tests for NaN away; the bits of an exponent they leave
 * alone.
 */
const EXPONENT = "0x7f800000u";

const partialsKernel = defineKernel({
  label: "gradient norm, partial sums",
  bindings: { gradients: "read vec4f", sums: "write f32", positions: "write u32" },
  parameters: { count: "u32", stride: "u32", first: "u32", start: "u32" },
  workgroupSize: 8,
  body: `var total = 0.0;
var position = ${NONE}u;
for (var i = index; i < p.count; i += p.stride) {
  let g = gradients[i];
  total += dot(g, g);
  let odd = (bitcast<vec4u>(g) & vec4u(${EXPONENT})) == vec4u(${EXPONENT});
  if (position == ${NONE}u && any(odd)) {
    position = p.start + 4u * i + select(select(select(3u, 2u, odd.z), 1u, odd.y), 0u, odd.x);
  }
}
sums[p.first + index] = total;
positions[p.first + index] = position;`,
});

/** One turn of a tree of sums: fixed in its order, and without a bound on how many there are. */
const reduceKernel = defineKernel({
  label: "gradient norm, sums",
  bindings: { sums: "write f32", positions: "write u32" },
  parameters: { first: "u32", end: "u32" },
  workgroupSize: 1,
  body: `let start = p.first + index * ${CHUNK}u;
var total = 0.0;
var position = ${NONE}u;
for (var i = start; i < min(start + ${CHUNK}u, p.end); i++) {
  total += sums[i];
  position = min(position, positions[i]);
}
sums[p.end + index] = total;
positions[p.end + index] = position;`,
});

/** `status` (4): 1 where this step's gradients are finite; the first step where they were not, 0 for none; where; the bits of what stood there. */
const statusKernel = defineKernel({
  label: "gradient norm",
  bindings: {
    sums: "read f32",
    positions: "read u32",
    norm: "write f32",
    status: "write u32",
  },
  parameters: { at: "u32", step: "u32", lossScale: "f32" },
  workgroupSize: 1,
  body: `let total = sums[p.at];
norm[0] = sqrt(total) / p.lossScale;
let finite = positions[p.at] == ${NONE}u && (bitcast<u32>(total) & ${EXPONENT}) != ${EXPONENT};
status[0] = select(0u, 1u, finite);
if (!finite && status[1] == 0u) {
  status[1] = p.step;
  status[2] = positions[p.at];
}`,
});

/** WGSL that ends the invocation of an optimiser's kernel in a step whose gradients are not finite. */
export const skipUnlessFinite = `if (status[0] == 0u) {
  let position = status[2] - p.start;
  if (status[1] == p.step && status[2] != ${NONE}u && status[2] >= p.start && position / 4u == index) {
    status[3] = bitcast<u32>(gradients[index][position % 4u]);
  }
  gradients[index] = vec4f();
  return;
}`;

/** The norm of one model's gradients. */
export class GradientNorm {
  /** (1): of the newest step, before clipping. */
  readonly norm: Tensor;
  /** (4) u32: see {@linkcode skipUnlessFinite}. */
  readonly status: Tensor;
  readonly #sums: Tensor;
  readonly #positions: Tensor;
  /** Partial sums of each arena. */
  readonly #counts: readonly number[];

  /** `lossScale`: what the loss was multiplied by. Throws a ShapeError for a model that is not trainable. */
  constructor(
    private readonly device: Device,
    private readonly parameters: Parameters,
    private readonly lossScale: number,
  ) {
    requireShape(
      parameters.size < NONE,
      `gradient norm: ${parameters.size} parameters exceed ${NONE}`,
    );
    this.#counts = parameters.arenas.map(({ gradients }) => {
      requireShape(gradients !== undefined, "AdamW: the model is not trainable");
      return Math.max(CHUNK, Math.ceil(gradients.size / 4 / LONGEST));
    });
    let room = 0;
    for (let level = this.#partials;; level = Math.ceil(level / CHUNK)) {
      room += level;
      if (level === 1) break;
    }
    this.#sums = device.empty([room]);
    this.#positions = device.empty([room], { type: "u32" });
    this.norm = device.empty([1]);
    this.status = device.empty([4], { type: "u32" });
    device.stream.clear(this.status);
  }

  get #partials(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** Records the norm and the status of this step, counted from 1. */
  record(step: number): void {
    const { stream } = this.device;
    const [sums, positions] = [this.#sums, this.#positions];
    let first = 0;
    for (const [i, { gradients, start }] of this.parameters.arenas.entries()) {
      const stride = this.#counts[i]!;
      const numbers = { count: gradients!.size / 4, stride, first, start };
      stream.dispatch(partialsKernel, { gradients: gradients!, sums, positions }, numbers, stride);
      first += stride;
    }
    first = 0;
    for (let level = this.#partials; level > 1;) {
      const next = Math.ceil(level / CHUNK);
      stream.dispatch(reduceKernel, { sums, positions }, { first, end: first + level }, next);
      first += level;
      level = next;
    }
    const { norm, status, lossScale } = this;
    stream.dispatch(
      statusKernel,
      { sums, positions, norm, status },
      { at: first, step, lossScale },
      1,
    );
  }

  /**
   * Reads the newest norm back. Throws a NonFiniteError when any step since the last check met a
   * gradient that is no number, once.
   */
  async read(): Promise<number> {
    const { stream } = this.device;
    const [[norm], status] = await Promise.all([
      stream.read(this.norm),
      stream.readIndices(this.status),
    ]);
    const [, step, position, bits] = status;
    if (step === 0) return norm!;
    stream.clear(this.status);
    throw new NonFiniteError(
      `${this.#describe(position!, bits!)} at step ${step}; lower the ` +
        `learning rate, the loss scale or the gradient clip. That step was skipped: the weights are ` +
        `those that led to it`,
    );
  }

  #describe(position: number, bits: number): string {
    if (position === NONE) return "the gradients are numbers, but their norm exceeds f32";
    const { name, element } = this.parameters.locate(position);
    const [value] = new Float32Array(Uint32Array.of(bits).buffer);
    return `the gradient of ${name} is ${value} in element ${element}`;
  }

  /** Gives its buffers back to the pool. */
  release(): void {
    for (const { buffer } of [this.#sums, this.#positions, this.norm, this.status]) {
      this.device.pool.release(buffer);
    }
  }
}
