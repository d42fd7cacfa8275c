import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "../../../std/assert.ts";
import { askAbout, autoExplore } from "../../../envs/auto-explore/auto_explore.ts";
import { exploreOptions } from "../../../envs/auto-explore/options.ts";
import { checkEnvironment } from "../../../envs/check.ts";
import { makeEnvironment } from "../../../envs/make.ts";
import { LONE, make, offered, playing, ROOT } from "./play.ts";
import { writeTree } from "./sample_tree.ts";

Deno.test("auto-explore: what the player reads", async () => {
  const { start, take } = playing(await make({ root: LONE, reading: ["cat"], page: 3 }));
  const { question } = start.info;
  assertEquals(start.observation, {
    history: "",
    state: `${question}\nIn /: not listed`,
    actions: [{ label: "0", text: "ls" }, { label: "1", text: "exit" }],
  });
  const listed = take("ls").observation;
  assertEquals(listed.history, "Did ls.\n");
  assertEquals(listed.state, `${question}\nIn /: sub/ a.ts b.bin (page 1 of 2)`);
  assertEquals(offered(listed), ["ls", "exit", "cd sub", "cat a.ts", "cat b.bin"]);
  const read = take("cat a.ts").observation;
  assertEquals(read.history, "Did ls, cat a.ts.\n");
  assertEquals(
    read.state,
    `${question}\nIn /: sub/ a.ts b.bin (page 1 of 2)\ncat a.ts: export function lone() {}`,
  );
});

Deno.test("auto-explore: names with their labels, and comments that end with one", async () => {
  const env = await make({ root: LONE, labels: true, listed: true, reading: ["cat", "tail"] });
  const { start, take } = playing(env);
  const { question } = start.info;
  const names = "sub/ 2, a.ts 3, b.bin 5, c.txt 7";
  assertEquals(start.observation.state, `${question}\nIn /: ${names}`);
  assertEquals(start.info["path"], ["cat a.ts", "id a.ts"]);
  assertEquals(env.remark(), "It may be this, so cat a.ts. Action: 3");
  take("cat c.txt");
  assertEquals(env.remark(), "c.txt is not it. It may be this, so cat a.ts. Action: 4");
  take("cat a.ts");
  assertEquals(env.remark(), "That answers it, so id a.ts. Action: 3");
  const shuffled = await make({
    root: LONE,
    labels: true,
    listed: true,
    reading: ["cat"],
    shuffleLabels: true,
  });
  for (let seed = 0; seed < 5; seed++) {
    const { observation } = shuffled.reset({ seed, split: "train" });
    const label = observation.actions.find(({ text }) => text === "cat a.ts")!.label;
    assertStringIncludes(`${observation.state},`, `a.ts ${label},`);
    assertEquals(shuffled.remark(), `It may be this, so cat a.ts. Action: ${label}`);
  }
});

Deno.test("auto-explore: names with spaces are quoted where they stand in a row", async () => {
  const root = writeTree({ "a b.ts": "export function lone() {}\n", "c d/e.txt": "" });
  const { take } = playing(await make({ root }));
  assert(take("ls").observation.state.endsWith('In /: "c d"/ "a b.ts"'));
});

Deno.test("auto-explore: rewards of each way an episode can go", async () => {
  const env = await make({ root: LONE });
  const ways: { path: string[]; rewards: number[]; success: boolean; end: string }[] = [
    {
      path: ["ls", "cat a.ts", "id a.ts"],
      rewards: [-1, -1, 19],
      success: true,
      end: "terminated",
    },
    {
      path: ["ls", "cat c.txt", "id c.txt"],
      rewards: [-1, -1, -1 - 2 - 12],
      success: false,
      end: "terminated",
    },
    { path: ["exit"], rewards: [-15], success: false, end: "terminated" },
    { path: ["ls", "ls", "head b.bin"], rewards: [-1, -2, -3], success: false, end: "" },
    {
      path: ["ls", ...Array<string>(14).fill("cat c.txt")],
      rewards: [-1, -1, ...Array<number>(13).fill(-2)],
      success: false,
      end: "truncated",
    },
  ];
  for (const { path, rewards, success, end } of ways) {
    const { take } = playing(env);
    const steps = path.map(take);
    steps.forEach(({ reward }, i) => assertAlmostEquals(reward, rewards[i]! / 20, 1e-12));
    const last = steps.at(-1)!;
    assertEquals([last.info.success, last.terminated, last.truncated], [
      success,
      end === "terminated",
      end === "truncated",
    ]);
    assert(steps.slice(0, -1).every((step) => !step.terminated && !step.truncated));
  }
});

Deno.test("auto-explore: an identification on the last step ends the task, not the limit", async () => {
  const { take } = playing(await make({ root: LONE, horizon: 3 }));
  take("ls");
  take("cat a.ts");
  const { terminated, truncated, info } = take("id a.ts");
  assertEquals([terminated, truncated, info.success], [true, false, true]);
});

