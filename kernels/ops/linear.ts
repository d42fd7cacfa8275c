/**
 * Affine maps: the op behind every projection of a transformer.
 * @module
 */
import type { ActivationName } from "../activations.ts";
import { requireShape } from "../errors.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { activateBackward } from "./activation.ts";
import { addInto } from "./add.ts";
import { matmul } from "./matmul/matmul.ts";

/** What a linear map may add. */
export interface LinearOptions {
  /** (N) */
  readonly bias?: Tensor;
  /** (M, N), added to the result: the residual stream. Excludes an activation. */
  readonly residual?: Tensor;
  /** Applied to the result. */
  readonly activation?: ActivationName;
}

/** `y (M, N) = x (M, K) · weight (K, N) [+ bias] [+ residual]`, or an activation of it. */
export function linear(
  tape: Tape,
  x: Tensor,
  weight: Tensor,
  options: LinearOptions = {},
): Tensor {
  return project(tape, "NN", x, weight, options);
}

/**
 * `y (M, N) = x (M, K) · rows (N, K)ᵀ [+ bias] [+ residual]`, or an activation of it: logits against
 * the rows of an embedding (a tied head), and weights stored as (outputs, inputs).
 */
export function linearTransposed(
  tape: Tape,
  x: Tensor,
  rows: Tensor,
  options: LinearOptions = {},
): Tensor {
  return project(tape, "NT", x, rows, options);
}

function project(
  tape: Tape,
  transposes: "NN" | "NT",
  x: Tensor,
  weight: Tensor,
  { bias, residual, activation }: LinearOptions,
): Tensor {
  const requires = [x, weight, bias, residual].some((tensor) => tensor?.requiresGradient);
  const shape = [x.rows, transposes === "NN" ? weight.columns : weight.rows];
  const y = tape.result(shape, requires);
  requireShape(
    residual === undefined || residual.size === y.size,
    `linear: the residual (${residual?.shape}) does not fit the result (${y.shape})`,
  );
  const before = activation === undefined ? undefined : tape.result(shape, false);
  matmul(tape, {
    transposes,
    a: x,
    b: weight,
    out: y,
    ...(bias === undefined ? {} : { bias }),
    ...(residual === undefined ? {} : { residual }),
    ...(before === undefined ? {} : { activation: { name: activation!, before } }),
  });
  tape.record(y, (dy) => {
    let gradient = dy;
    if (before !== undefined) {
      gradient = tape.empty(shape, { type: y.type });
      activateBackward(tape, activation!, { x: before, dy, dx: gradient }, 0);
    }
    backward(tape, transposes, { x, weight, gradient, bias });
    if (residual !== undefined) {
      tape.handOver(gradient, residual, (target) => addInto(tape, gradient, target));
    }
  });
  return y;
}

/** Carries the derivative by x · weight on to weight, bias and x. */
function backward(
  tape: Tape,
  transposes: "NN" | "NT",
  tensors: {
    readonly x: Tensor;
    readonly weight: Tensor;
    readonly gradient: Tensor;
    readonly bias: Tensor | undefined;
  },
): void {
  const { x, weight, gradient, bias } = tensors;
  const toWeight = tape.target(weight);
  const toBias = bias === undefined ? undefined : tape.target(bias);
  if (toBias?.accumulate === 0) tape.device.stream.clear(toBias.gradient);
  // The product for the weight meets every row of the gradient anyway, so it sums them on its way.
  const together = toBias !== undefined && toWeight !== undefined && transposes === "NN";
  if (toWeight !== undefined) {
    matmul(tape, {
      transposes: "TN",
      ...(transposes === "NN" ? { a: x, b: gradient } : { a: gradient, b: x }),
      out: toWeight.gradient,
      accumulate: toWeight.accumulate,
      ...(together ? { columnSums: toBias.gradient } : {}),
    });
  }
  if (toBias !== undefined && !together) sumRows(tape, gradient, toBias.gradient);
  const toX = tape.target(x);
  if (toX === undefined) return;
  matmul(tape, {
    transposes: transposes === "NN" ? "NT" : "NN",
    a: gradient,
    b: weight,
    out: toX.gradient,
    accumulate: toX.accumulate,
  });
}

/** Adds the rows of a gradient (M, N) to a bias's (N). */
function sumRows(tape: Tape, gradient: Tensor, sums: Tensor): void {
  const ones = tape.upload(new Float32Array(gradient.rows).fill(1), [gradient.rows, 1]);
  const out = sums.reshape([1, sums.size]);
  matmul(tape, { transposes: "TN", a: ones, b: gradient, out, accumulate: 1 });
}
