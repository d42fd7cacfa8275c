import { assert, assertEquals, assertThrows } from "../../../std/assert.ts";
import { ABOARD, decode, encode } from "../../../envs/taxi/dynamics.ts";
import { taxi, TaxiEnvironment } from "../../../envs/taxi/taxi.ts";
import type { TaxiTask } from "../../../envs/taxi/plan.ts";
import fixture from "../../fixtures/taxi_transitions.json" with {
  type: "json",
};

const TASKS: readonly TaxiTask[] = ["pickup", "dropoff", "full"];

function make(options: Record<string, unknown> = {}): TaxiEnvironment {
  return new TaxiEnvironment(taxi.with.parse(options));
}

function reachable(task: TaxiTask): number[] {
  return fixture.transitions.map((_, state) => state).filter((state) => {
    const { passenger, destination } = decode(state);
    return passenger !== destination &&
      (task !== "pickup" || passenger !== ABOARD);
  });
}

for (const task of TASKS) {
  Deno.test(`${task}: every reachable state × action follows Gymnasium and the dangerous rule`, () => {
    const env = make({ task });
    const states = reachable(task);
    assertEquals(states.length, task === "pickup" ? 300 : 400);
    for (const state of states) {
      for (let action = 0; action < 6; action++) {
        const [next, reward, delivered] = fixture.transitions[state]
          ?.[action] as [number, number, boolean];
        const boards = action === 4 && next !== state;
        const success = delivered || (boards && task === "pickup");
        env.reset({ seed: 0, state });
        const step = env.step(String(action));
        assertEquals(
          {
            state: step.info.state,
            reward: step.reward,
            terminated: step.terminated,
            truncated: step.truncated,
            success: step.info.success,
          },
          {
            state: next,
            reward: (next === state ? -10 : boards ? 20 : reward) / 20,
            terminated: next === state || success,
            truncated: false,
            success,
          },
          `state ${state}, action ${action}`,
        );
      }
    }
  });
}

Deno.test("only the first pickup of an episode is rewarded", () => {
  const env = make();
  env.reset({
    seed: 0,
    state: encode({ row: 0, column: 0, passenger: 0, destination: 1 }),
  });
  const rewards = ["4", "5", "4", "5", "4"].map((label) => env.step(label).reward);
  assertEquals(rewards, [1, -0.05, -0.05, -0.05, -0.05]);
});

Deno.test("a passenger aboard at the start was picked up before: no reward for it later", () => {
  const env = make({ task: "dropoff" });
  env.reset({
    seed: 0,
    state: encode({ row: 0, column: 0, passenger: ABOARD, destination: 1 }),
  });
  assertEquals([env.step("5").reward, env.step("4").reward], [-0.05, -0.05]);
});

Deno.test("the horizon truncates, and the task's own end wins over it", () => {
  const start = encode({ row: 2, column: 0, passenger: 0, destination: 1 });
  const env = make({ task: "pickup", horizon: 3 });
  const play = (labels: string[]) => {
    env.reset({ seed: 0, state: start });
    const { terminated, truncated, info } = labels.map((label) => env.step(label)).at(-1)!;
    return [terminated, truncated, info.success];
  };
  assertEquals(play(["1", "1"]), [false, false, false]);
  assertEquals(play(["1", "0", "1"]), [false, true, false]);
  assertEquals(play(["1", "1", "4"]), [true, false, true]);
  assertEquals(play(["1", "1", "1"]), [true, false, false]);
});

Deno.test("the task given to reset overrides the option", () => {
  const env = make({ task: "full" });
  const { info } = env.reset({ seed: 3, task: "dropoff" });
  assertEquals(decode(info.state as number).passenger, ABOARD);
  assertEquals(info.task, "dropoff");
});

Deno.test("what cannot be played is refused with the reason", () => {
  const env = make({ task: "pickup" });
  assertThrows(() => env.step("0"), Error, "no episode has been started");
  assertThrows(
    () => env.reset({ seed: 0, task: "fly" }),
    RangeError,
    'expected a task of taxi (pickup, dropoff, full), got "fly"',
  );
  assertThrows(() => env.reset({ seed: 0, state: "12" }), RangeError, '"12"');
  assertThrows(() => env.reset({ seed: 0, state: 500 }), RangeError, "500");
  const aboard = encode({ row: 0, column: 0, passenger: 4, destination: 1 });
  assertThrows(
    () => env.reset({ seed: 0, state: aboard }),
    RangeError,
    "still to be done",
  );
  env.reset({ seed: 0 });
  for (const label of ["6", "", " 0", "00", "south"]) {
    assertThrows(() => env.step(label), RangeError, JSON.stringify(label));
  }
});

Deno.test("the expert takes a shortest way from every state", () => {
  for (const task of TASKS) {
    const env = make({ task, horizon: 18 });
    for (const state of reachable(task)) {
      env.reset({ seed: 0, state });
      let steps = 0;
      let success = false;
      for (let label = env.expert(); label !== undefined; steps++) {
        success = env.step(label).info.success;
        label = env.expert();
      }
      assert(success, `${task} from ${state}`);
      assertEquals(steps, shortest(task, state), `${task} from ${state}`);
    }
  }
});

Deno.test("a remark regrets the last action exactly where it led away from the goal", () => {
  const distances = fixture.transitions.map((_, state) =>
    reachable("full").includes(state) ? shortest("full", state) : NaN
  );
  const env = make();
  for (const state of reachable("full")) {
    for (let action = 0; action < 6; action++) {
      env.reset({ seed: 0, state });
      const { info, terminated } = env.step(String(action));
      if (terminated) continue;
      assertEquals(
        /took me away|was wrong/.test(env.remark() ?? ""),
        Number(distances[info.state as number]) > Number(distances[state]),
        `state ${state}, action ${action}`,
      );
    }
  }
});

/** Fewest actions to the goal, breadth first over Gymnasium's own table. */
function shortest(task: TaxiTask, from: number): number {
  const seen = new Set([from]);
  let frontier = [from];
  for (let steps = 1; frontier.length > 0; steps++) {
    const next: number[] = [];
    for (const state of frontier) {
      for (const row of fixture.transitions[state] ?? []) {
        const [successor, , delivered] = row as [number, number, boolean];
        const boards = decode(state).passenger !== ABOARD &&
          decode(successor).passenger === ABOARD;
        if (delivered || (boards && task === "pickup")) return steps;
        if (!seen.has(successor)) next.push(successor);
        seen.add(successor);
      }
    }
    frontier = next;
  }
  return Infinity;
}
