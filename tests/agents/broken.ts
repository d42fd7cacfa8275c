/** Reflection agents that break the contract, one clause each. */
import type { ReflectionAgent, ReflectOptions, Spoiler } from "../../agents/agent.ts";
import type { Observation } from "../../envs/environment.ts";

/** Says what it sees, a little later, as an agent should that waits for something. */
export class Echo implements ReflectionAgent {
  async reflect(batch: readonly Observation[], { signal }: ReflectOptions): Promise<string[]> {
    await pause(signal);
    return batch.map((observation) => this.comment(observation));
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }

  protected comment({ history, state }: Observation): string {
    return history + state;
  }
}

async function pause(signal: AbortSignal, milliseconds = 2): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

const never = new AbortController().signal;
let counter = 0;
let poolIsClosed = false;

/** An echo whose comments are changed on their way out. */
function changing(
  change: (
    comments: string[],
    batch: readonly Observation[],
    options: ReflectOptions,
  ) => unknown,
): () => ReflectionAgent {
  return () =>
    new (class extends Echo {
      override async reflect(batch: readonly Observation[], options: ReflectOptions) {
        return change(await super.reflect(batch, options), batch, options) as string[];
      }
    })();
}

/** An echo that stops in a way of its own. */
function stopping(reflect: ReflectionAgent["reflect"]): () => ReflectionAgent {
  return () => Object.assign(new Echo(), { reflect });
}

/** An echo that numbers what it says and remembers the numbers, as `save` and `load` have it. */
function remembering(
  save: (numbers: Map<string, number>) => unknown,
  load: (state: unknown) => Map<string, number>,
): () => ReflectionAgent {
  return () => {
    let numbers = new Map<string, number>();
    const echo = changing((comments) =>
      comments.map((comment) => {
        if (!numbers.has(comment)) numbers.set(comment, counter++);
        return `${comment} ${numbers.get(comment)}`;
      })
    )();
    return Object.assign(echo, {
      state: () => save(numbers),
      restore: (state: unknown) => void (numbers = load(state)),
    });
  };
}

/** Throws what an agent says that lacks spoilers. */
function lacking(message: string, lacks: (spoiler: Spoiler | undefined) => boolean) {
  return changing((comments, _batch, { spoilers }) => {
    if (comments.some((_, i) => lacks(spoilers?.[i]))) throw new TypeError(message);
    return comments;
  });
}

/** Agents with one flaw each: the check that must find it, and what it must say. */
export const broken: Record<
  string,
  { make: () => ReflectionAgent; check: string; says: string }
