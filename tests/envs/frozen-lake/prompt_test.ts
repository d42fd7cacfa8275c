import { assert, assertEquals, assertLessOrEqual } from "../../../std/assert.ts";
import { frozenLake, FrozenLakeEnvironment } from "../../../envs/frozen-lake/frozen_lake.ts";
import { namedLake } from "../../../envs/frozen-lake/maps.ts";
import { makePlan } from "../../../envs/frozen-lake/plan.ts";
import { Random } from "../../../std/random.ts";

function make(options: Record<string, unknown> = {}): FrozenLakeEnvironment {
  return new FrozenLakeEnvironment(frozenLake.with.parse(options));
}

Deno.test("words: the situation in sentences, the path in front of it", () => {
  const env = make({ slippery: false });
  assertEquals(env.reset({ seed: 0 }).observation, {
    history: "",
    state:
      "Player row 0 column 0. Goal row 3 column 3. Holes beside none. Edges left up. All holes 1 1, 1 3, 2 3, 3 0.",
    actions: ["left", "down", "right", "up"].map((text, index) => ({
      label: String(index),
      text,
    })),
  });
  env.step("0");
  const { history, state } = env.step("1").observation;
  assertEquals(
    history + state,
    "Path left stayed, down. Player row 1 column 0. Goal row 3 column 3. Holes beside right. Edges left. All holes 1 1, 1 3, 2 3, 3 0.",
  );
  assertEquals(
    make({ map: ["SFG"], slippery: false }).reset({ seed: 0, state: 1 }).observation.state,
    "Player row 0 column 1. Goal row 0 column 2. Holes beside none. Edges down up. All holes none.",
  );
});

Deno.test("grid: the map with the player in it", () => {
  const env = make({ prompt: "grid", slippery: false });
  env.reset({ seed: 0 });
  const { history, state } = env.step("2").observation;
  assertEquals(history, "Path right.\n");
  assertEquals(state, "S P F F\nF H F H\nF F F H\nH F F G\nPlayer P row 0 column 1.");
});

Deno.test("slippery ice: the steps left, and where each step went", () => {
  const env = make({ horizon: 20 });
  const paths = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    assertEquals(env.reset({ seed, state: 9 }).observation.history, "Steps left 20. ");
    paths.add(env.step("0").observation.history);
  }
  assertEquals([...paths].sort(), [
    "Steps left 19. Path left slid down. ",
    "Steps left 19. Path left slid up. ",
    "Steps left 19. Path left. ",
  ]);
});

Deno.test("instructions stand first, and the history is as long as asked", () => {
  const firm = make({ instructions: true, slippery: false, historyLength: 0 });
  firm.reset({ seed: 0 });
  assertEquals(
    firm.step("1").observation.history,
    "Cross the frozen lake to the goal and fall into no hole. ",
  );
  const env = make({ instructions: true, prompt: "grid", historyLength: 1, slippery: false });
  env.reset({ seed: 0 });
  env.step("1");
  assertEquals(
    env.step("3").observation.history,
    "Cross the frozen lake to the goal and fall into no hole.\nPath up.\n",
  );
  const slippery = make({ instructions: true }).reset({ seed: 0 }).observation.history;
  assertEquals(
    slippery,
    "Cross the frozen lake to the goal and fall into no hole. The ice is slippery: a step may slide to either side of its direction. Steps left 100. ",
  );
});

Deno.test("remarks say what went wrong, where the goal lies, what is dangerous, what to do", () => {
  const env = make({ slippery: false });
  env.reset({ seed: 0 });
  assertEquals(
    env.remark(),
    "The goal is three rows down and three columns right. So I go down.",
  );
  env.step("0");
  assertEquals(
    env.remark(),
    "Going left was a mistake. The goal is three rows down and three columns right. So I go down.",
  );
  env.reset({ seed: 0, state: 6 });
  assertEquals(
    env.remark(),
    "The goal is two rows down and one column right. Holes lie left and right. So I go down.",
  );
  env.reset({ seed: 0, state: 14 });
  assertEquals(env.remark(), "The goal is one column right. So I go right.");
  const slippery = make();
  const seen = new Set<string | undefined>();
  for (let seed = 0; seed < 20; seed++) {
    slippery.reset({ seed, state: 4 });
    slippery.step("0");
    seen.add(slippery.remark());
  }
  assertEquals([...seen].sort(), [
    "The goal is two rows down and three columns right. A hole lies right. So I go left.",
    "The ice carried me down. The goal is one row down and three columns right. A hole lies down. So I go up.",
    "The ice carried me up. The goal is three rows down and three columns right. So I go left.",
  ]);
});

Deno.test("a remark regrets the last action by the steps that were left before it", () => {
  const lake = namedLake("4x4");
  const seen = new Set<boolean>();
  for (let horizon = 2; horizon < 12; horizon++) {
    const env = make({ horizon });
    const plan = makePlan(lake, true, horizon);
    for (const cell of [0, 1, 2, 3, 4, 6, 8, 9, 10, 13, 14]) {
      for (let action = 0; action < 4; action++) {
        env.reset({ seed: 1, state: cell });
        if (env.step(String(action)).terminated) continue;
        const regret = env.remark()!.includes("was a mistake");
        assertEquals(regret, plan.mistaken(cell, action, horizon));
        seen.add(regret === plan.mistaken(cell, action, horizon - 1));
      }
    }
  }
  assertEquals(seen.size, 2, "one step more or less makes a difference somewhere");
});

Deno.test("a remark depends on nothing the player is not shown", () => {
  for (const options of [{}, { slippery: false }, { historyLength: 0 }, { map: "random" }]) {
    const known = new Map<string, string>();
    for (const { observation, remark } of visits({ horizon: 20, ...options })) {
      const shown = observation.history + observation.state;
      assertEquals(known.get(shown) ?? remark, remark, shown);
      known.set(shown, remark);
    }
  }
});

Deno.test("remarks are short, and neither digits nor words give the teacher away", () => {
  for (const options of [{}, { map: "random", size: 16, frozen: 0.5 }]) {
    for (const { remark } of visits({ horizon: 30, ...options }, 50)) {
      assertLessOrEqual(remark.split(" ").length, 25, remark);
      assert(!/\d|optimal|oracle|spoiler|expert|best/i.test(remark), remark);
    }
  }
});

function* visits(options: Record<string, unknown>, episodes = 200) {
  const env = make(options);
  const random = new Random(1);
  for (let seed = 0; seed < episodes; seed++) {
    let { observation } = env.reset({ seed, task: random.pick(frozenLake.tasks) });
    for (let remark = env.remark(); remark !== undefined; remark = env.remark()) {
      yield { observation, remark };
      const label = random.next() < 0.5 ? env.expert() ?? "" : String(random.below(4));
      ({ observation } = env.step(label));
    }
  }
}