Deno.test("auto-explore: facts of the task are in info, and the target is not in the observation", async () => {
  const { start } = playing(await make({ root: LONE }));
  const { question, ...facts } = start.info;
  assert(String(question).includes("lone"));
  assertEquals(facts, {
    success: false,
    state: {
      question: 0,
      text: (facts.state as { text: number }).text,
      hidden: null,
      order: null,
      commands: [],
    },
    kind: "function",
    depth: 1,
    targets: ["a.ts"],
    path: ["ls", "cat a.ts", "id a.ts"],
    answer: null,
  });
  assert(!JSON.stringify(start.observation).includes("a.ts"));
});

Deno.test("auto-explore: the expert takes the optimal path, from anywhere, and succeeds", async () => {
  const env = await make();
  for (let seed = 0; seed < 60; seed++) {
    const { info } = env.reset({ seed });
    const path = info["path"] as string[];
    let last = info;
    for (const text of path) {
      const { actions } = env.reset({ seed, state: last.state }).observation;
      const label = env.expert();
      assertEquals(actions.find((action) => action.label === label)?.text, text);
      last = env.step(label!).info;
    }
    assert(last.success);
    assertEquals(env.expert(), undefined);
    assertEquals(env.remark(), undefined);
    assertEquals(env.mistakes(), []);
  }
});

Deno.test("auto-explore: remarks say what was wrong and what to do", async () => {
  const env = await make({ task: "depth-3" });
  const seed = [...Array(50).keys()].find((seed) =>
    (env.reset({ seed }).info["targets"] as string[])[0] === "src/parts/blade.ts"
  );
  const { take } = playing(env, { seed: seed! });
  const said = [
    "ls",
    "cd data",
    "cd ..",
    "cat main.ts",
    "cd src",
    "ls",
    "cd parts",
    "cd ..",
    "cd parts",
    "ls",
    "ls",
    "head handle.ts",
    "tail blade.ts",
    "head blade.ts",
  ]
    .map((text) => {
      const remark = env.remark();
      take(text);
      return remark;
    });
  said.push(env.remark());
  assertEquals(said, [
    "I have not looked here, so ls.",
    "It may be below, so cd src.",
    "data is wrong. It is not below, so cd ..",
    "It may be below, so cd src.",
    "main.ts is not it. It may be below, so cd src.",
    "I have not looked here, so ls.",
    "It may be below, so cd parts.",
    "I have not looked here, so ls.",
    "I should not have gone up. It may be below, so cd parts.",
    "I have not looked here, so ls.",
    "It may be this, so cat blade.ts.",
    "I had seen that. It may be this, so cat blade.ts.",
    "handle.ts is not it. It may be this, so cat blade.ts.",
    "That answers it, so id src/parts/blade.ts.",
    "I had read that. That answers it, so id src/parts/blade.ts.",
  ]);
});

Deno.test("auto-explore: several roots are several trees", async () => {
  const env = await make({ root: [LONE, ROOT] });
  const first = new Set<string>();
  for (let seed = 0; seed < 300; seed++) {
    const { take } = playing(env, { seed, split: "all" });
    first.add(take("ls").observation.state.split("\n")[1]!);
  }
  assertEquals(first.size, 2);
  assertThrows(
    () => autoExplore.make(exploreOptions.parse({ root: [LONE, ROOT], questions: "q.json" })),
    Error,
    "prepared questions are about one tree, and root names 2",
  );
});

Deno.test("auto-explore: prepared questions from a file, read anew where it changes", async () => {
  const file = `${writeTree({ "questions.json": "" })}/questions.json`;
  for (const question of ["Which one digs?", "What is for digging?"]) {
    Deno.writeTextFileSync(file, JSON.stringify([{ question, files: ["src/spade.ts"] }]));
    const { start } = playing(await make({ questions: file }));
    assertEquals([start.info["question"], start.info["targets"]], [question, ["src/spade.ts"]]);
  }
});

Deno.test("auto-explore: a question of the user's own has no answer and no teacher", () => {
  const env = askAbout(ROOT, "Where is the gold?", exploreOptions.parse({ root: ROOT }));
  const { take, start } = playing(env);
  assertEquals(start.observation.state, "Where is the gold?\nIn /: not listed");
  assertEquals([env.expert(), env.remark(), env.mistakes()], [undefined, undefined, []]);
  take("ls");
  take("cat main.ts");
  const { info, terminated } = take("id main.ts");
  assertEquals([terminated, info.success, info["answer"]], [true, false, "main.ts"]);
  const options = exploreOptions.parse({ root: ROOT, plain: true });
  const plain = playing(askAbout(ROOT, "Where is findGold?", options));
  assertEquals(plain.start.observation.state, "Where is find gold?\nIn /: not listed");
});

Deno.test("auto-explore: keeps the contract with other options", async () => {
  for (
    const options of [
      { page: 1, reading: ["tail"], answers: 1, historyLength: 0 },
      { shuffleLabels: true, output: 1, listing: 1, page: 60 },
      { plain: true, listed: true, labels: true },
    ]
  ) {
    const { checks } = await checkEnvironment("auto-explore", {
      with: { root: ROOT, horizon: 40, ...options },
      episodes: 3,
    });
    assertEquals(checks.filter(({ status }) => status !== "passed"), []);
  }
});

Deno.test("auto-explore: without a root it says what one is", async () => {
  const error = await assertRejects(() => makeEnvironment("auto-explore"), Error);
  assertStringIncludes(error.message, 'option "root": expected the path of a folder, or a list');
});
