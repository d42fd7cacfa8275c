/**
 * Checks of what ends an agent's work: an aborted signal, and `dispose`.
 * @module
 */
import type { ReflectionAgent } from "../agent.ts";
import {
  ask,
  asking,
  type Check,
  errorOf,
  NotApplicable,
  require,
  type Subject,
  withAgent,
} from "./subject.ts";

/** Promises that wait for nothing are settled after so many others. */
const MICROTASKS = 100;

/** How a question ended: with comments, with an error, or not in time. */
type Ending = { readonly comments: unknown } | { readonly error: unknown } | "late";

/** Who is told to stop does not begin. */
export const abortedBefore: Check = {
  name: "a signal that is aborted already rejects",
  async run(subject) {
    const reason = new Error("not wanted any more");
    const signal = AbortSignal.abort(reason);
    await withAgent(subject, async (agent) => {
      requireReason(await endOf(agent, subject, signal), reason, subject);
    });
    return "with the signal's reason";
  },
};

/** Who is told to stop while at work stops. */
export const abortedDuring: Check = {
  name: "a signal that is aborted meanwhile rejects promptly",
  async run(subject) {
    if (await withAgent(subject, (agent) => answersAtOnce(agent, subject))) {
      throw new NotApplicable("it answers at once");
    }
    await withAgent(subject, async (agent) => {
      const controller = new AbortController();
      const reason = new Error("not wanted any more");
      const ending = endOf(agent, subject, controller.signal);
      controller.abort(reason);
      requireReason(await ending, reason, subject);
    });
    return `within ${subject.patience} ms, with the signal's reason`;
  },
};

/** Disposing is safe, and no end for others. */
export const disposedTwice: Check = {
  name: "dispose may be called twice, and a new agent works after it",
  async run(subject) {
    const { observations } = subject;
    const agent = await subject.make();
    await ask(agent, subject, observations);
    if (agent.dispose === undefined) throw new NotApplicable("it has no dispose()");
    await agent.dispose();
    const error = await errorOf(() => agent.dispose?.());
    require(
      error === undefined,
      `dispose() threw ${error} when it was called again; it must do nothing then`,
    );
    const after = await errorOf(() =>
      withAgent(subject, (fresh) => ask(fresh, subject, observations))
    );
    require(
      after === undefined,
      `a new agent failed after another was disposed of: ${after}; what an agent frees must be its own`,
    );
    return "and a new agent after it";
  },
};

/** True for an agent that waits for nothing outside: no abort can come between. */
async function answersAtOnce(agent: ReflectionAgent, subject: Subject): Promise<boolean> {
  const { observations } = subject;
  let answered = false;
  const asked = ask(agent, subject, observations).then(() => answered = true);
  for (let tick = 0; tick < MICROTASKS; tick++) await Promise.resolve();
  const atOnce = answered;
  await asked;
  return atOnce;
}

async function endOf(
  agent: ReflectionAgent,
  subject: Subject,
  signal: AbortSignal,
): Promise<Ending> {
  const { observations, patience } = subject;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Ending>((resolve) => {
    timer = setTimeout(() => resolve("late"), patience);
  });
  try {
    const asked = agent.reflect(
      structuredClone(observations),
      asking(subject, observations, { signal }),
    ).then(
      (comments): Ending => ({ comments }),
      (error): Ending => ({ error }),
    );
    return await Promise.race([asked, late]);
  } catch (error) {
    require(false, `reflect threw ${error} at once; it must reject its promise (make it async)`);
  } finally {
    clearTimeout(timer);
  }
}

function requireReason(ending: Ending, reason: Error, { patience }: Subject): void {
  require(
    ending !== "late",
    `it still went on ${patience} ms after the signal was aborted; look at the signal between steps, and pass it on to what waits`,
  );
  require(
    "error" in ending,
    "it answered although the signal was aborted before; look at it first",
  );
  require(
    ending.error === reason,
    `it rejected with ${ending.error}; expected the signal's own reason, as signal.throwIfAborted() throws it`,
  );
}
