/**
 * Affine maps: the op behind every projection of a transformer.
 * @module
 */
import { requireShape } from "../errors.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { addInto } from "./add.ts";
import { matmul } from "./matmul.ts";

/** What a linear map may add. */
export interface LinearOptions {
  /** (N) */
  readonly bias?: Tensor;
  /** (M, N), added to the result: the residual stream. */
  readonly residual?: Tensor;
}

/** `y (M, N) = x (M, K) · weight (K, N) [+ bias] [+ residual]`. */
export function linear(
  tape: Tape,
  x: Tensor,
  weight: Tensor,
  options: LinearOptions = {},
): Tensor {
  const { bias, residual } = options;
  const requires = [x, weight, bias, residual].some((tensor) => tensor?.requiresGradient);
  const y = tape.result([x.rows, weight.columns], requires);
  if (residual !== undefined) {
    requireShape(
      residual.size === y.size,
      `linear: the residual (${residual.shape}) does not fit the result (${y.shape})`,
    );
    tape.device.stream.copy(residual, y);
  }
  matmul(tape, {
    transposes: "NN",
    a: x,
    b: weight,
    out: y,
    accumulate: residual === undefined ? 0 : 1,
    ...(bias === undefined ? {} : { bias }),
  });
  tape.record(y, (gradient) => {
    const toWeight = tape.target(weight);
    const toBias = bias === undefined ? undefined : tape.target(bias);
    if (toWeight !== undefined) {
      if (toBias?.accumulate === 0) tape.device.stream.clear(toBias.gradient);
      matmul(tape, {
        transposes: "TN",
        a: x,
        b: gradient,
        out: toWeight.gradient,
        accumulate: toWeight.accumulate,
        ...(toBias === undefined ? {} : { columnSums: toBias.gradient }),
      });
    }
    requireShape(
      toBias === undefined || toWeight !== undefined,
      "linear: a bias beside a frozen weight gets no derivative; freeze the bias too",
    );
    backwardToInput(tape, "NT", gradient, weight, x);
    if (residual !== undefined) {
      tape.handOver(
        gradient,
        residual,
        (target) => addInto(tape, gradient, target),
      );
    }
  });
  return y;
}

/** `y (M, N) = x (M, K) · rows (N, K)ᵀ`: logits against the rows of an embedding (a tied head). */
export function linearTransposed(tape: Tape, x: Tensor, rows: Tensor): Tensor {
  const y = tape.result(
    [x.rows, rows.rows],
    x.requiresGradient || rows.requiresGradient,
  );
  matmul(tape, { transposes: "NT", a: x, b: rows, out: y });
  tape.record(y, (gradient) => {
    const toRows = tape.target(rows);
    if (toRows !== undefined) {
      const { gradient: out, accumulate } = toRows;
      matmul(tape, { transposes: "TN", a: gradient, b: x, out, accumulate });
    }
    backwardToInput(tape, "NN", gradient, rows, x);
  });
  return y;
}

function backwardToInput(
  tape: Tape,
  transposes: "NN" | "NT",
  gradient: Tensor,
  weight: Tensor,
  x: Tensor,
): void {
  const toX = tape.target(x);
  if (toX === undefined) return;
  matmul(tape, {
    transposes,
    a: gradient,
    b: weight,
    out: toX.gradient,
    accumulate: toX.accumulate,
  });
}