> = {
  "a comment that is missing": {
    make: changing((comments) => comments.slice(1)),
    check: "one comment for each observation",
    says: "reflect gave 4 comments on 5 observations",
  },
  "comments that are no list": {
    make: changing((comments) => comments.join()),
    check: "one comment for each observation",
    says: "it must give a list with one each",
  },
  "a comment on nothing": {
    make: changing((comments) => comments.length === 0 ? ["Well."] : comments),
    check: "an empty batch gives no comments",
    says: "reflect gave 1 comments on 0 observations",
  },
  "a comment that is no text": {
    make: changing((comments) => comments.map((comment, i) => i === 2 ? undefined : comment)),
    check: "comments are texts",
    says: "comment 2 without spoilers is undefined; expected a string",
  },
  "a comment that is no text with spoilers": {
    make: changing((comments, _, { spoilers }) => spoilers ? comments.map(() => 7) : comments),
    check: "comments are texts",
    says: "comment 0 with spoilers is 7; expected a string",
  },
  "a batch it sorts": {
    make: changing((comments, batch) => {
      (batch as Observation[]).sort((a, b) => a.state < b.state ? 1 : -1);
      return comments;
    }),
    check: "the batch is not changed",
    says: "without spoilers reflect changed what it was given",
  },
  "spoilers it takes away": {
    make: changing((comments, _, { spoilers }) => {
      (spoilers as Spoiler[] | undefined)?.fill({});
      return comments;
    }),
    check: "the batch is not changed",
    says: "with spoilers reflect changed what it was given",
  },
  "comments that are counted": {
    make: changing((comments) => comments.map((comment) => `${comment} ${counter++}`)),
    check: "the same batch and seed give the same comments",
    says: "when it was asked again without spoilers",
  },
  "instances that differ": {
    make: () => {
      const number = counter++;
      return changing((comments) => comments.map((comment) => `${comment} ${number}`))();
    },
    check: "the same batch and seed give the same comments",
    says: "when another instance was asked without spoilers",
  },
  "comments in order of the alphabet": {
    make: changing((comments) => comments.toSorted()),
    check: "a comment depends neither on the rest of the batch nor on its order",
    says: "when the batch was turned round; keep its order",
  },
  "a comment that tells how many there are": {
    make: changing((comments) => comments.map((comment) => `${comment}, ${comments.length}`)),
    check: "a comment depends neither on the rest of the batch nor on its order",
    says:
      'the comment on observation 0 was "at row 1, 5", but "at row 1, 1" when it was asked for alone',
  },
  "a seed that matters in secret": {
    make: changing((comments, _, { seed }) => comments.map((comment) => `${comment} ${seed}`)),
    check: "the seed matters only where the module says so",
    says: '"at row 1 8" with another seed; where seeds matter, the module\'s isDrawn must say so',
  },
  "a memory that JSON cannot hold": {
    make: remembering((comments) => comments, (state) => new Map(Object.entries(state as object))),
    check: "what it remembers can be saved and restored",
    says: "when another instance was restored from its state()",
  },
  "a memory that is not restored": {
    make: remembering((comments) => [...comments], () => new Map()),
    check: "what it remembers can be saved and restored",
    says: "after it was restored from JSON",
  },
  "a state without a way back": {
    make: () => Object.assign(new Echo(), { state: () => ({}) }),
    check: "what it remembers can be saved and restored",
    says: "it has one of state() and restore(); whoever has one needs the other",
  },
  "no word about missing spoilers": {
    make: lacking("undefined is no object", (spoiler) => spoiler === undefined),
    check: "it works with spoilers and without, or says what it lacks",
    says: "without spoilers it failed: TypeError: undefined is no object; the error must say which",
  },
  "no word about a missing remark": {
    make: lacking(
      "undefined is no text",
      (spoiler) => spoiler !== undefined && spoiler.remark === undefined,
    ),
    check: "it works with spoilers and without, or says what it lacks",
    says: "with empty spoilers it failed: TypeError: undefined is no text",
  },
  "spoilers it cannot bear": {
    make: lacking("too much", (spoiler) => spoiler?.remark !== undefined),
    check: "it works with spoilers and without, or says what it lacks",
    says: "with spoilers it failed: TypeError: too much",
  },
  "a signal it looks at too late": {
    make: stopping(async (batch) => {
      await pause(never, 20);
      return batch.map(() => "");
    }),
    check: "a signal that is aborted already rejects",
    says: "it answered although the signal was aborted before; look at it first",
  },
  "an error of its own for an abort": {
    make: stopping(async (batch, { signal }) => {
      if (signal.aborted) throw new Error("interrupted");
      await pause(signal);
      return batch.map(() => "");
    }),
    check: "a signal that is aborted already rejects",
    says: "it rejected with Error: interrupted; expected the signal's own reason",
  },
  "an abort thrown at once": {
    make: stopping((batch, { signal }) => {
      signal.throwIfAborted();
      return pause(signal).then(() => batch.map(() => ""));
    }),
    check: "a signal that is aborted already rejects",
    says: "at once; it must reject its promise (make it async)",
  },
  "a signal it looks at but once": {
    make: stopping(async (batch, { signal }) => {
      signal.throwIfAborted();
      await pause(never, 5);
      return batch.map(() => "");
    }),
    check: "a signal that is aborted meanwhile rejects promptly",
    says: "it answered although the signal was aborted before",
  },
  "work that goes on after an abort": {
    make: stopping(async (batch, { signal }) => {
      signal.throwIfAborted();
      await pause(never, 5);
      if (signal.aborted) await pause(never, 400);
      return batch.map(() => "");
    }),
    check: "a signal that is aborted meanwhile rejects promptly",
    says: "it still went on 200 ms after the signal was aborted",
  },
  "a second dispose that fails": {
    make: () => {
      let done = false;
      return Object.assign(new Echo(), {
        dispose: () => {
          if (done) throw new Error("no session");
          done = true;
          return Promise.resolve();
        },
      });
    },
    check: "dispose may be called twice, and a new agent works after it",
    says: "dispose() threw Error: no session when it was called again",
  },
  "a dispose that takes others along": {
    make: () => {
      let calls = 0;
      return Object.assign(new Echo(), {
        reflect: (...given: Parameters<Echo["reflect"]>) =>
          poolIsClosed
            ? Promise.reject(new Error("the pool is closed"))
            : Echo.prototype.reflect.apply(new Echo(), given),
        dispose: () => {
          poolIsClosed = ++calls > 1;
          return Promise.resolve();
        },
      });
    },
    check: "dispose may be called twice, and a new agent works after it",
    says: "a new agent failed after another was disposed of: Error: the pool is closed",
  },
};
