/** Playing AutoExplore by the texts of its commands. */
import { assert } from "../../../std/assert.ts";
import {
  autoExplore,
  type AutoExploreEnvironment,
} from "../../../envs/auto-explore/auto_explore.ts";
import { exploreOptions } from "../../../envs/auto-explore/options.ts";
import type { Observation, ResetOptions } from "../../../envs/environment.ts";
import { sampleTree, writeTree } from "./sample_tree.ts";

/** A sample tree. */
export const ROOT = sampleTree();

/** An environment on {@linkcode ROOT}, or on what `changes` say. */
export async function make(changes: Record<string, unknown> = {}): Promise<AutoExploreEnvironment> {
  const options = exploreOptions.parse({ root: ROOT, ...changes });
  return await autoExplore.make(options) as AutoExploreEnvironment;
}

/** Texts of the commands on offer. */
export function offered({ actions }: Observation): string[] {
  return actions.map(({ text }) => text);
}

/** Starts an episode and takes commands by their texts. */
export function playing(env: AutoExploreEnvironment, options: Partial<ResetOptions> = {}) {
  let { observation, info } = env.reset({ seed: 1, ...options });
  return {
    start: { observation, info },
    take(text: string) {
      const action = observation.actions.find((action) => action.text === text);
      assert(action !== undefined, `"${text}" is not among ${offered(observation)}`);
      const result = env.step(action.label);
      ({ observation, info } = result);
      return result;
    },
  };
}

/** A tree of one question: which file has `lone`. */
export const LONE = writeTree({
  "a.ts": "export function lone() {}\n",
  "b.bin": new Uint8Array([0]),
  "c.txt": "nothing to ask for",
  "sub/d.txt": "nothing either",
});
