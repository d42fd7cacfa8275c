/**
 * Checks of what `reset` and `step` return, one moment at a time.
 * @module
 */
import { checkLabels } from "../labels.ts";
import {
  type Check,
  CheckFailure,
  extent,
  mixedLabel,
  type Moment,
  playAll,
  require,
} from "./subject.ts";

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

/** Labels are those that policies answer with. */
export const knownLabels: Check = eachMoment(
  "labels are the first of 0 to 199, then letters",
  ({ observation }) => {
    // Where an episode has ended nothing need be offered.
    if (observation.actions.length === 0) return;
    try {
      checkLabels(observation.actions);
    } catch (error) {
      throw error instanceof RangeError ? new CheckFailure(error.message) : error;
    }
  },
);

/** Info tells success, and a state that survives JSON. */
export const infoShape: Check = eachMoment(
  "info has success and a serialisable state",
  ({ info, step }) => {
    require(
      typeof info?.success === "boolean",
      `expected info.success to be true or false, got ${JSON.stringify(info?.success)}`,
    );
    require(
      step !== undefined || !info.success,
      "info.success is true before the first step; a start leaves something to achieve",
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
