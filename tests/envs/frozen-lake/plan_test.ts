/** The teacher against Gymnasium's own tables: nobody can do better. */
import { assert, assertAlmostEquals, assertEquals } from "../../../std/assert.ts";
import { type MapName, namedLake, readLake } from "../../../envs/frozen-lake/maps.ts";
import { makePlan } from "../../../envs/frozen-lake/plan.ts";
import fixture from "../../fixtures/frozen_lake_transitions.json" with { type: "json" };

type Outcomes = (number | boolean)[][];

/** Probability of success by steps left and state, where `choose` picks from the actions' probabilities. */
function evaluate(
  transitions: Outcomes[][],
  horizon: number,
  choose: (chances: number[], state: number, left: number) => number,
): number[][] {
  const values = [transitions.map(() => 0)];
  for (let left = 1; left <= horizon; left++) {
    values.push(transitions.map((actions, state) => {
      const chances = actions.map((outcomes) =>
        outcomes.reduce((sum, [probability, next, reward, end]) => {
          const after = end ? Number(reward) : values[left - 1]![Number(next)]!;
          return sum + Number(probability) * after;
        }, 0)
      );
      return choose(chances, state, left);
    }));
  }
  return values;
}

for (const { map, slippery, transitions } of fixture.tables) {
  Deno.test(`${map}${slippery ? ", slippery" : ""}: no player succeeds more often than the teacher`, () => {
    const lake = namedLake(map as MapName);
    const horizon = 100;
    const plan = makePlan(lake, slippery, horizon);
    const best = evaluate(transitions, horizon, (chances) => Math.max(...chances));
    const taught = evaluate(transitions, horizon, (chances, state, left) => {
      const action = plan.best(state, left);
      return action === undefined ? 0 : chances[action]!;
    });
    for (const left of [1, 3, 6, 14, 40, 99, 100]) {
      transitions.forEach((_, state) => {
        assertAlmostEquals(taught[left]![state]!, best[left]![state]!, 1e-7);
        if (plan.best(state, left) !== undefined) {
          assertAlmostEquals(plan.success(state, left), best[left]![state]!, 1e-7);
        }
      });
    }
  });
}

Deno.test("with ever more steps the 4x4 lake is crossed in 14 of 17 tries, the 8x8 lake always", () => {
  assertAlmostEquals(makePlan(namedLake("4x4"), true, 1000).success(0, 1000), 14 / 17, 1e-6);
  assert(makePlan(namedLake("8x8"), true, 1000).success(0, 1000) > 0.999);
});

Deno.test("a mistake is what lowers the chances, or makes a way no shorter", () => {
  const firm = makePlan(namedLake("4x4"), false, 20);
  // At the start down and right are equally short; the edges are no progress.
  assertEquals([0, 1, 2, 3].map((action) => firm.mistaken(0, action, 20)), [
    true,
    false,
    false,
    true,
  ]);
  const slippery = makePlan(readLake(["SFH", "FFG"]), true, 20);
  assertEquals(slippery.best(1, 20), 0);
  assertEquals(slippery.mistaken(1, 1, 20), true);
});

Deno.test("with too few steps left the teacher still goes for the goal; behind holes it has nothing to say", () => {
  const plan = makePlan(readLake(["SFFFG"]), true, 2);
  // Down, right and up all go right once in three.
  assertEquals([0, 1, 2, 3].map((action) => plan.mistaken(0, action, 1)), [
    true,
    false,
    false,
    false,
  ]);
  assertEquals(plan.best(0, 1), 1);
  const walled = readLake(["SGH", "FHF"]);
  assertEquals(makePlan(walled, true, 5).best(5, 5), undefined);
  assertEquals(makePlan(walled, false, 5).best(5, 5), undefined);
  assertEquals(makePlan(walled, true, 5).mistaken(5, 0, 5), false);
});
