/**
 * What the engine itself costs: loading and planning workflows of many stages. Ours alone; it uses
 * no device.
 * @module
 */
import type { EngineCost } from "../ours/engine_load.ts";
import type { EngineRow } from "../results.ts";
import { median } from "../statistics.ts";

/** How the stages of a generated workflow hang together. */
export type EngineShape = EngineRow["shape"];

/** Numbers of stages to measure. */
export const COUNTS: readonly number[] = [100, 1000, 10_000];

/** A workflow of so many stages: each reads the one before it, or all are of one matrix. */
export function workflowText(shape: EngineShape, count: number): string {
  if (shape === "matrix") {
    const seeds = Array.from({ length: count - 2 }, (_, index) => index);
    return `stages:
  first: { uses: pass }
  many:
    uses: pass
    matrix: { seed: [${seeds.join(", ")}] }
    with: { data: ["\${{ stages.first.outputs.data }}"] }
  last: { uses: pass, with: { data: "\${{ stages.many.outputs.data }}" } }
`;
  }
  const later = Array.from({ length: count - 1 }, (_, index) => {
    const before = index === 0 ? "first" : `s${index}`;
    return `  s${
      index + 1
    }: { uses: pass, with: { data: ["\${{ stages.${before}.outputs.data }}"] } }`;
  });
  return ["stages:", "  first: { uses: pass }", ...later, ""].join("\n");
}

/** Measures both shapes at every number of stages; each measurement is a process of its own. */
export async function measureEngine(
  folder: string,
  rounds: number,
  counts: readonly number[] = COUNTS,
): Promise<EngineRow[]> {
  const rows: EngineRow[] = [];
  for (const shape of ["chain", "matrix"] as const) {
    for (const count of counts) {
      const file = `${folder}/${shape}-${count}.yaml`;
      await Deno.writeTextFile(file, workflowText(shape, count));
      const costs: EngineCost[] = [];
      for (let round = 0; round < rounds; round++) costs.push(await measureOnce(file, folder));
      const middle = (key: keyof EngineCost) => median(costs.map((cost) => cost[key]));
      const row = {
        shape,
        stages: middle("stages"),
        loadSeconds: middle("loadSeconds"),
        planSeconds: middle("planSeconds"),
        memoryMiB: middle("memoryMiB"),
      };
      rows.push(row);
      const [load, plan] = [row.loadSeconds.toFixed(3), row.planSeconds.toFixed(3)];
      console.error(`engine ${shape} ${count}: load ${load} s, plan ${plan} s`);
    }
  }
  return rows;
}

async function measureOnce(file: string, folder: string): Promise<EngineCost> {
  const { success, stdout, stderr } = await new Deno.Command("deno", {
    args: [
      "run",
      "--no-prompt",
      "--allow-read",
      "--allow-env=LOG_TOKENS,LOG_STREAM",
      "bench/ours/engine_load.ts",
      file,
      `${folder}/runs`,
    ],
  }).output();
  if (!success) throw new Error(`the engine's measurement failed: ${decode(stderr)}`);
  return JSON.parse(decode(stdout));
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
