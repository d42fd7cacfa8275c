/**
 * `uses: sft`: supervised fine-tuning of a reflection model or a policy, and its ONNX export.
 * @module
 */
import { z } from "zod";
import { LABELS } from "../agents/labels.ts";
import { Policy } from "../agents/policy.ts";
import { labelText } from "../agents/prompt.ts";
import { type Artifact, artifact, artifactPath } from "../engine/artifact.ts";
import type { StageContext, StageModule } from "../engine/module.ts";
import { type ModuleChoice, slot } from "../engine/slot.ts";
import type { Device } from "../kernels/kernels.ts";
import { type CausalModel, placeModel } from "../models/causal_model.ts";
import { readModelFolder, writeModelFolder } from "../models/model_folder.ts";
import { exportOnnx } from "../models/onnx/export.ts";
import { type ModelModule, models } from "../models/registry.ts";
import { Tokenizer, trainTokenizer } from "../models/tokenizer/tokenizer.ts";
import {
  type Dataset,
  policyExamples,
  type PolicyTarget,
  policyTexts,
  readDataset,
  reflectionExamples,
  reflectionTexts,
} from "../training/examples.ts";
import {
  fineTuneCompletions,
  fineTuneLabels,
  type FineTuneOptions,
} from "../training/fine_tune.ts";
import { type Precision, requirePrecision } from "../training/precision.ts";
import { deriveSeed } from "../std/random.ts";
import { checkpointEverySchema, checkpointsOf } from "./checkpointing.ts";
import { withDevice } from "./device.ts";

/** Inputs of the stage. */
interface SftInput {
  readonly model: ModuleChoice<ModelModule> | Artifact | string;
  readonly dataset: Artifact | string;
  readonly reflection: boolean;
  readonly target: PolicyTarget;
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly finalLearningRate: number;
  readonly beta2: number;
  readonly weightDecay: number;
  readonly clip: number;
  readonly promptWeight: number;
  readonly labels?: number | undefined;
  readonly precision: Precision;
  readonly checkpointEvery?: number | undefined;
}

/** How numbers are stored while a stage trains. */
export const precisionSchema: z.ZodType<Precision> = z.enum(["f32", "f16"]).default("f32")
  .describe(
    "how numbers are stored while training; f16 takes less memory, and an adapter with shader-f16",
  );

const input: z.ZodType<SftInput> = z.strictObject({
  // A family's name is a text, as a path is: the slot must look first.
  model: z.union([slot("model", models, ["configure", "initialize"]), artifact("model")])
    .describe("a model to go on training, or a family to start from scratch"),
  dataset: artifact("dataset")
    .describe(
      "rows of a policy (trained to answer with labels) or of reflections (texts)",
    ),
  reflection: z.boolean().default(true)
    .describe("policy datasets only: whether the prompt holds the reflection"),
  target: z.enum(["taken", "best"]).default("taken").describe(
    "policy datasets only: which action is learned, the one that was taken, as in the paper's code, or the " +
      "expert's in the same situation",
  ),
  steps: z.int().positive().default(400).describe("optimiser steps"),
  batchSize: z.int().positive().default(32).describe("examples a step"),
  learningRate: z.number().positive().default(2e-4).describe(
    "learning rate of the first step",
  ),
  finalLearningRate: z.number().min(0).max(1).default(1)
    .describe(
      "the last step's learning rate as a share of the first's; it falls linearly",
    ),
  beta2: z.number().gt(0).lt(1).default(0.999)
    .describe("AdamW's memory of squared gradients; short trainings from scratch want less"),
  weightDecay: z.number().min(0).default(1e-3).describe(
    "AdamW's decoupled weight decay",
  ),
  clip: z.number().min(0).default(0.3).describe(
    "largest gradient norm; 0 does not clip",
  ),
  promptWeight: z.number().min(0).default(0).describe(
    "weight of predicting the prompt's own tokens, beside the loss on what stands behind them; 0.5 helps " +
      "models trained from scratch to learn to read",
  ),
  labels: z.int().positive().max(LABELS.length).optional().describe(
    "fresh models only: how many action labels are tokens, at least; left out: as many as the dataset's longest " +
      "list of actions has, and a longer list cannot be answered",
  ),
  precision: precisionSchema,
  checkpointEvery: checkpointEverySchema,
});

