/**
 * Trainings that are stopped after any step and go on in objects of their own end with the same bytes as
 * one that was never stopped.
 */
import { join } from "node:path";
import { z } from "zod";
import type { ReflectionAgent } from "../../agents/agent.ts";
import { Policy } from "../../agents/policy.ts";
import { AdamW, NonFiniteError } from "../../kernels/kernels.ts";
import { Gpt2 } from "../../models/gpt2.ts";
import { TrainingCheckpoints } from "../../training/checkpoints.ts";
import {
  fineTuneCompletions,
  fineTuneLabels,
  type FineTuneOptions,
  type FineTuneReport,
} from "../../training/fine_tune.ts";
import {
  type IterationReport,
  type PolicyGradientOptions,
  trainPolicyGradient,
} from "../../training/policy_gradient.ts";
import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "../../std/assert.ts";
import { assertSameBits } from "../kernels/close.ts";
import { useGpu } from "../kernels/gpu.ts";
import { Killed, Store } from "./checkpoint_store.ts";
import { Bandit, doors, tinyConfig, tokenizer } from "./tiny.ts";

const gpu = useGpu();
const { signal } = new AbortController();

function model(seed: number, half: boolean, change = {}): Gpt2 {
  const config = { ...tinyConfig, initializer_range: 0.2, ...change };
  return Gpt2.initialize(gpu().device, config, { seed, trainable: true, half });
}

async function weightsOf({ parameters }: Gpt2): Promise<Float32Array<ArrayBuffer>> {
  const values = await parameters.read();
  return Float32Array.from([...values.values()].flatMap((each) => [...each]));
}

const TEXTS: [string, string][] = [
  ["Two doors. # Analyze:", " Take the left."],
  ["Once. Two doors. # Analyze:", " Take the right. Take the right."],
  ["Once. # Analyze:", " Two doors."],
  ["Once. Once. # Analyze:", " Take the left. Two doors."],
];

const completions = TEXTS.map(([prompt, completion]) => ({
  prompt: tokenizer.encode(prompt),
  completion: [...tokenizer.encode(completion), tokenizer.endOfText],
}));

/** 12 steps on a fresh model of that seed, to the end or as far as it goes. */
async function tune(
  sort: "completions" | "labels",
  half: boolean,
  seed: number,
  change: Partial<FineTuneOptions> = {},
) {
  const own = model(seed, half);
  const reports: FineTuneReport[] = [];
  const options: FineTuneOptions = {
    ...{ steps: 12, batchSize: 3, learningRate: 0.01, finalLearningRate: 0.1, clip: 1 },
    ...{ seed: 1, signal, ...change },
    onProgress: (report) => {
      reports.push(report);
      change.onProgress?.(report);
    },
  };
  let error: unknown;
  try {
    if (sort === "completions") await fineTuneCompletions(own, completions, options);
    else {
      const policy = new Policy(own, tokenizer);
      const examples = [0, 1, 2, 3, 4, 5, 6].map((i) => {
        const { tokens, choices } = policy.input(doors("Once. ".repeat(i % 2)), "Take. ".repeat(i));
        return { prompt: tokens, choices, target: i % 2 };
      });
      await fineTuneLabels(policy, examples, options);
    }
  } catch (thrown) {
    error = thrown;
  }
  const weights = await weightsOf(own);
  own.release();
  return { weights, reports, error };
}

const KILLS = [
  ["completions", false, [2, 7]],
  ["labels", false, [1, 5, 12]],
  ["labels", true, [4, 11]],
] as const;

for (const [sort, half, kills] of KILLS) {
  const name = `fine-tuning on ${sort}${half ? " in f16" : ""}`;

  Deno.test(`${name}: killed after any step, it goes on to the same bytes and reports`, async () => {
    const whole = await tune(sort, half, 1);
    for (const killAt of kills) {
      using store = new Store();
      store.killAt = killAt;
      const first = await tune(sort, half, 1, { checkpoints: store.options(1) });
      assert(first.error instanceof Killed);
      store.killAt = undefined;
      // Another seed's weights: whatever is not put back is seen.
      const second = await tune(sort, half, 2, { checkpoints: store.options(5) });
      assertEquals(second.error, undefined);
      assertSameBits(second.weights, whole.weights, `killed at ${killAt}`);
      assertEquals([...first.reports, ...second.reports], whole.reports);
      assertEquals(store.logged, [`goes on from the checkpoint of step ${killAt}`]);
    }
  });
}

