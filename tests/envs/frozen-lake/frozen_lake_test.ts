import { assert, assertEquals, assertThrows } from "../../../std/assert.ts";
import { frozenLake, FrozenLakeEnvironment } from "../../../envs/frozen-lake/frozen_lake.ts";
import { isTestLake } from "../../../envs/frozen-lake/splits.ts";
import { namedLake, readLake } from "../../../envs/frozen-lake/maps.ts";
import { makePlan } from "../../../envs/frozen-lake/plan.ts";
import fixture from "../../fixtures/frozen_lake_transitions.json" with { type: "json" };

function make(options: Record<string, unknown> = {}): FrozenLakeEnvironment {
  return new FrozenLakeEnvironment(frozenLake.with.parse(options));
}

for (const { map, slippery, transitions } of fixture.tables) {
  Deno.test(`${map}${slippery ? ", slippery" : ""}: steps do what Gymnasium's table says, and all of it`, () => {
    const env = make({ map, slippery });
    transitions.forEach((actions, state) =>
      actions.forEach((outcomes, action) => {
        if (outcomes.length === 1 && outcomes[0]?.[1] === state && outcomes[0][3]) return;
        const expected = new Set(
          outcomes.map(([, next, reward, end]) =>
            JSON.stringify([next, reward, end, reward === 1])
          ),
        );
        const seen = new Set<string>();
        for (let seed = 0; seed < (slippery ? 40 : 1); seed++) {
          env.reset({ seed, state });
          const { info, reward, terminated, truncated } = env.step(String(action));
          assertEquals(truncated, false);
          seen.add(JSON.stringify([info.state, reward, terminated, info.success]));
        }
        assertEquals(seen, expected, `state ${state}, action ${action}`);
      })
    );
  });
}

Deno.test("the ice slips to each side as often as not at all", () => {
  const env = make();
  const counts = new Map<unknown, number>();
  for (let seed = 0; seed < 3000; seed++) {
    env.reset({ seed, state: 9 });
    const { info } = env.step("1");
    counts.set(info.state, (counts.get(info.state) ?? 0) + 1);
  }
  assertEquals([...counts.keys()].sort(), [10, 13, 8]);
  // 1000 expected of each, standard deviation 26.
  for (const count of counts.values()) assert(count > 870 && count < 1130, `${count}`);
});

Deno.test("the horizon is Gymnasium's, or the one given; an end of the task's own wins over it", () => {
  for (const { map, slippery, horizon } of fixture.tables) {
    if (slippery) continue;
    const env = make({ map, slippery: false });
    env.reset({ seed: 0 });
    const ends = Array.from({ length: horizon }, () => env.step("0").truncated);
    assertEquals(ends.indexOf(true), horizon - 1);
  }
  const env = make({ slippery: false, horizon: 1 });
  const first = (state: number, label: string) => {
    env.reset({ seed: 0, state });
    const { terminated, truncated, info } = env.step(label);
    return [terminated, truncated, info.success];
  };
  assertEquals(first(14, "2"), [true, false, true]);
  assertEquals(first(4, "2"), [true, false, false]);
  assertEquals(first(4, "1"), [false, true, false]);
});

Deno.test("the teacher succeeds as often as it can be done", () => {
  const env = make();
  const episodes = 2000;
  let successes = 0;
  for (let seed = 0; seed < episodes; seed++) {
    env.reset({ seed });
    for (let label = env.expert(); label !== undefined; label = env.expert()) {
      if (env.step(label).info.success) successes++;
    }
  }
  const expected = makePlan(namedLake("4x4"), true, 100).success(0, 100);
  const deviation = Math.sqrt(expected * (1 - expected) / episodes);
  assert(Math.abs(successes / episodes - expected) < 4 * deviation, `${successes}`);
});

Deno.test("the teacher takes a shortest way where the ice does not slip", () => {
  const env = make({ map: "8x8", slippery: false });
  env.reset({ seed: 0 });
  let steps = 0;
  for (let label = env.expert(); label !== undefined; label = env.expert(), steps++) {
    env.step(label);
  }
  assertEquals(steps, 14);
});

Deno.test("every episode has a random map of its split, and its state carries it", () => {
  const env = make({ map: "random", size: 6 });
  const maps = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    for (const split of ["train", "test"] as const) {
      const { info } = env.reset({ seed, split });
      const { map, cell } = info.state as { map: string[]; cell: number };
      assertEquals([isTestLake(readLake(map)), cell], [split === "test", 0]);
      maps.add(map.join("\n"));
    }
  }
  assert(maps.size > 30, `${maps.size} maps`);
  const state = { map: ["SFF", "FHF", "FFG"], cell: 5 };
  const { info, observation } = env.reset({ seed: 3, state });
  assertEquals(info.state, state);
  // Going right slides down, stays or slides up; going down might slide into the hole.
  assertEquals(env.expert(), "2");
  assert(observation.state.startsWith("Player row 1 column 2. Goal row 2 column 2."));
});

Deno.test("the plan of a fixed map follows no other, and a random map's none before it", () => {
  const env = make({ map: "random", size: 4, slippery: false });
  const fresh = () => make({ map: "random", size: 4, slippery: false });
  for (let seed = 0; seed < 20; seed++) {
    const other = fresh();
    env.reset({ seed });
    other.reset({ seed });
    assertEquals(env.expert(), other.expert());
  }
});

Deno.test("what cannot be played is refused with the reason", () => {
  const env = make();
  assertThrows(() => env.step("0"), Error, "no episode has been started");
  assertThrows(
    () => env.reset({ seed: 0, task: "fly" }),
    RangeError,
    'expected a task of frozen-lake (near, halfway, full), got "fly"',
  );
  assertThrows(
    () => env.reset({ seed: 0, state: "3" }),
    RangeError,
    'row × width + column, got "3"',
  );
  assertThrows(() => env.reset({ seed: 0, state: 16 }), RangeError, "0 to 15, got 16");
  assertThrows(() => env.reset({ seed: 0, state: 5 }), RangeError, "got 5, which is a hole");
  assertThrows(() => env.reset({ seed: 0, state: 15 }), RangeError, "got 15, which is the goal");
  const random = make({ map: "random" });
  assertThrows(() => random.reset({ seed: 0, state: 3 }), RangeError, "with random maps like");
  assertThrows(
    () => random.reset({ seed: 0, state: { map: ["SX"], cell: 0 } }),
    RangeError,
    'got "SX"',
  );
  env.reset({ seed: 0 });
  for (const label of ["4", "", " 0", "00", "left"]) {
    assertThrows(() => env.step(label), RangeError, JSON.stringify(label));
  }
});

Deno.test("options are checked when they are read", () => {
  const wrong: [unknown, string][] = [
    [{ map: ["SH", "HG"] }, "there is none from cell 0"],
    [{ map: "5x5" }, "map"],
    [{ size: 2 }, "size"],
    [{ frozen: 1.5 }, "frozen"],
  ];
  for (const [options, says] of wrong) {
    const { error } = frozenLake.with.safeParse(options);
    assert(error?.message.includes(says), error?.message);
  }
});
