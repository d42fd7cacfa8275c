import { none } from "../../agents/none.ts";
import type { Policy } from "../../agents/policy.ts";
import { NonFiniteError } from "../../kernels/kernels.ts";
import { policyGradient } from "../../training/algorithms.ts";
import type { CurriculumPart } from "../../training/curriculum.ts";
import {
  type IterationReport,
  type PolicyGradientOptions,
  trainPolicyGradient,
} from "../../training/policy_gradient.ts";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertNotEquals,
  assertRejects,
} from "../../std/assert.ts";
import { useGpu } from "../kernels/gpu.ts";
import { Bandit, doors, tinyPolicy, weightsOf } from "./tiny.ts";

const gpu = useGpu();
const EPISODES = 12;

const settings = {
  iterations: 3,
  episodes: EPISODES,
  group: 1,
  learningRate: 0.003,
  weightDecay: 0,
  clip: 1,
  entropy: 0,
  normalize: true,
  replay: 50,
  microBatch: 128,
};

/** Trains a fresh policy on two doors, of which the right one counts as success. */
async function trained(
  change: Partial<PolicyGradientOptions> = {},
  rewards = { left: 0, right: 1 },
) {
  const policy = tinyPolicy(gpu().device);
  const environments = Array.from({ length: EPISODES }, () => new Bandit(rewards));
  const reports: IterationReport[] = [];
  await trainPolicyGradient({
    ...settings,
    policy,
    reflection: await none.make({}),
    environments,
    curriculum: [],
    split: "all",
    seed: 1,
    signal: new AbortController().signal,
    ...change,
    onIteration: (report) => {
      reports.push(report);
      change.onIteration?.(report);
    },
  });
  return { policy, reports, tasks: environments.map(({ tasks }) => tasks) };
}

/** How often the policy takes the right door. */
async function shareOfRight(policy: Policy): Promise<number> {
  const inputs = Array(400).fill(policy.input(doors(), ""));
  const labels = await policy.choose(inputs, { seeds: inputs.map((_, i) => i) });
  return labels.filter((label) => label === "1").length / 400;
}

function decisions(reports: readonly IterationReport[]): number[] {
  return reports.map(({ decisions }) => decisions);
}

Deno.test("policy gradient: learns to prefer what is rewarded, whichever it is", async () => {
  const before = await shareOfRight(tinyPolicy(gpu().device));
  assert(before > 0.05 && before < 0.95, `not telling: ${before}`);
  const right = await trained({ iterations: 12 });
  assertGreater(await shareOfRight(right.policy), 0.95);
  const left = await trained({ iterations: 12 }, { left: 1, right: 0 });
  assertGreater(1 - await shareOfRight(left.policy), 0.95);
});

Deno.test("policy gradient: learns from returns themselves, without standardising them", async () => {
  const { policy } = await trained({ iterations: 12, normalize: false });
  assertGreater(await shareOfRight(policy), 0.95);
});

Deno.test("policy gradient: reports what the fresh episodes gave", async () => {
  const { reports } = await trained({}, { left: -2, right: 3 });
  assertEquals(reports.map(({ iteration }) => iteration), [1, 2, 3]);
  for (const { successRate, meanReturn, meanSteps, entropy, gradientNorm, part } of reports) {
    assertAlmostEquals(meanReturn, 5 * successRate - 2, 1e-12);
    assertAlmostEquals(successRate * EPISODES, Math.round(successRate * EPISODES), 1e-9);
    assert(entropy > 0 && entropy <= Math.log(2) + 1e-6, `entropy ${entropy}`);
    assert(gradientNorm > 0);
    assertEquals([meanSteps, part], [1, undefined]);
  }
});

Deno.test("policy gradient: the same seed gives the same weights, bit for bit", async () => {
  const first = await trained({ seed: 5 });
  const again = await trained({ seed: 5 });
  assertEquals(again.reports, first.reports);
  assertEquals(await weightsOf(again.policy.model), await weightsOf(first.policy.model));
  const other = await trained({ seed: 6 });
  assertNotEquals(await weightsOf(other.policy.model), await weightsOf(first.policy.model));
});

Deno.test("policy gradient: micro-batches accumulate to the same step", async () => {
  const [whole] = (await trained({ iterations: 1 })).reports;
  const [parts] = (await trained({ iterations: 1, microBatch: 5 })).reports;
  assertAlmostEquals(parts!.gradientNorm, whole!.gradientNorm, 1e-5 * whole!.gradientNorm);
  assertAlmostEquals(parts!.entropy, whole!.entropy, 1e-5);
  assertEquals(parts!.decisions, whole!.decisions);
});

Deno.test("policy gradient: an entropy bonus keeps choices open", async () => {
  const rewards = { left: 0, right: 1 };
  const plain = await trained({ iterations: 12 }, rewards);
  const open = await trained({ iterations: 12, entropy: 2 }, rewards);
  assertGreater(open.reports.at(-1)!.entropy, plain.reports.at(-1)!.entropy + 0.1);
});