Deno.test("fine-tuning: stopped by its signal it is saved, and goes on from there", async () => {
  const whole = await tune("labels", false, 1);
  using store = new Store();
  const controller = new AbortController();
  const first = await tune("labels", false, 1, {
    checkpoints: store.options(100),
    signal: controller.signal,
    onProgress: () => controller.abort(new Error("Ctrl-C")),
  });
  assertEquals((first.error as Error).message, "Ctrl-C");
  assertEquals(store.saved, [5]);
  const second = await tune("labels", false, 2, { checkpoints: store.options(100) });
  assertSameBits(second.weights, whole.weights, "stopped");
});

/** Comments by how many batches it has seen. */
class Counter implements ReflectionAgent {
  seen = 0;
  reflect(batch: readonly unknown[]): Promise<string[]> {
    this.seen++;
    return Promise.resolve(batch.map(() => this.seen % 2 === 0 ? "Take the left." : ""));
  }
  state() {
    return { seen: this.seen };
  }
  restore(state: unknown) {
    this.seen = z.object({ seen: z.int() }).parse(state).seen;
  }
}

/** 6 iterations of a fresh policy, whose task changes after the third. */
async function act(half: boolean, seed: number, change: Partial<PolicyGradientOptions> = {}) {
  const own = model(seed, half);
  const reports: IterationReport[] = [];
  let error: unknown;
  try {
    await trainPolicyGradient({
      ...{ iterations: 6, episodes: 8, learningRate: 1e-4, weightDecay: 0.01, clip: 1 },
      ...{ entropy: 0.01, group: 1, normalize: true, replay: 20, microBatch: 5 },
      policy: new Policy(own, tokenizer),
      reflection: new Counter(),
      environments: Array.from({ length: 8 }, () => new Bandit({ left: 0, right: 1 / 3 })),
      curriculum: [{ task: "near", until: 0.5 }, { task: "far" }],
      split: "all",
      seed: 1,
      signal,
      ...change,
      onIteration: (report) => {
        reports.push(report);
        change.onIteration?.(report);
      },
    });
  } catch (thrown) {
    error = thrown;
  }
  const weights = await weightsOf(own);
  own.release();
  return { weights, reports, error };
}

for (const half of [false, true]) {
  const name = `policy gradient${half ? " in f16" : ""}`;

  Deno.test(`${name}: killed after any iteration, it goes on to the same bytes and reports`, async () => {
    const whole = await act(half, 1);
    const replayed = whole.reports.map(({ decisions }) => decisions > 8);
    assert(replayed[1] && !replayed[3] && replayed[4], `not telling: ${replayed}`);
    for (const killAt of half ? [4] : [1, 3, 4]) {
      using store = new Store();
      store.killAt = killAt;
      const first = await act(half, 1, { checkpoints: store.options(1) });
      assert(first.error instanceof Killed);
      store.killAt = undefined;
      const second = await act(half, 2, { checkpoints: store.options(2) });
      assertEquals(second.error, undefined);
      assertEquals([...first.reports, ...second.reports], whole.reports, `killed at ${killAt}`);
      assertSameBits(second.weights, whole.weights, `killed at ${killAt}`);
    }
  });
}

Deno.test("policy gradient: stopped by its signal it is saved, and goes on from there", async () => {
  const whole = await act(false, 1);
  using store = new Store();
  const controller = new AbortController();
  const first = await act(false, 1, {
    checkpoints: store.options(),
    signal: controller.signal,
    onIteration: ({ iteration }) => iteration === 2 && controller.abort(new Error("Ctrl-C")),
  });
  assertEquals((first.error as Error).message, "Ctrl-C");
  assertEquals(store.saved, [2]);
  const second = await act(false, 2, { checkpoints: store.options() });
  assertSameBits(second.weights, whole.weights, "stopped");
});

const SHORT = { steps: 5 };

/** Tunes 5 steps to a kill at the fourth, changes what is there, and goes on. Gives what was logged. */
async function goOnWith(
  whole: Awaited<ReturnType<typeof tune>>,
  change: Partial<FineTuneOptions>,
  spoil: (folder: string) => Promise<void> = () => Promise.resolve(),
): Promise<string> {
  using store = new Store();
  store.killAt = 4;
  await tune("labels", false, 1, { ...SHORT, checkpoints: store.options(4) });
  await spoil(store.newest);
  store.killAt = undefined;
  const second = await tune("labels", false, 1, { ...change, checkpoints: store.options(5) });
  assertEquals(second.error, undefined);
  assertSameBits(second.weights, whole.weights, "started again");
  assertEquals(second.reports, whole.reports);
  assertEquals(store.saved, [5], "the old checkpoints are still there");
  return store.logged.join();
}

