import { assert, assertEquals, assertStringIncludes, assertThrows } from "../../../std/assert.ts";
import { alfworld } from "../../../envs/alfworld/alfworld.ts";
import { taskSentence } from "../../../envs/alfworld/task_text.ts";
import { checkEnvironment } from "../../../envs/check.ts";
import { parseOptions } from "../../../std/modules.ts";
import { available, gamesFolder, note, transcripts } from "./data.ts";

function make(options: Record<string, unknown> = {}) {
  const given = { data: gamesFolder, ...options };
  const env = alfworld.make(parseOptions("environment", alfworld, given));
  if (env instanceof Promise) throw new Error("it is made at once");
  return env;
}

type Env = ReturnType<typeof make>;

async function give(
  env: Env,
  command: string,
  actions: readonly { label: string; text: string }[],
) {
  const action = actions.find(({ text }) => text === command);
  assert(action !== undefined, `"${command}" is not offered: ${JSON.stringify(actions)}`);
  return await env.step(action.label);
}

function onData(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name: `${name}${note}`, ignore: !available, fn });
}

onData("alfworld keeps the contract", async () => {
  const { checks } = await checkEnvironment(alfworld, {
    with: { data: gamesFolder },
    episodes: 3,
  });
  const other = checks.filter(({ status }) => status !== "passed");
  assertEquals(other.map(({ message }) => message), ["it has no mistakes()"]);
});

onData("the original's plan wins, told in the original's words", async () => {
  for (const { id, plan, rows } of transcripts("orig")) {
    const env = make();
    let { observation, info } = await env.reset({ seed: 0, state: { game: id, commands: [] } });
    assertEquals(observation.state, rows[0]?.feedback);
    for (const [index, command] of plan.entries()) {
      const { feedback, admissible, score, done } = rows[index + 1] ?? {};
      const step = await give(env, command, observation.actions);
      ({ observation, info } = step);
      assertEquals(
        [info.feedback, observation.actions.map(({ text }) => text), info.score, step.terminated],
        [feedback, admissible, score, done],
      );
      assertEquals([step.reward, info.success, info.won], [score, done, done]);
      assertEquals(observation.history.includes(`> ${command}\n`), true);
    }
    assertEquals(info.success, true);
  }
});

onData(
  "who follows the expert wins in as many steps as the original's planner, also from a wrong turn",
  async () => {
    for (const { id, plan } of transcripts("orig")) {
      const env = make();
      for (const detour of [[], ["inventory", "look"]]) {
        const state = { game: id, commands: detour };
        let { info } = await env.reset({ seed: 0, state });
        let steps = 0;
        for (; !info.success && steps < 30; steps++) {
          const label = await env.expert?.();
          assert(label !== undefined);
          ({ info } = await env.step(label));
        }
        assertEquals([info.success, steps], [true, plan.length]);
      }
    }
  },
);

onData("remarks tell the way, not where hidden things are", async () => {
  const env = make();
  const [game] = transcripts("orig").map(({ id }) => id).filter((id) => id.includes("Microwave-5"));
  let { observation } = await env.reset({ seed: 0, state: { game, commands: [] } });
  const remarks: string[] = [];
  for (
    const command of ["go to shelf 1", "go to countertop 1", "take tomato 2 from countertop 1"]
  ) {
    remarks.push(await env.remark?.() ?? "");
    ({ observation } = await give(env, command, observation.actions));
  }
  remarks.push(await env.remark?.() ?? "");
  assertEquals(remarks, [
    "What I need is not in sight. So I go to countertop 1.",
    "That did not help. What I need is not in sight. So I go to countertop 1.",
    "So I take tomato 2 from countertop 1.",
    "I want to put tomato 2 in/on microwave 1. So I go to microwave 1.",
  ]);
});

onData("splits follow the folders, tasks the games", async () => {
  const env = make();
  for (let seed = 0; seed < 5; seed++) {
    const train = await env.reset({ seed, split: "train" });
    const test = await env.reset({ seed, split: "test" });
    assertEquals([train.info.task, test.info.task], [
      "pick_and_place_simple",
      "look_at_obj_in_light",
    ]);
  }
  const { info } = await env.reset({ seed: 0, split: "unseen" });
  assertEquals((info.state as { game: string }).game.split("/")[0], "valid_unseen");
  assertThrows(
    () => env.reset({ seed: 0, split: "seen" }),
    RangeError,
    'no playable game of task "all" in valid_seen',
  );
  assertThrows(
    () => env.reset({ seed: 0, task: "pick_two_obj_and_place" }),
    RangeError,
    'no playable game of task "pick_two_obj_and_place"',
  );
  assertThrows(
    () => env.reset({ seed: 0, task: "cook" }),
    RangeError,
    "expected a task of alfworld",
  );
  assertThrows(
    () => env.reset({ seed: 0, state: { game: "train/x/y", commands: [] } }),
    RangeError,
    'has no game "train/x/y"',
  );
});

