/**
 * Checks that the player is not shown what is for checks only.
 * @module
 */
import type { Environment } from "../environment.ts";
import {
  at,
  type Check,
  difference,
  type EpisodeId,
  extent,
  mixedLabel,
  type Moment,
  playAll,
  require,
  type Trace,
} from "./subject.ts";

/** JSON shorter than this occurs in honest text by chance. */
const SHORTEST_LEAK = 8;
/** Secrets to try in each state. */
const MOST_SECRETS = 8;

/**
 * What the player reads does not hold the state that is for checks only, and what stands in
 * `info.state.secret` sways nothing that is shown: another secret gives the same observation.
 */
export const noLeak: Check = {
  name: "the hidden state does not leak into observations",
  async run(subject) {
    const traces = await playAll(subject, mixedLabel, refuseJson);
    const compared = await compareSecrets(await subject.make(), traces);
    return extent(traces) + (compared === 0 ? "" : `, ${compared} other secrets`);
  },
};

function refuseJson({ info, observation }: Moment, where: string): void {
  const hidden = JSON.stringify(info.state) ?? "";
  const texts = [
    observation.history,
    observation.state,
    ...observation.actions.map((action) => action.text),
  ];
  require(
    hidden.length < SHORTEST_LEAK || !texts.some((text) => text.includes(hidden)),
    `${where}: the observation holds info.state as JSON: ${hidden}`,
  );
}

/** Starts where the episodes were, with their own secret and with others. Gives how many could be compared. */
async function compareSecrets(env: Environment, traces: readonly Trace[]): Promise<number> {
  const secrets = secretsOf(traces);
  let compared = 0;
  for (const trace of traces) {
    const open = trace.ended ? trace.moments.slice(0, -1) : trace.moments;
    for (const [index, { info: { state } }] of open.entries()) {
      if (!hasSecret(state)) continue;
      const shown = await shownIn(env, trace, state);
      for (const secret of secrets.filter((secret) => !same(secret, state.secret))) {
        const other = await shownIn(env, trace, { ...state, secret });
        if (shown === undefined || other === undefined) continue;
        const where = at(trace, index);
        require(
          shown === other,
          `${where}: the observation changes with info.state.secret, which the player must not ` +
            `see: it was ${difference(shown, other)}`,
        );
        compared++;
      }
    }
  }
  return compared;
}

function same(one: unknown, two: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(two);
}

interface WithSecret {
  readonly secret: unknown;
}

function hasSecret(state: unknown): state is WithSecret {
  return state instanceof Object && "secret" in state;
}

/** Different secrets of the episodes' states. */
function secretsOf(traces: readonly Trace[]): unknown[] {
  const states = traces.flatMap(({ moments }) => moments.map(({ info }) => info.state));
  const parts = states.filter(hasSecret).map(({ secret }) => JSON.stringify(secret));
  return [...new Set(parts)].slice(0, MOST_SECRETS).map((part) => JSON.parse(part));
}

/** What is shown after a start in this state; undefined where there is no such state. */
async function shownIn(
  env: Environment,
  { seed, task }: EpisodeId,
  state: unknown,
): Promise<string | undefined> {
  try {
    const options = task === undefined ? { seed, state } : { seed, task, state };
    return JSON.stringify((await env.reset(options)).observation);
  } catch {
    // This secret does not go with the rest.
    return undefined;
  }
}
