/**
 * The compute layer: a WebGPU device, tensors, an autograd tape, kernels in WGSL and optimisers.
 *
 * The order to read in: `device.ts` finds an adapter; `tensor.ts` and `pool.ts` hold numbers on it;
 * `kernel.ts` is the template of a kernel and `stream.ts` runs it; `tape.ts` records ops for the
 * backward pass; `ops/` has one op a file, with its WGSL, its host function and its backward;
 * `parameters.ts` and `optimizers/` train; `memory.ts` says what that will take. Nothing here knows of
 * language, models or agents. How to write an op is told in `ADDING_AN_OP.md`.
 * @module
 */
export {
  type AdapterChoice,
  type AdapterDescription,
  describeAdapter,
  Device,
  requestDevice,
} from "./device.ts";
export {
  DeviceLostError,
  GpuError,
  LimitError,
  NoAdapterError,
  NonFiniteError,
  OutOfMemoryError,
  ShapeError,
} from "./errors.ts";
export { type DeviceModel, dryDevice } from "./dry.ts";
export {
  memoryBudget,
  predictMemory,
  requireMemory,
  type TrainingMemory,
  type TrainingStep,
} from "./memory.ts";
export { AdamW, type AdamWOptions, type StatePart } from "./optimizers/adamw.ts";
export { attention, type AttentionLayout } from "./ops/attention/attention.ts";
export { packedSpans, sharedPrefixSpans, type Span } from "./ops/attention/spans.ts";
export {
  type CategoricalLoss,
  categoricalLoss,
  type CategoricalLossOptions,
} from "./ops/categorical_loss.ts";
export { dropout, type DropoutOptions } from "./ops/dropout.ts";
export { gatherRows } from "./ops/embedding.ts";
export { activation, gelu, type GeluForm, silu } from "./ops/activation.ts";
export { layerNorm } from "./ops/layer_norm.ts";
export { int8Linear, type Int8LinearOptions, Int8Matrix } from "./ops/int8_linear.ts";
export { linear, type LinearOptions, linearTransposed } from "./ops/linear.ts";
export {
  type LinearCrossEntropy,
  linearCrossEntropy,
  type LinearCrossEntropyOptions,
} from "./ops/linear_cross_entropy.ts";
export {
  matmul,
  type MatmulActivation,
  type MatmulArguments,
  type Transposes,
} from "./ops/matmul/matmul.ts";
export { placeRows } from "./ops/place_rows.ts";
export { rmsNorm } from "./ops/rms_norm.ts";
export {
  rotary,
  rotaryFrequencies,
  type RotaryLayout,
  type RotaryOptions,
  type RotaryScaling,
  rotaryTable,
} from "./ops/rotary.ts";
export { siluGate, siluGatePacked } from "./ops/silu_gate.ts";
export { type PolicyLoss, policyLoss, type PolicyLossOptions } from "./ops/policy_loss.ts";
export { readChoices, sample, type SampleOptions } from "./ops/sample.ts";
export {
  type Arena,
  Parameters,
  type ParameterShape,
  type ParametersOptions,
} from "./parameters.ts";
export { type GradientTarget, type Segment, Tape, type TapeOptions } from "./tape.ts";
export { type ElementType, sizeOf, Tensor, type TensorOptions } from "./tensor.ts";
export type { Pool } from "./pool.ts";
export type { Resource } from "./pipelines.ts";
export type { Elements, Stream } from "./stream.ts";
export type { Tile, Tuning } from "./tuning.ts";
export { type ActivationName, ACTIVATIONS } from "./activations.ts";
export type { Image } from "./images.ts";