onData("a folder without game.tw-pddl is played with the logic beside the games", async () => {
  const [transcript] = transcripts("head0.5.0");
  assert(transcript !== undefined);
  const { texts, id, rows, plan } = transcript;
  const root = await Deno.makeTempDir();
  try {
    const folder = `${root}/json_2.1.1/${id.replace(/^[^/]*/, "train")}`;
    await Deno.mkdir(folder, { recursive: true });
    for (const name of ["initial_state.pddl", "traj_data.json"]) {
      await Deno.copyFile(`${gamesFolder}/${id}/${name}`, `${folder}/${name}`);
    }
    const open = texts.grammar.replace(
      /Your task is to: [^"]*"/,
      'Your task is to: UNKNOWN GOAL."',
    );
    assertThrows(() => make({ data: root }).reset({ seed: 0 }), Error, "logic/alfred.twl2");
    await Deno.mkdir(`${root}/logic`);
    await Deno.writeTextFile(`${root}/logic/alfred.pddl`, texts.domain);
    await Deno.writeTextFile(`${root}/logic/alfred.twl2`, open);
    const env = make({ data: root });
    let { observation } = await env.reset({ seed: 0 });
    const goal = /Your task is to: (.*)\./.exec(observation.state)?.[1] ?? "";
    assert(["put a tomato in microwave", "put some tomato on microwave"].includes(goal), goal);
    for (const [index, command] of plan.entries()) {
      const step = await give(env, command, observation.actions);
      ({ observation } = step);
      assertEquals(step.info.feedback, rows[index + 1]?.feedback);
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

onData("a game that is not said to be solvable is not drawn", async () => {
  const root = await Deno.makeTempDir();
  try {
    const [transcript] = transcripts("orig");
    const folder = `${root}/train/pick_and_place_simple-A-None-B-1/trial`;
    await Deno.mkdir(folder, { recursive: true });
    const { domain, problem, grammar } = transcript?.texts ?? {};
    await Deno.writeTextFile(
      `${folder}/game.tw-pddl`,
      JSON.stringify({ pddl_domain: domain, pddl_problem: problem, grammar, solvable: false }),
    );
    assertThrows(() => make({ data: root }).reset({ seed: 0 }), RangeError, "no playable game");
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("without games the error says where they come from", async () => {
  const root = await Deno.makeTempDir();
  try {
    assertThrows(() => make({ data: root }), Error, "no ALFWorld games in");
  } finally {
    await Deno.remove(root, { recursive: true });
  }
  if (Deno.permissions.querySync({ name: "env", variable: "ALFWORLD_DATA" }).state === "granted") {
    Deno.env.delete("ALFWORLD_DATA");
  }
  const error = assertThrows(() => make({ data: undefined }), Error, "alfworld-download");
  assertStringIncludes((error as Error).message, "ALFWORLD_DATA");
});

Deno.test("task sentences of all six types", () => {
  const params = { object_target: "Mug", parent_target: "Shelf", toggle_target: "DeskLamp" };
  const both = (task_type: string) =>
    ["a", "b"].map((id) => taskSentence({ task_type, pddl_params: params }, id)).sort();
  assertEquals(both("pick_and_place_simple"), ["put a mug in shelf", "put some mug on shelf"]);
  assertEquals(both("look_at_obj_in_light"), [
    "examine the mug with the desklamp",
    "look at mug under the desklamp",
  ]);
  assertEquals(both("pick_clean_then_place_in_recep"), [
    "clean some mug and put it in shelf",
    "put a clean mug in shelf",
  ]);
  assertEquals(both("pick_heat_then_place_in_recep"), [
    "heat some mug and put it in shelf",
    "put a hot mug in shelf",
  ]);
  assertEquals(both("pick_cool_then_place_in_recep"), [
    "cool some mug and put it in shelf",
    "put a cool mug in shelf",
  ]);
  assertEquals(both("pick_two_obj_and_place"), [
    "find two mug and put them in shelf",
    "put two mug in shelf",
  ]);
  assertThrows(() => both("cook"), RangeError, "one of ALFWorld's task types");
});
