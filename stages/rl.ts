/**
 * `uses: rl`: online reinforcement learning of a policy, with a frozen reflection agent.
 * @module
 */
import { z } from "zod";
import { Policy } from "../agents/policy.ts";
import type { ReflectionAgentModule } from "../agents/agent.ts";
import { agentProblem } from "../agents/module_shape.ts";
import { reflectionAgents } from "../agents/registry.ts";
import { type Artifact, artifact, artifactPath } from "../engine/artifact.ts";
import type { StageContext, StageModule } from "../engine/module.ts";
import { type ModuleChoice, slot } from "../engine/slot.ts";
import type { EnvironmentModule } from "../envs/environment.ts";
import { environmentProblem } from "../envs/module_shape.ts";
import { environments } from "../envs/registry.ts";
import { exportOnnx } from "../models/onnx/export.ts";
import { type AlgorithmModule, algorithms } from "../training/algorithms.ts";
import { type CurriculumPart, curriculumSchema } from "../training/curriculum.ts";
import { type PolicyGradientSettings, trainPolicyGradient } from "../training/policy_gradient.ts";
import { type Precision, requirePrecision } from "../training/precision.ts";
import { checkpointEverySchema, checkpointsOf } from "./checkpointing.ts";
import { withDevice } from "./device.ts";
import { loadTrainable, precisionSchema, saveModel } from "./sft.ts";
import { checkStarts, splitSchema } from "./starts.ts";

/** Inputs of the stage. */
interface RlInput {
  readonly env: ModuleChoice<EnvironmentModule>;
  readonly policy: Artifact | string;
  readonly reflection: ModuleChoice<ReflectionAgentModule>;
  readonly algorithm: ModuleChoice<AlgorithmModule>;
  readonly curriculum?: CurriculumPart[] | undefined;
  readonly split: string;
  readonly precision: Precision;
  readonly checkpointEvery?: number | undefined;
}

const input: z.ZodType<RlInput> = z.strictObject({
  env: slot("environment", environments, ["make"], environmentProblem).describe(
    "the environment to act in",
  ),
  policy: artifact("model").describe("the policy to start from"),
  reflection: slot("reflection agent", reflectionAgents, ["make"], agentProblem).prefault(
    "none",
  )
    .describe("comments on each situation; frozen"),
  algorithm: slot("algorithm", algorithms).prefault("policy-gradient")
    .describe("how the policy learns"),
  curriculum: curriculumSchema.optional()
    .describe(
      "tasks in order, one at a time or a list that episodes play in turn; left out: the environment's own task throughout",
    ),
  split: splitSchema("train"),
  precision: precisionSchema,
  checkpointEvery: checkpointEverySchema,
}).superRefine(checkStarts);

/** The stage. */
export const rl: StageModule<RlInput> = {
  name: "rl",
  version: "1",
  description: "Trains a policy by acting: episodes, returns, gradient, again.",
  url: import.meta.url,
  with: input,
  outputs: {
    model: { kind: "model", description: "the policy, in Hugging Face layout" },
    onnx: { kind: "onnx", description: "the same policy for onnxruntime" },
  },
  usesDevice: true,
  async run(input, context) {
    if (!algorithms.has(input.algorithm.uses)) {
      throw new TypeError(
        `an algorithm of your own (${input.algorithm.uses}) cannot be run yet; use one of: ` +
          [...algorithms.keys()].join(", "),
      );
    }
    const reflection = await input.reflection.module.make(input.reflection.with);
    try {
      await withDevice(context.device, async (device) => {
        requirePrecision(device, input.precision);
        const loaded = loadTrainable(device, artifactPath(input.policy), input.precision);
        const settings = input.algorithm.with as PolicyGradientSettings;
        await trainPolicyGradient({
          ...settings,
          policy: new Policy(loaded.model, loaded.tokenizer),
          reflection,
          environments: await Promise.all(
            Array.from(
              { length: settings.episodes },
              () => input.env.module.make(input.env.with),
            ),
          ),
          curriculum: input.curriculum ?? [],
          split: input.split,
          seed: context.seed,
          checkpoints: checkpointsOf(context, input.checkpointEvery),
          signal: context.signal,
          onIteration: reporter(context, settings.iterations),
        });
        await saveModel(loaded, context.output("model"));
      });
      exportOnnx(context.output("model"), context.output("onnx"));
    } finally {
      await reflection.dispose?.();
    }
  },
};

function reporter(context: StageContext, iterations: number) {
  let since = performance.now();
  return (
    report: Parameters<
      Parameters<typeof trainPolicyGradient>[0]["onIteration"]
    >[0],
  ) => {
    const { iteration, part: _part, ...values } = report;
    context.progress(iteration, iterations, "iterations");
    context.metric(iteration, values);
    const now = performance.now();
    context.gauge({
      decisionsPerSecond: values.decisions / (now - since) * 1000,
    });
    since = now;
  };
}
