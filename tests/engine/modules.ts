/**
 * Stage modules and a slot for tests of the engine: nothing of reinforcement learning in them.
 * @module
 */
import { z } from "zod";
import { type Artifact, artifact, artifactPath } from "../../engine/artifact.ts";
import type { Module, StageContext, StageModule } from "../../engine/module.ts";
import { type ModuleChoice, slot } from "../../engine/slot.ts";

const taxi: Module = {
  name: "taxi",
  version: "1",
  description: "For slots.",
  with: z.object({
    task: z.enum(["pickup", "full"]).default("full"),
    speed: z.number().default(1),
    data: artifact("dataset").optional(),
  }),
};
const frozenLake: Module = { ...taxi, name: "frozen-lake", with: z.strictObject({}) };

/** What the slot of the stage `play` can take. */
export const environments: ReadonlyMap<string, Module> = new Map(
  [taxi, frozenLake].map((m) => [m.name, m]),
);

interface MakeInput {
  size: number;
  name: string;
  mode: string;
  parts?: unknown;
}

/** Leaves a text that depends on its input and seed. */
export const make: StageModule<MakeInput> = {
  name: "make",
  version: "1",
  description: "Makes a data set.",
  url: import.meta.url,
  usesDevice: false,
  outputs: { data: { kind: "dataset", description: "The text." } },
  with: z.object({
    size: z.int().min(1).describe("how much"),
    name: z.string().default("data"),
    mode: z.enum(["fast", "slow"]).default("fast"),
    parts: z.array(z.strictObject({ task: z.string(), until: z.number().optional() })).min(1)
      .optional(),
  }),
  async run({ size, name }, context) {
    context.metric(1, { size });
    await Deno.writeTextFile(
      context.output("data"),
      `${name} ${"x".repeat(size)} ${context.seed}\n`,
    );
  },
};

interface TrainInput {
  dataset: Artifact | string;
  steps: number;
  note?: string | undefined;
}

/** Leaves a folder that depends on its data set, but not on the data set's last line. */
export const train: StageModule<TrainInput> = {
  name: "train",
  version: "1",
  description: "Trains a model.",
  url: import.meta.url,
  usesDevice: false,
  outputs: { model: { kind: "model", description: "A folder." } },
  with: z.object({
    dataset: artifact("dataset"),
    steps: z.int().min(1).default(10),
    note: z.string().optional(),
  }),
  async run({ dataset, steps }, context) {
    const text = await Deno.readTextFile(artifactPath(dataset));
    const folder = context.output("model");
    await Deno.mkdir(`${folder}/weights`, { recursive: true });
    await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify({ steps }));
    await Deno.writeTextFile(`${folder}/weights/all`, text.slice(0, 4));
    context.progress(steps, steps, "steps");
  },
};

interface PlayInput {
  env: ModuleChoice;
  rounds: number;
  models?: (Artifact | string)[] | undefined;
}

/** Leaves what it was given. */
export const play: StageModule<PlayInput> = {
  name: "play",
  version: "1",
  description: "Plays.",
  url: import.meta.url,
  usesDevice: true,
  outputs: { results: { kind: "results", description: "What it was given." } },
  with: z.object({
    env: slot("environment", environments, ["make"]),
    rounds: z.int().default(1),
    models: z.array(artifact("model")).optional(),
  }),
  async run(input, context) {
    await Deno.writeTextFile(context.output("results"), JSON.stringify(input));
  },
};

/** All of them, by name. */
export const stages: ReadonlyMap<string, StageModule> = new Map(
  ([make, train, play] as StageModule[]).map((module) => [module.name, module]),
);

/** A stage `work` that does as the test says. */
export function working(
  run: (context: StageContext) => Promise<void>,
): ReadonlyMap<string, StageModule> {
  const module: StageModule = {
    ...make as StageModule,
    name: "work",
    run: (_, context) => run(context),
  };
  return new Map([...stages, ["work", module]]);
}

/** Writes the output of {@linkcode working}'s stage. */
export async function leave(context: StageContext): Promise<void> {
  await Deno.writeTextFile(context.output("data"), "left");
}
