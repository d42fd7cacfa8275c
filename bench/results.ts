/**
 * What a run of the bench leaves: `results.json`. Rates are GFLOP/s for products, steps/s for
 * environments and tokens/s otherwise, medians over the rounds.
 * @module
 */
import { z } from "zod";

/** The parts of the bench, in the order they are measured. */
export const sections = ["matmul", "training", "decode", "scaling", "envs", "engine"] as const;

/** A part of the bench. */
export type Section = typeof sections[number];

const rate = z.number().positive();
const range = z.object({ min: rate, max: rate });

/** Ours and theirs; by name, `ours` among them in `ranges`. */
const compared = {
  ours: rate,
  peers: z.record(z.string(), rate),
  ranges: z.record(z.string(), range).optional(),
  /** Ours over theirs, the median of the rounds' own ratios. */
  ratios: z.record(z.string(), rate).optional(),
};

const machineSchema = z.object({
  cpu: z.string(),
  cores: z.int().positive(),
  memoryGiB: rate,
  system: z.string(),
  adapter: z.string(),
  softwareAdapter: z.boolean(),
  deno: z.string(),
});

const matmulSchema = z.object({
  shape: z.tuple([z.int(), z.int(), z.int()]),
  transposes: z.enum(["NN", "NT", "TN"]),
  shareOfPeak: rate.optional(),
  ...compared,
});

const trainingSchema = z.object({
  model: z.string(),
  sequence: z.int(),
  batch: z.int(),
  ...compared,
});

const decodeSchema = z.object({ model: z.string(), batch: z.int(), ...compared });

const environmentSchema = z.object({
  environment: z.string(),
  /** How many played side by side. */
  instances: z.int().positive(),
  ...compared,
});

const scalingSchema = z.object({
  what: z.enum(["sequence", "batch", "width", "layers"]),
  value: z.int().positive(),
  secondsPerStep: rate,
  tokensPerSecond: rate,
});

const engineSchema = z.object({
  /** How the stages hang together: each reads the one before it, or all are of one matrix. */
  shape: z.enum(["chain", "matrix"]),
  stages: z.int().positive(),
  loadSeconds: rate,
  planSeconds: rate,
  memoryMiB: rate,
});

const measuredSchema = z.object({
  date: z.string(),
  /** Fewer and shorter measurements: good for seeing that it works, not for quoting. */
  quick: z.boolean(),
  /** Versions of those who took part. */
  versions: z.record(z.string(), z.string()),
  /** Who did not take part, who failed, who computed something else; and why. */
  problems: z.array(z.string()),
});

/** The shape of `results.json`. */
export const resultsSchema = z.object({
  machine: machineSchema,
  /** How each part came about; a part that was never measured is not here. */
  measured: z.partialRecord(z.enum(sections), measuredSchema),
  /** The adapter's highest measured rate of f32 multiply-adds, GFLOP/s. */
  peak: rate.optional(),
  matmul: z.array(matmulSchema),
  trainingStep: z.array(trainingSchema),
  decode: z.array(decodeSchema),
  scaling: z.array(scalingSchema),
  /** Results from before a part was measured have none of it. */
  envs: z.array(environmentSchema).default([]),
  engine: z.array(engineSchema).default([]),
});

/** All results. */
export type Results = z.infer<typeof resultsSchema>;
/** The machine they come from. */
export type Machine = Results["machine"];
/** How a part came about. */
export type Measured = z.infer<typeof measuredSchema>;
/** What every compared row has. */
export type Compared = Pick<Results["decode"][number], "ours" | "peers" | "ranges" | "ratios">;
/** A shape's row. */
export type MatmulRow = Results["matmul"][number];
/** A model's row. */
export type TrainingRow = Results["trainingStep"][number];
/** A batch's row. */
export type DecodeRow = Results["decode"][number];
/** An environment's row. */
export type EnvironmentRow = Results["envs"][number];
/** A point of a growth curve. */
export type ScalingRow = Results["scaling"][number];
/** A workflow's row. */
export type EngineRow = Results["engine"][number];

/** No results, from this machine. */
export function emptyResults(machine: Machine): Results {
  return {
    machine,
    measured: {},
    matmul: [],
    trainingStep: [],
    decode: [],
    scaling: [],
    envs: [],
    engine: [],
  };
}

/**
 * Earlier results to go on with, so that parts can be measured one by one: those of the same machine.
 * Without a file, or with another machine's, there are none.
 *
 * @throws {TypeError} where the file holds something else
 */
export function readResults(path: string | URL, machine: Machine): Results {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return emptyResults(machine);
    throw error;
  }
  const results = parseResults(text, String(path));
  const same = JSON.stringify(results.machine) === JSON.stringify(machineSchema.parse(machine));
  return same ? results : emptyResults(machine);
}

/** Reads the text of a `results.json`. Throws a TypeError where it is not one. */
export function parseResults(text: string, where: string): Results {
  try {
    return resultsSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new TypeError(`${where} holds no results of the bench; remove it and measure anew`, {
      cause,
    });
  }
}
