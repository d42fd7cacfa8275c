/**
 * Checks that the player is not shown what is for checks only.
 * @module
 */
import type { Environment } from "../environment.ts";
import { eachMoment } from "./shape.ts";
import {
  at,
  type Check,
  difference,
  type EpisodeId,
  mixedLabel,
  NotApplicable,
  playAll,
  require,
  type Trace,
} from "./subject.ts";

/** JSON shorter than this occurs in honest text by chance. */
const SHORTEST_LEAK = 8;
/** Hidden parts to try in each state. */
const MOST_SECRETS = 8;

/** What the player reads does not hold the state that is for checks only. */
export const noLeak: Check = eachMoment(
  "the hidden state does not leak into observations",
  ({ info, observation }) => {
    const hidden = JSON.stringify(info.state) ?? "";
    const texts = [
      observation.history,
      observation.state,
      ...observation.actions.map((action) => action.text),
    ];
    require(
      hidden.length < SHORTEST_LEAK ||
        !texts.some((text) => text.includes(hidden)),
      `the observation holds info.state as JSON: ${hidden}`,
    );
  },
);

/** What stands in `info.state.secret` sways nothing that is shown: another one gives the same observation. */
export const unseenSecret: Check = {
  name: "observations do not depend on info.state.secret",
  async run(subject) {
    const env = await subject.make();
    const traces = await playAll(subject, mixedLabel);
    const secrets = secretsOf(traces);
    if (secrets.length === 0) throw new NotApplicable("info.state has no part named secret");
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
    if (compared === 0) throw new NotApplicable("reset({ state }) takes no other secret");
    return `${compared} comparisons`;
  },
};

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
