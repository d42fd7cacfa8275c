/**
 * Checks of spoilers: what the teacher is told while data is collected, and a player is not.
 * @module
 */
import type { Spoiler } from "../agent.ts";
import {
  ask,
  type Check,
  CheckFailure,
  errorOf,
  require,
  spoilerOf,
  withAgent,
} from "./subject.ts";

/** What an error must be about to tell what is lacking. */
const TELLING = /spoiler|remark|best|teacher|planner/i;

/** Works with spoilers, whole or in part, and without; or says what it lacks. */
export const spoilersOrNot: Check = {
  name: "it works with spoilers and without, or says what it lacks",
  async run(subject) {
    const { observations } = subject;
    const whole = observations.map(spoilerOf);
    const ways: Record<string, readonly Spoiler[] | undefined> = {
      "without spoilers": undefined,
      "with empty spoilers": whole.map(() => ({})),
      "with the best labels alone": whole.map(({ best }) => best === undefined ? {} : { best }),
      "with remarks alone": whole.map(({ remark }) => remark === undefined ? {} : { remark }),
    };
    return await withAgent(subject, async (agent) => {
      const askWith = (spoilers: readonly Spoiler[] | undefined) =>
        ask(agent, { spoiled: false }, observations, spoilers ? { spoilers } : {});
      const error = await errorOf(() => askWith(whole));
      require(error === undefined, `with spoilers it failed: ${error}`);
      const lacking: string[] = [];
      for (const [way, spoilers] of Object.entries(ways)) {
        const error = await errorOf(() => askWith(spoilers));
        if (error === undefined) continue;
        require(
          error instanceof Error && !(error instanceof CheckFailure) && TELLING.test(error.message),
          `${way} it failed: ${error}; the error must say which spoilers it lacks`,
        );
        lacking.push(way);
      }
      return lacking.length === 0
        ? "either way"
        : `it says that it cannot work ${lacking.join(", ")}`;
    });
  },
};