Deno.test("policy gradient: successes are replayed once each, after the iteration they came from", async () => {
  const { reports } = await trained({ iterations: 2 });
  const successes = reports[0]!.successRate * EPISODES;
  assert(successes > 0 && reports[1]!.successRate < 1, "not telling");
  assertEquals(decisions(reports), [EPISODES, EPISODES + successes]);
  const none = await trained({ iterations: 2, replay: 0 });
  assertEquals(decisions(none.reports), [EPISODES, EPISODES]);
  const two = await trained({ iterations: 2, replay: 2 });
  assertEquals(decisions(two.reports), [EPISODES, EPISODES + 2]);
});

Deno.test("policy gradient: a replayed success that is worse than today's average teaches nothing", async () => {
  const training = async (replay: number) => {
    const rewards = { left: -1, right: 0 };
    return await trained({
      iterations: 2,
      replay,
      onIteration: () => Object.assign(rewards, { left: 1, right: 2 }),
    }, rewards);
  };
  const [replaying, forgetful] = [await training(50), await training(0)];
  assertGreater(replaying.reports[0]!.successRate, 0);
  assertEquals(replaying.reports, forgetful.reports);
  assertEquals(await weightsOf(replaying.policy.model), await weightsOf(forgetful.policy.model));
});

Deno.test("policy gradient: a curriculum gives the tasks, and its switch empties the replay buffer", async () => {
  const curriculum: CurriculumPart[] = [{ task: "near", until: 0.5 }, { task: "far" }];
  const { reports, tasks } = await trained({ iterations: 4, learningRate: 1e-5, curriculum });
  assertEquals(reports.map(({ part }) => part?.task), ["near", "near", "far", "far"]);
  for (const given of tasks) assertEquals(given, ["near", "near", "far", "far"]);
  assert(reports.every(({ successRate }) => successRate > 0 && successRate < 1), "not telling");
  assertEquals(decisions(reports).map((count) => count > EPISODES), [false, true, false, true]);
});

Deno.test("policy gradient: the episodes of an iteration play the tasks of a part in turn", async () => {
  const { tasks } = await trained({ iterations: 2, curriculum: [{ task: ["near", "far"] }] });
  assertEquals(tasks.map((given) => given.join()).slice(0, 3), [
    "near,near",
    "far,far",
    "near,near",
  ]);
});

/** Pays the same for either door, and how much by how the episode was started. */
class Fate extends Bandit {
  constructor(
    private readonly payOf: (start: { seed: number; task?: string }) => number,
    private readonly pay: { left: number; right: number } = { left: 0, right: 0 },
  ) {
    super(pay);
  }

  override reset(start: { seed: number; task?: string }) {
    this.pay.left = this.pay.right = this.payOf(start);
    return super.reset(start);
  }
}

/** Weights after training on such pay, which no choice changes. */
async function weightsFrom(
  payOf: (start: { seed: number; task?: string }) => number,
  change: Partial<PolicyGradientOptions>,
) {
  const environments = Array.from({ length: EPISODES }, () => new Fate(payOf));
  const { policy } = await trained({ environments, replay: 0, ...change });
  return await weightsOf(policy.model);
}

Deno.test("policy gradient: that one task pays more than another teaches nothing", async () => {
  const byTask = ({ task }: { task?: string }) => task === "near" ? 1 : 5;
  const weights = await weightsFrom(byTask, { curriculum: [{ task: ["near", "far"] }] });
  assertEquals(weights, await weightsOf(tinyPolicy(gpu().device).model));
});

Deno.test("policy gradient: that one start pays more than another teaches a group nothing", async () => {
  const bySeed = ({ seed }: { seed: number }) => seed % 7;
  const untrained = await weightsOf(tinyPolicy(gpu().device).model);
  assertNotEquals(await weightsFrom(bySeed, { group: 1 }), untrained);
  assertEquals(await weightsFrom(bySeed, { group: 4 }), untrained);
});

Deno.test("policy gradient: episodes of one start are compared with one another", async () => {
  const { policy } = await trained({ iterations: 12, group: 4 });
  assertGreater(await shareOfRight(policy), 0.95);
  const curriculum: CurriculumPart[] = [{ task: ["near", "far"] }];
  const { tasks } = await trained({ iterations: 1, group: 4, curriculum });
  assertEquals(tasks.map(([task]) => task), [
    ...Array(4).fill("near"),
    ...Array(4).fill("far"),
    ...Array(4).fill("near"),
  ]);
});

Deno.test("policy gradient: a group that does not divide the episodes is refused, saying what would", () => {
  const problems = (value: unknown) =>
    (policyGradient.with.safeParse(value).error?.issues ?? []).map(({ path, message }) => [
      path.join("."),
      message,
    ]);
  assertEquals(problems({ episodes: 12, group: 4 }), []);
  assertEquals(problems({ episodes: 10, group: 4 }), [
    ["group", "expected a divisor of episodes, 10, got 4"],
  ]);
});

Deno.test("policy gradient: an abort stops the training between two iterations", async () => {
  const controller = new AbortController();
  let iterations = 0;
  const onIteration = () => {
    if (++iterations === 2) controller.abort(new Error("enough"));
  };
  await assertRejects(
    () => trained({ iterations: 9, signal: controller.signal, onIteration }),
    Error,
    "enough",
  );
  assertEquals(iterations, 2);
});

Deno.test("policy gradient: a training that blows up ends at its next choice, saying what to do", async () => {
  await assertRejects(
    () => trained({ iterations: 6, learningRate: 1e30, clip: 0 }),
    NonFiniteError,
    "training has diverged; lower the learning rate",
  );
});
