/**
 * Checks that a comment depends on its observation alone, and on the seed where the module says so.
 * @module
 */
import type { ReflectionAgent } from "../agent.ts";
import {
  ask,
  type Check,
  difference,
  modeName,
  modes,
  NotApplicable,
  notRemote,
  require,
  SEED,
  withAgent,
} from "./subject.ts";

/** An agent is frozen. */
export const frozen: Check = {
  name: "the same batch and seed give the same comments",
  async run(subject) {
    notRemote(subject);
    for (const mode of modes(subject)) {
      const all = (agent: ReflectionAgent) => ask(agent, mode, mode.observations);
      const [first, again] = await withAgent(mode, async (agent) => [
        await all(agent),
        await all(agent),
      ]);
      const other = await withAgent(mode, all);
      requireSame(first ?? [], again ?? [], `when it was asked again ${modeName(mode)}`);
      requireSame(first ?? [], other, `when another instance was asked ${modeName(mode)}`);
    }
    return "two instances";
  },
};

/** Neither neighbours nor places matter. */
export const independent: Check = {
  name: "a comment depends neither on the rest of the batch nor on its order",
  async run(subject) {
    notRemote(subject);
    const { observations } = subject;
    const backwards = observations.toReversed();
    for (const mode of modes(subject)) {
      const together = await withAgent(mode, (agent) => ask(agent, mode, observations));
      // Fresh instances, which remember nothing.
      const turned = await withAgent(mode, (agent) => ask(agent, mode, backwards));
      requireSame(together, turned.toReversed(), "when the batch was turned round; keep its order");
      await withAgent(mode, async (agent) => {
        const alone: string[] = [];
        for (const observation of observations) {
          alone.push(...await ask(agent, mode, [observation]));
        }
        requireSame(together, alone, "when it was asked for alone");
      });
    }
    return "together, backwards and one by one";
  },
};

/** The seed matters where the module says so, and nowhere else. */
export const seedsMatter: Check = {
  name: "the seed matters only where the module says so",
  async run(subject) {
    notRemote(subject);
    if (subject.drawn) throw new NotApplicable("its comments are drawn by the seed");
    const seeds = [SEED, SEED + 1, 2 ** 32 - 1];
    let first: string[] | undefined;
    for (const seed of seeds) {
      const comments = await withAgent(
        subject,
        (agent) => ask(agent, subject, subject.observations, { seed }),
      );
      first ??= comments;
      requireSame(
        first,
        comments,
        "with another seed; where seeds matter, the module's isDrawn must say so",
      );
    }
    return `${seeds.length} seeds`;
  },
};

/** An interruption changes nothing for an agent that remembers. */
export const restored: Check = {
  name: "what it remembers can be saved and restored",
  async run(subject) {
    const { observations } = subject;
    return await withAgent(subject, async (agent) => {
      if (agent.state === undefined && agent.restore === undefined) {
        throw new NotApplicable("it has no state()");
      }
      require(
        agent.state !== undefined && agent.restore !== undefined,
        "it has one of state() and restore(); whoever has one needs the other",
      );
      const comments = await ask(agent, subject, observations);
      const saved = JSON.stringify(agent.state()) ?? "null";
      const after = await withAgent(subject, async (fresh) => {
        fresh.restore?.(JSON.parse(saved));
        const remembered = JSON.stringify(fresh.state?.()) ?? "null";
        require(
          remembered === saved,
          `its state was ${difference(saved, remembered)} after it was restored from JSON`,
        );
        return await ask(fresh, subject, observations);
      });
      requireSame(comments, after, "when another instance was restored from its state()");
      return `${saved.length} characters of JSON`;
    });
  },
};

function requireSame(one: readonly string[], two: readonly string[], when: string): void {
  const index = one.findIndex((comment, i) => comment !== two[i]);
  require(
    index < 0,
    `the comment on observation ${index} was ${JSON.stringify(one[index])}, but ${
      JSON.stringify(two[index])
    } ${when}`,
  );
}
