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

/** What stands in `info.state.hidden` sways nothing that is shown: another one gives the same observation. */
export const unseenHidden: Check = {
  name: "observations do not depend on info.state.hidden",
  async run(subject) {
    const env = await subject.make();
    const traces = await playAll(subject, mixedLabel);
    const secrets = hiddenParts(traces);
    if (secrets.length === 0) throw new NotApplicable("info.state has no part named hidden");
    let compared = 0;
    for (const trace of traces) {
      const open = trace.ended ? trace.moments.slice(0, -1) : trace.moments;
      for (const [index, { info }] of open.entries()) {
        const { state } = info;
        const shown = await shownIn(env, trace, state);
        if (shown === undefined || !hasHidden(state)) continue;
        for (const hidden of secrets) {
          const other = await shownIn(env, trace, { ...state, hidden });
          if (other === undefined) continue;
          require(
            shown === other,
            `${
              at(trace, index)
            }: the observation changes with info.state.hidden, which the player ` +
              `must not see: it was ${difference(shown, other)}`,
          );
          compared++;
        }
      }
    }
    return `${compared} comparisons`;
  },
};

interface WithHidden {
  readonly hidden: unknown;
}

function hasHidden(state: unknown): state is WithHidden {
  return state instanceof Object && "hidden" in state;
}

/** Different hidden parts of the episodes' states. */
function hiddenParts(traces: readonly Trace[]): unknown[] {
  const states = traces.flatMap(({ moments }) => moments.map(({ info }) => info.state));
  const parts = states.filter(hasHidden).map(({ hidden }) => JSON.stringify(hidden));
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
    // This hidden part does not go with the rest.
    return undefined;
  }
}
