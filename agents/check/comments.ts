/**
 * Checks of what `reflect` returns, and of what it leaves alone.
 * @module
 */
import {
  ask,
  asking,
  type Check,
  difference,
  modeName,
  modes,
  require,
  withAgent,
} from "./subject.ts";

/** One for each. */
export const oneEach: Check = {
  name: "one comment for each observation",
  async run(subject) {
    const { observations } = subject;
    await withAgent(subject, async (agent) => {
      for (const mode of modes(subject)) {
        await ask(agent, mode, observations);
        await ask(agent, mode, observations.slice(0, 1));
      }
    });
    return `batches of ${observations.length} and 1`;
  },
};

/** Nothing to comment on is no error. */
export const emptyBatch: Check = {
  name: "an empty batch gives no comments",
  async run(subject) {
    await withAgent(subject, async (agent) => {
      for (const mode of modes(subject)) await ask(agent, mode, []);
    });
    return "an empty list";
  },
};

/** Comments are strings. */
export const textComments: Check = {
  name: "comments are texts",
  async run(subject) {
    const { observations } = subject;
    await withAgent(subject, async (agent) => {
      for (const mode of modes(subject)) {
        const comments: unknown[] = await ask(agent, mode, observations);
        for (const [i, comment] of comments.entries()) {
          require(
            typeof comment === "string",
            `comment ${i} ${modeName(mode)} is ${
              JSON.stringify(comment)
            }; expected a string, empty where there is nothing to say`,
          );
        }
      }
    });
    return `${observations.length} comments`;
  },
};

/** The caller's objects stay as they are. */
export const unchangedBatch: Check = {
  name: "the batch is not changed",
  async run(subject) {
    const { observations } = subject;
    await withAgent(subject, async (agent) => {
      for (const mode of modes(subject)) {
        const batch = structuredClone(observations);
        const options = asking(mode, batch);
        const given = () => JSON.stringify([batch, options.spoilers ?? []]);
        const before = given();
        await agent.reflect(batch, options);
        require(
          before === given(),
          `${modeName(mode)} reflect changed what it was given: it was ${
            difference(before, given())
          }; work on copies`,
        );
      }
    });
    return `${observations.length} observations`;
  },
};