Deno.test("a checkpoint of another training is refused with the difference, and training begins again", async () => {
  const begins = "training starts from the beginning: the checkpoint is ";
  const change = { ...SHORT, seed: 2, beta2: 0.99 };
  assertEquals(
    await goOnWith(await tune("labels", false, 1, change), change),
    `${begins}of another training (seed is 1 there and 2 here; beta2 is nothing there and 0.99 here)`,
  );
});

Deno.test("a checkpoint that is malformed is refused, and training begins again", async () => {
  const rewrite = (change: (file: Record<string, unknown>) => void) => async (folder: string) => {
    const path = join(folder, "training.json");
    const file = JSON.parse(await Deno.readTextFile(path));
    change(file);
    await Deno.writeTextFile(path, JSON.stringify(file));
  };
  const cases: [string, (folder: string) => Promise<void>][] = [
    ["NotFound", (folder) => Deno.remove(join(folder, "training.json"))],
    ["NotFound", (folder) => Deno.remove(join(folder, "tensors.safetensors"))],
    ["SyntaxError", (folder) => Deno.truncate(join(folder, "training.json"), 20)],
    ["not a valid safetensors", (folder) => Deno.truncate(join(folder, "tensors.safetensors"), 99)],
    ["format", rewrite((file) => file["format"] = 2)],
    ["state", rewrite((file) => file["state"] = { step: "four", tokens: 0 })],
  ];
  const whole = await tune("labels", false, 1, SHORT);
  for (const [says, spoil] of cases) {
    const logged = await goOnWith(whole, SHORT, spoil);
    assertStringIncludes(logged, "from the beginning: the checkpoint is malformed (");
    assertStringIncludes(logged, says);
  }
});

/** Checkpoints of a training of nothing. */
function checkpointsOf(own: Gpt2, store: Store, every?: number) {
  const optimizer = new AdamW(gpu().device, own.parameters);
  const restored: unknown[] = [];
  const checkpoints = new TrainingCheckpoints({
    options: store.options(every),
    identity: {},
    optimizer,
    state: z.object({ word: z.string() }),
    restore: (state) => {
      if (state.word === "no") throw new Error("not this one");
      restored.push(state);
    },
    signal,
  });
  return { checkpoints, optimizer, restored };
}

Deno.test("a checkpoint of a model of another shape, or that its owner rejects, changes nothing", async () => {
  using store = new Store();
  const before = checkpointsOf(model(1, false), store, 1);
  before.optimizer.step();
  await before.checkpoints.offer(1, () => ({ word: "no" }));
  const larger = model(2, false, { n_positions: 50 });
  const weights = await weightsOf(larger);
  const after = checkpointsOf(larger, store, 1);
  await after.checkpoints.resume();
  assertStringIncludes(
    store.logged[0]!,
    'is of a model of another shape (values/transformer.wpe.weight is "[48,16]" there and "[50,16]" here',
  );
  assertEquals(store.saved, []);
  assertSameBits(await weightsOf(larger), weights, "weights");
  await before.checkpoints.offer(1, () => ({ word: "no" }));
  const same = checkpointsOf(model(2, false), store, 1);
  await same.checkpoints.resume();
  assertStringIncludes(store.logged[1]!, "malformed (Error: not this one)");
  assertEquals([same.restored, same.optimizer.steps, store.saved], [[], 0, []]);
});

Deno.test("without a number of steps, checkpoints come by the clock and cost a twentieth at most", async () => {
  using store = new Store();
  const { now } = performance;
  let seconds = 0;
  let cost = 0;
  performance.now = () => seconds * 1000;
  const { save } = store;
  store.save = async (...call) => {
    seconds += cost;
    await save.apply(store, call);
  };
  try {
    const own = model(1, false);
    const { checkpoints, optimizer } = checkpointsOf(own, store);
    optimizer.step();
    const offer = async (at: number) => {
      seconds = at;
      await checkpoints.offer(at, () => ({ word: "yes" }));
    };
    for (const at of [10, 29, 30, 59]) await offer(at);
    assertEquals(store.saved, [30]);
    cost = 4;
    for (const at of [60, 64, 94, 143]) await offer(at);
    assertEquals(store.saved, [30, 60]);
    await offer(144);
    assertEquals(store.saved, [30, 60, 144]);
  } finally {
    performance.now = now;
  }
});

Deno.test("a training that has met a gradient that is no number is not saved", async () => {
  using store = new Store();
  const blown = await tune("labels", false, 1, {
    learningRate: 1e30,
    clip: 0,
    checkpoints: store.options(1),
  });
  assert(blown.error instanceof NonFiniteError);
  assertStringIncludes(blown.error.message, "at step 2");
  assertEquals(store.saved, [1]);
  assertNotEquals(blown.reports.length, 3);
  await assertRejects(() => Deno.stat(join(store.newest, "..", "2")), Deno.errors.NotFound);
});
