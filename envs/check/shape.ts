/**
 * Checks of what `reset` and `step` return, one moment at a time.
 * @module
 */
import { type Check, extent, mixedLabel, type Moment, playAll, require } from "./subject.ts";

/** JSON shorter than this occurs in honest text by chance. */
const SHORTEST_LEAK = 8;

/** History and state are text, actions a list. */
export const observationShape: Check = eachMoment(
  "observations have the right shape",
  ({ observation }) => {
    require(
      typeof observation?.history === "string" &&
        typeof observation.state === "string",
      "expected observation.history and observation.state to be strings",
    );
    require(observation.state !== "", "observation.state is empty");
    require(
      Array.isArray(observation.actions) &&
        observation.actions.every((action) =>
          typeof action?.label === "string" && typeof action.text === "string"
        ),
      "expected observation.actions to be a list of { label, text } strings",
    );
  },
);

/** Labels can be told apart, and each can be one token. */
export const uniqueLabels: Check = eachMoment(
  "labels are unique single words",
  ({ observation }) => {
    const seen = new Set<string>();
    for (const { label } of observation.actions) {
      const shown = JSON.stringify(label);
      require(
        /^\S+$/.test(label),
        `label ${shown} is empty or has white space; a label must be one token`,
      );
      require(!seen.has(label), `label ${shown} is offered twice`);
      seen.add(label);
    }
  },
);

/** Info tells success, and a state that survives JSON. */
export const infoShape: Check = eachMoment(
  "info has success and a serialisable state",
  ({ info }) => {
    require(
      typeof info?.success === "boolean",
      `expected info.success to be true or false, got ${JSON.stringify(info?.success)}`,
    );
    require(
      info.state !== undefined && survivesJson(info.state),
      "info.state is missing or changes on its way through JSON; reset({ state }) must be able to start from a copy",
    );
  },
);

/** Rewards can be summed. */
export const finiteRewards: Check = eachMoment(
  "rewards are finite numbers",
  ({ step }) =>
    require(
      step === undefined || Number.isFinite(step.result.reward),
      `expected a finite reward, got ${step?.result.reward}`,
    ),
);

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

function eachMoment(name: string, look: (moment: Moment) => void): Check {
  return {
    name,
    async run(subject) {
      const traces = await playAll(subject, mixedLabel, (moment, where) => {
        try {
          look(moment);
        } catch (error) {
          if (error instanceof Error) {
            error.message = `${where}: ${error.message}`;
          }
          throw error;
        }
      });
      return extent(traces);
    },
  };
}

/** True where a copy through JSON is the same: no functions, NaN, dates, maps, undefined. */
function survivesJson(value: unknown): boolean {
  if (
    value === null || typeof value === "string" || typeof value === "boolean"
  ) {
    return true;
  }
  if (typeof value === "number") return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(survivesJson);
  return typeof value === "object" &&
    Object.getPrototypeOf(value) === Object.prototype &&
    Object.values(value).every(survivesJson);
}