function textsOf(data: Dataset, withReflection: boolean): string[] {
  return data.sort === "policy"
    ? policyTexts(data.rows, withReflection)
    : reflectionTexts(data.rows);
}

/** The head's matrix is multiplied fastest with rows in multiples of this. */
const HEAD_ROWS = 64;

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

/** A model and its tokenizer on the device. */
interface LoadedModel {
  readonly model: CausalModel;
  readonly tokenizer: Tokenizer;
}

/** A family's fresh model, with a tokenizer trained on the data it will read. */
function initialize(
  device: Device,
  choice: ModuleChoice<ModelModule>,
  data: Dataset,
  { reflection, precision, labels = 0 }: SftInput,
  seed: number,
): LoadedModel {
  const largest = choice.module.configure(choice.with).vocab_size;
  const actions = data.rows.reduce(
    (most, { observation }) => Math.max(most, observation.actions.length),
    labels,
  );
  const tokenizer = Tokenizer.fromJson(
    trainTokenizer(textsOf(data, reflection), {
      vocabularySize: largest,
      labels: LABELS.slice(0, actions).map(labelText),
    }),
  );
  const vocabulary = {
    size: Math.min(largest, roundUp(tokenizer.vocabularySize, HEAD_ROWS)),
    endOfText: tokenizer.endOfText,
  };
  return {
    tokenizer,
    model: choice.module.initialize(device, choice.with, vocabulary, {
      seed,
      trainable: true,
      half: precision === "f16",
    }),
  };
}

/** A model to go on training. */
export function loadTrainable(device: Device, folder: string, precision: Precision): LoadedModel {
  const files = readModelFolder(folder);
  return {
    tokenizer: files.tokenizer,
    model: placeModel(device, files, { trainable: true, half: precision === "f16" }),
  };
}

async function train(
  { model, tokenizer }: LoadedModel,
  data: Dataset,
  input: SftInput,
  context: StageContext,
): Promise<void> {
  const since = { time: performance.now() };
  const options: FineTuneOptions = {
    ...input,
    seed: deriveSeed(context.seed, 2),
    checkpoints: checkpointsOf(context, input.checkpointEvery),
    signal: context.signal,
    onProgress({ step, loss, gradientNorm, tokens }) {
      context.progress(step, input.steps, "steps");
      context.metric(step, { loss, gradientNorm });
      const now = performance.now();
      context.gauge({ tokensPerSecond: tokens / (now - since.time) * 1000 });
      since.time = now;
    },
  };
  if (data.sort === "reflection") {
    await fineTuneCompletions(
      model,
      reflectionExamples(data.rows, tokenizer),
      options,
    );
  } else {
    const policy = new Policy(model, tokenizer);
    await fineTuneLabels(
      policy,
      policyExamples(data.rows, policy, {
        withReflection: input.reflection,
        target: input.target,
      }),
      options,
    );
  }
}

/** The stage. */
export const sft: StageModule<SftInput> = {
  name: "sft",
  version: "1",
  description:
    "Fine-tunes a model on a dataset: a policy on labels, or a reflection model on texts.",
  url: import.meta.url,
  with: input,
  outputs: {
    model: { kind: "model", description: "the model, in Hugging Face layout" },
    onnx: { kind: "onnx", description: "the same model for onnxruntime" },
  },
  usesDevice: true,
  async run(input, context) {
    const data = await readDataset(artifactPath(input.dataset));
    context.log(`${data.rows.length} rows of a ${data.sort} dataset`);
    await withDevice(context.device, async (device) => {
      requirePrecision(device, input.precision);
      const loaded = typeof input.model === "object" && "uses" in input.model
        ? initialize(
          device,
          input.model,
          data,
          input,
          deriveSeed(context.seed, 1),
        )
        : loadTrainable(device, artifactPath(input.model), input.precision);
      await train(loaded, data, input, context);
      await saveModel(loaded, context.output("model"));
    });
    exportOnnx(context.output("model"), context.output("onnx"));
  },
};

/** Writes a model that was trained, in Hugging Face layout. */
export async function saveModel(
  { model, tokenizer }: LoadedModel,
  folder: string,
): Promise<void> {
  const { config } = model;
  writeModelFolder(folder, {
    config,
    tokenizer,
    parameters: await model.weights(),
  });
}
