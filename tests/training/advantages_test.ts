import { baselinesOf, returnsToGo, weigh, weighGroups } from "../../training/advantages.ts";
import type { RolloutStep } from "../../training/rollout.ts";
import { assertAlmostEquals, assertEquals } from "../../std/assert.ts";

function episode(...rewards: number[]): { steps: RolloutStep[] } {
  const observation = { history: "", state: "", actions: [{ label: "0", text: "go" }] };
  const input = { tokens: [1], choices: 1 };
  return {
    steps: rewards.map((reward) => {
      return { observation, reflection: "", input, label: "0", target: 0, reward };
    }),
  };
}

function advantages(...given: Parameters<typeof weigh>): number[] {
  return weigh(...given).map(({ advantage }) => advantage);
}

Deno.test("returns-to-go: what is still to come, undiscounted, the step's own reward included", () => {
  const steps = [-1, 2, 4].map((reward) => ({ reward }));
  assertEquals(returnsToGo(steps), [5, 6, 4]);
  assertEquals(steps.map(({ reward }) => reward), [-1, 2, 4]);
  assertEquals(returnsToGo([]), []);
});

Deno.test("baseline: mean and deviation over all decisions, not over episodes", () => {
  const baseline = baselinesOf([episode(1, 1), episode(6)], true).get(undefined);
  assertEquals(baseline?.mean, 3); // of 2, 1 and 6
  assertAlmostEquals(baseline?.deviation ?? 0, Math.sqrt((1 + 4 + 9) / 3));
});

Deno.test("advantages: standardised ones have mean 0 and deviation 1", () => {
  const episodes = [episode(1, 1), episode(6), episode(-3, 0, 2)];
  const values = advantages(episodes, baselinesOf(episodes, true));
  assertEquals(values.length, 6);
  assertAlmostEquals(values.reduce((sum, value) => sum + value), 0, 1e-12);
  assertAlmostEquals(values.reduce((sum, value) => sum + value ** 2, 0) / 6, 1, 1e-12);
});

Deno.test("advantages: returns themselves where they are not standardised", () => {
  const episodes = [episode(1, 1), episode(6)];
  assertEquals(advantages(episodes, baselinesOf(episodes, false)), [2, 1, 6]);
});

Deno.test("advantages: returns that are all alike give none, whatever their rounding", () => {
  const episodes = [episode(0.1 + 0.2), episode(0.3), episode(0.3)];
  for (const value of advantages(episodes, baselinesOf(episodes, true))) {
    assertAlmostEquals(value, 0, 1e-9);
  }
});

Deno.test("advantages: another batch's baseline tells what beat it", () => {
  const baseline = baselinesOf([episode(1), episode(3)], true);
  assertEquals(advantages([episode(4), episode(2), episode(1)], baseline), [2, 0, -1]);
});

Deno.test("advantages: a decision is compared with those of its own task", () => {
  const near = [episode(1), episode(3)].map((one) => ({ ...one, task: "near" }));
  const far = [episode(-9), episode(-5)].map((one) => ({ ...one, task: "far" }));
  const baselines = baselinesOf([near[0]!, far[0]!, near[1]!, far[1]!], true);
  assertEquals(advantages([...near, ...far], baselines), [-1, 1, -1, 1]);
  assertEquals(advantages([{ ...episode(4), task: "other" }], baselines), []);
});

Deno.test("advantages: of a group, against the others at the same step; who is done has 0 to come", () => {
  const group = [episode(-1, -1, 4), episode(-1, -2), episode(-1, 1)];
  const baselines = new Map([[undefined, { mean: 100, deviation: 2 }]]);
  const mean = [(2 - 3 + 0) / 3, (3 - 2 + 1) / 3, 4 / 3] as const;
  const expected = [2 - mean[0], 3 - mean[1], 4 - mean[2]];
  expected.push(-3 - mean[0], -2 - mean[1], 0 - mean[0], 1 - mean[1]);
  const found = weighGroups(group, baselines, 3).map(({ advantage }) => advantage);
  assertEquals(found.length, expected.length);
  found.forEach((value, i) => assertAlmostEquals(value, expected[i]! / 2, 1e-12));
});

Deno.test("advantages: a start that always ends alike gives none, however unlike others", () => {
  const episodes = [episode(-1, 5), episode(-1, 5), episode(-9), episode(-9)];
  const weighed = weighGroups(episodes, baselinesOf(episodes, true), 2);
  assertEquals(weighed.map(({ advantage }) => advantage), Array(6).fill(0));
});
