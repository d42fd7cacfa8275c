/**
 * `deno task bench`: this project's kernels, models and environments against others, side by side in one run.
 *
 * Every contestant is a process (`ours/`, `peers/`) that speaks `protocol.ts`; `rounds.ts` lets them
 * take turns at the same task and checks that they compute the same; `sections/` say what is
 * measured; `results.ts` and `table.ts` what is left of it. Nothing outside this folder needs a peer.
 * @module
 */
import { UsageError } from "../cli/arguments.ts";
import { type BenchOptions, readBenchArguments } from "./arguments.ts";
import { Contest } from "./contest.ts";
import { ours, trainers, worlds, writers } from "./contestants.ts";
import { describeMachine } from "./machine.ts";
import { emptyResults, readResults, type Results, type Section } from "./results.ts";
import type { Effort } from "./rounds.ts";
import { measureDecode } from "./sections/decode.ts";
import { measureEngine } from "./sections/engine.ts";
import { measureEnvironments } from "./sections/envs.ts";
import { measureMatmul } from "./sections/matmul.ts";
import { measureScaling } from "./sections/scaling.ts";
import { measureTraining } from "./sections/training.ts";
import { barsOf, tablesOf, writeTables } from "./table.ts";
import { type Contestant, Worker } from "./worker.ts";

const RESULTS = new URL("results.json", import.meta.url);
const README = new URL("README.md", import.meta.url);

const THOROUGH: Effort = { rounds: 7, seconds: 1, patience: 120 };
const QUICK: Effort = { rounds: 2, seconds: 0.2, patience: 10 };

const peersOf: Readonly<Record<Section, readonly Contestant[]>> = {
  matmul: trainers,
  training: trainers,
  decode: writers,
  scaling: [],
  envs: worlds,
  engine: [],
};

/** Measures one section with workers of its own; gives what changes in the results. */
async function measure(
  section: Section,
  contest: Contest,
  folder: string,
  effort: Effort,
): Promise<Partial<Results>> {
  switch (section) {
    case "matmul":
      return await measureMatmul(contest, folder);
    case "training":
      return { trainingStep: await measureTraining(contest, folder) };
    case "decode":
      return { decode: await measureDecode(contest, folder) };
    case "scaling":
      return { scaling: await measureScaling(contest, folder) };
    case "envs":
      return { envs: await measureEnvironments(contest) };
    case "engine":
      return { engine: await measureEngine(folder, effort.rounds) };
  }
}

/** Measures what is asked for; `failed` where a peer failed or computed something else. */
async function measureAll(
  options: BenchOptions,
  results: Results,
): Promise<{ results: Results; failed: boolean }> {
  const effort = options.quick ? QUICK : THOROUGH;
  let failed = false;
  const folder = await Deno.makeTempDir({ prefix: "bench-" });
  try {
    for (const section of options.sections) {
      await using contest = await Contest.start(
        ours,
        options.peers ? peersOf[section] : [],
        effort,
      );
      const change = await measure(section, contest, folder, effort);
      const { problems, versions } = contest;
      const measured = { date: new Date().toISOString(), quick: options.quick, versions, problems };
      results = { ...results, ...change, measured: { ...results.measured, [section]: measured } };
      failed ||= contest.failed;
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return { results, failed };
}

/** Runs the bench. Returns the exit code: 1 where a peer failed, 2 where the arguments are wrong. */
export async function main(args: readonly string[]): Promise<number> {
  let options: BenchOptions | undefined;
  try {
    options = readBenchArguments(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`error: ${error.message}`);
    return 2;
  }
  if (options === undefined) return 0;
  const worker = await Worker.start(ours);
  const machine = describeMachine(worker.details);
  await worker[Symbol.asyncDispose]();
  const { out } = options;
  const before = out === undefined ? readResults(RESULTS, machine) : emptyResults(machine);
  const { results, failed } = await measureAll(options, before);
  await Deno.writeTextFile(out ?? RESULTS, JSON.stringify(results, null, 2) + "\n");
  if (out === undefined) {
    await Deno.writeTextFile(README, writeTables(await Deno.readTextFile(README), results));
  }
  console.log(tablesOf(results));
  for (const bar of barsOf(results)) console.log(bar);
  return failed ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
