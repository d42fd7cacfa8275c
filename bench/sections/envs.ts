/**
 * Steps a second of every registered environment, alone and many side by side.
 * @module
 */
import { fileURLToPath } from "node:url";
import type { EnvironmentModule } from "../../envs/environment.ts";
import { environments } from "../../envs/registry.ts";
import { parseOptions } from "../../std/modules.ts";
import { Random } from "../../std/random.ts";
import type { Contest } from "../contest.ts";
import type { StepsTask } from "../protocol.ts";
import type { EnvironmentRow } from "../results.ts";

/** Instances that play side by side. */
const INSTANCES = [1, 64];
/** Episodes to play, and steps after which one is left. */
const EPISODES = 128;
const MOST_STEPS = 50;

/** Environments the peer has too, with the options that make both the same; others play with their defaults, alone. */
const SHARED: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "taxi": {},
  "frozen-lake": { slippery: false },
};

/** Options without which an environment has nothing to play. */
const NEEDED: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "auto-explore": { root: fileURLToPath(new URL("../../envs", import.meta.url)) },
};

/** Measures the environments. One that cannot be played without options is noted. */
export async function measureEnvironments(
  contest: Contest,
  modules: readonly EnvironmentModule[] = [...environments.values()],
): Promise<EnvironmentRow[]> {
  const rows: EnvironmentRow[] = [];
  for (const module of modules) {
    const options = SHARED[module.name] ?? NEEDED[module.name] ?? {};
    let episodes: StepsTask["episodes"];
    try {
      episodes = await randomEpisodes(module, options);
    } catch (error) {
      contest.note(`${module.name}: not measured (${(error as Error).message})`);
      continue;
    }
    const amount = episodes.reduce((sum, { labels }) => sum + labels.length, 0);
    for (const instances of INSTANCES) {
      const compared = await contest.run(
        `${module.name} × ${instances}`,
        { kind: "steps", environment: module.name, options, instances, episodes },
        { amount, tolerance: 0, alone: !(module.name in SHARED) },
      );
      rows.push({ environment: module.name, instances, ...compared });
      console.error(`${module.name} × ${instances}: ${Math.round(compared.ours)} steps/s`);
    }
  }
  return rows;
}

/** Episodes in which any offered action is taken. */
async function randomEpisodes(
  module: EnvironmentModule,
  options: unknown,
): Promise<StepsTask["episodes"]> {
  const env = await module.make(parseOptions("environment", module, options));
  const episodes = [];
  for (let seed = 0; seed < EPISODES; seed++) {
    const random = new Random(seed);
    const { observation, info } = await env.reset({ seed });
    const labels: string[] = [];
    let { actions } = observation;
    for (let over = false; !over && labels.length < MOST_STEPS;) {
      const { label } = random.pick(actions);
      const step = await env.step(label);
      labels.push(label);
      ({ actions } = step.observation);
      over = step.terminated || step.truncated;
    }
    episodes.push({ seed, state: info.state, labels });
  }
  return episodes;
}
