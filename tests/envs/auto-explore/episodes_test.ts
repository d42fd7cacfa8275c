/** Which episodes there are: tasks, splits, what training changes, states, negative examples. */
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "../../../std/assert.ts";
import { makeReflectionAgent } from "../../../agents/make.ts";
import type { AutoExploreEnvironment } from "../../../envs/auto-explore/auto_explore.ts";
import { exploreOptions } from "../../../envs/auto-explore/options.ts";
import { behaviours } from "../../../training/behaviour.ts";
import { collect } from "../../../training/collect.ts";
import { LONE, make, offered, playing } from "./play.ts";

Deno.test("auto-explore: each task asks for files of its depths, and says where there are none", async () => {
  const env = await make();
  const depths = { "depth-1": [1], "depth-2": [2], near: [1, 2], "depth-3": [3], deep: [4, 5] };
  for (const [task, expected] of Object.entries({ ...depths, all: [1, 2, 3, 4, 5] })) {
    const seen = new Set<unknown>();
    for (let seed = 0; seed < 80; seed++) seen.add(env.reset({ seed, task }).info["depth"]);
    assertEquals([...seen].sort(), expected);
  }
  assertThrows(
    () => env.reset({ seed: 1, task: "far" }),
    RangeError,
    "expected a task of auto-explore (depth-1, depth-2, near, depth-3, deep, all)",
  );
  const shallow = await make({ root: LONE, task: "deep" });
  assertThrows(
    () => shallow.reset({ seed: 1 }),
    RangeError,
    'there is no question for task "deep" (of all, there are 1 at depth 1)',
  );
  assertThrows(
    () => shallow.reset({ seed: 1, split: "test" }),
    RangeError,
    '(of those for test, there are none); choose another task or split, a root with more files, or prepare questions with "part": "test"',
  );
});

Deno.test("auto-explore: splits share no question, and validation is kept from both", async () => {
  const env = await make();
  const asked = (split: string) => {
    return new Set(Array.from({ length: 600 }, (_, seed) => {
      const { state } = env.reset({ seed, split }).info;
      return (state as { question: number }).question;
    }));
  };
  const [train, test, validation] = [asked("train"), asked("test"), asked("validation")];
  assertEquals(new Set([...train, ...test, ...validation]).size, asked("all").size);
  assertEquals(train.size + test.size + validation.size, asked("all").size);
});

Deno.test("auto-explore: training leaves out unrelated files, never the target; tests show all", async () => {
  const counts = async (leaveOut: number | number[], split: string) => {
    const env = await make({ leaveOut, task: "depth-1", reading: ["cat"] });
    const files: number[] = [];
    for (let seed = 0; seed < 200; seed++) {
      const { take, start } = playing(env, { seed, split });
      const cats = offered(take("ls").observation).filter((text) => text.startsWith("cat "));
      assert(cats.includes(`cat ${(start.info["targets"] as string[])[0]}`));
      files.push(cats.length);
    }
    return files;
  };
  const count = async (...call: Parameters<typeof counts>) =>
    (await counts(...call)).reduce((sum, files) => sum + files) / 200;
  assertEquals(await count(1, "train"), 1);
  assertEquals(await count(0, "train"), 3);
  assertAlmostEquals(await count(0.5, "train"), 2, 0.2);
  assertEquals([await count(1, "test"), await count(1, "all")], [3, 3]);
  assertAlmostEquals(await count([0.4, 0.6], "train"), 2, 0.2);
  // Both files of a probability drawn from 0 to 1 in one episode of three, not of four.
  const all = (await counts([0, 1], "train")).filter((files) => files === 3).length / 200;
  assertAlmostEquals(all, 1 / 3, 0.06);
  assertEquals([await count([0, 1], "test"), await count(1, "validation")], [3, 3]);
  assertThrows(
    () => exploreOptions.parse({ root: ".", leaveOut: [0.5, 0.4] }),
    Error,
    "expected the least first, then the most",
  );
});

Deno.test("auto-explore: shuffled commands lie elsewhere at each step, in training alone", async () => {
  const env = await make({ shuffleLabels: true, leaveOut: 0 });
  const firsts = (split: "train" | "test") =>
    new Set(
      Array.from({ length: 30 }, (_, seed) => {
        const { take } = playing(env, { seed, split });
        const { actions } = take("ls").observation;
        assertEquals(actions.map(({ label }) => label), actions.map((_, index) => String(index)));
        return actions[0]!.text;
      }),
    );
  const { take } = playing(env, { seed: 1, split: "train" });
  take("ls");
  const places = Array.from(
    { length: 10 },
    () => offered(take("cat README.md").observation).indexOf("ls"),
  );
  assert(new Set(places).size > 2, `always at ${places}`);
  assertEquals(firsts("test"), new Set(["ls"]));
  assert(firsts("train").size > 5);
});

Deno.test("auto-explore: a state restores files left out, order, commands and the steps left", async () => {
  const env = await make({ shuffleLabels: true, horizon: 6 });
  for (let seed = 0; seed < 20; seed++) {
    const { take } = playing(env, { seed, split: "train", task: "near" });
    const before = take("ls");
    const next = offered(before.observation).find((text) => text !== "exit")!;
    const after = take(next);
    const again = playing(env, { seed: 99, state: before.info.state });
    assertEquals(again.start.observation, before.observation);
    assertEquals(again.take(next), after);
  }
  const { take, start } = playing(env, { seed: 1 });
  take("ls");
  const over = take("exit").info.state;
  const states: [unknown, string][] = [
    [over, "got one in which it is over"],
    [{ ...start.info.state as object, commands: ["cat /etc/passwd"] }, '"cat /etc/passwd" cannot'],
    [{ ...start.info.state as object, question: 999 }, "expected the number of a question from 0"],
    [{ ...start.info.state as object, text: 99 }, "expected a wording from 0"],
    [17, "expected an info.state of auto-explore, got 17"],
  ];
  for (const [state, message] of states) {
    assertThrows(() => env.reset({ seed: 1, state }), RangeError, message);
  }
});

Deno.test("auto-explore: negative examples read a wrong file in place of the right one, and notice it", async () => {
  const { reflection, policy, negatives } = await collect({
    env: await make({ leaveOut: 0 }),
    agent: await makeReflectionAgent("oracle"),
    behaviour: await behaviours.get("oracle")!.make({ random: 0 }),
    ...{ episodes: 40, negatives: 1, split: "train", seed: 1 },
    signal: new AbortController().signal,
  });
  assertEquals([negatives, reflection.length - policy.length], [40, 40]);
  for (let number = 0; number < 40; number++) {
    const rows = reflection.filter(({ episode }) => episode === number);
    const noticed = rows.filter((row) => row.reflection.includes("is not it."));
    assertEquals(noticed.length, 1);
    const wrong = /\ncat (.*?): /.exec(noticed[0]!.observation.state)?.[1];
    assert(noticed[0]!.reflection.startsWith(`${wrong} is not it. It may be this, so cat `));
  }
});

Deno.test("auto-explore: an episode depends on its seed, and different seeds differ", async () => {
  const [one, two] = [await make(), await make()];
  const first = (env: AutoExploreEnvironment, seed: number) =>
    JSON.stringify(env.reset({ seed, split: "train" }));
  assertEquals(first(one, 3), first(two, 3));
  assertNotEquals(first(one, 3), first(one, 4));
});
