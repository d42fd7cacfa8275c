/**
 * The agent against a real server on this machine: what it asks, what it makes of the answers.
 */
import { join } from "node:path";
import { makeReflectionAgent } from "../../agents/make.ts";
import { openai } from "../../agents/openai.ts";
import type { ReflectOptions, Spoiler } from "../../agents/agent.ts";
import type { Observation } from "../../envs/environment.ts";
import { runWorkflow } from "../../mod.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../std/assert.ts";
import { readReflectionRows } from "../../training/dataset.ts";
import { type Answer, ChatServer, questionOf } from "./chat_server.ts";

const seen = (state: string, ...actions: string[]): Observation => ({
  history: "Did ls. ",
  state,
  actions: actions.map((text, i) => ({ label: String(i), text })),
});
const how = (seed = 1, spoilers?: Spoiler[]): ReflectOptions => ({
  seed,
  signal: new AbortController().signal,
  ...(spoilers && { spoilers }),
});

/** Comments on batches, one after the other, with one agent; gives the questions too. */
async function reflect(
  answer: Answer,
  batches: readonly (readonly [Observation[], ReflectOptions])[],
  options: object = {},
) {
  await using server = new ChatServer(answer);
  const agent = await makeReflectionAgent("openai", {
    baseUrl: server.baseUrl,
    model: "m",
    retries: 0,
    ...options,
  });
  const comments = [];
  for (const [batch, how] of batches) comments.push(await agent.reflect(batch, how));
  await agent.dispose?.();
  return { comments, questions: server.asked.map(questionOf), asked: server.asked };
}

Deno.test("it asks about the situation and what can be done, whatever the labels", async () => {
  const batch = [seen("Here.", "go", "back"), seen("Here.", "back", "go"), seen("There.")];
  const { comments, questions, asked } = await reflect(() => " A thought.\nAnd more. ", [[
    batch,
    how(),
  ]], { concurrency: 1, system: "Be wise." });
  assertEquals(comments, [Array(3).fill("A thought. And more.")]);
  assertEquals(questions, [
    "The situation:\nDid ls. Here.\n\nWhat can be done:\nback\ngo\n\nThe comment:",
    "The situation:\nDid ls. There.\n\nThe comment:",
  ]);
  assertEquals(asked[0]?.body.messages[0], { role: "system", content: "Be wise." });
});

Deno.test("the teacher is told the best action in words and the remark, and to keep them", async () => {
  const batch = [
    seen("Here.", "go", "back"),
    seen("Here.", "go", "back"),
    seen("Here.", "go", "back"),
  ];
  const spoilers = [{ best: "1", remark: "Wrong way." }, { best: "0" }, {}];
  const { questions: [both, best, nothing] } = await reflect(() => "A thought.", [[
    batch,
    how(1, spoilers),
  ]], { concurrency: 1 });
  assertStringIncludes(both!, "The best next action is: back\nTheir remark: Wrong way.\n");
  assertStringIncludes(both!, "Do not quote this note");
  assertStringIncludes(best!, "The best next action is: go\nLet the comment");
  assertEquals(nothing?.includes("For your eyes only"), false);
  await assertRejects(
    () => reflect(() => "A thought.", [[batch, how(1, [{}])]]),
    Error,
    "expected 3 spoilers, one per observation, or none at all; got 1",
  );
});

Deno.test("the same is asked once, in a batch and later; drawn comments once a seed", async () => {
  const batches = [[[seen("A"), seen("B"), seen("A")], how(1)], [[seen("B")], how(2)]] as const;
  let count = 0;
  const answer = () => `Thought ${++count}.`;
  const greedy = await reflect(answer, batches.map(([b, o]) => [[...b], o]), { concurrency: 1 });
  assertEquals(greedy.comments, [["Thought 1.", "Thought 2.", "Thought 1."], ["Thought 2."]]);
  count = 0;
  const drawn = await reflect(answer, batches.map(([b, o]) => [[...b], o]), {
    concurrency: 1,
    temperature: 1,
  });
  assertEquals(drawn.comments, [["Thought 1.", "Thought 2.", "Thought 1."], ["Thought 3."]]);
  assertEquals(drawn.asked.map(({ body }) => body.seed), [1, 1, 2]);
});

Deno.test("a comment is cut where it goes on to the actions", async () => {
  const { comments } = await reflect(() => "A thought. # Actions: 0 go # Action: 0", [[
    [seen("A")],
    how(),
  ]]);
  assertEquals(comments, [["A thought."]]);
});

Deno.test("one question that fails fails the batch, and nothing of it is remembered", async () => {
  await using server = new ChatServer((asked, number) =>
    number === 1
      ? new Response("no", { status: 400 })
      : questionOf(asked).includes("A")
      ? "On A."
      : "On B."
  );
  const agent = await openai.make(
    openai.with.parse({ baseUrl: server.baseUrl, model: "m", concurrency: 1 }),
  );
  const batch = [seen("A"), seen("B")];
  await assertRejects(() => agent.reflect(batch, how()), Error, "answered 400: no");
  assertEquals(await agent.reflect(batch, how()), ["On A.", "On B."]);
});

/** A workflow in which a server's model is the teacher. */
const flow = (baseUrl: string) => `
secrets: [KEY]
stages:
  demos:
    uses: collect
    with:
      env: { uses: taxi, with: { task: pickup } }
      episodes: 3
      reflection:
        uses: openai
        with: { baseUrl: "${baseUrl}", model: m, key: "\${{ secrets.KEY }}", retries: 0 }
`;

Deno.test("in a workflow: the process reaches that server, and the key is in no file", async () => {
  const key = "k-very-secret";
  const folder = await Deno.makeTempDir({ prefix: "openai-" });
  await using server = new ChatServer(({ authorization }) =>
    authorization === `Bearer ${key}`
      ? "A thought."
      : new Response(`who is ${authorization}?`, { status: 401 })
  );
  const file = join(folder, "flow.yaml");
  await Deno.writeTextFile(file, flow(server.baseUrl));
  const run = (KEY: string) =>
    runWorkflow(file, {
      runsFolder: join(folder, "runs"),
      device: "software",
      environment: (name: string) => ({ KEY })[name],
    });
  try {
    const refused = await run("k-not-known");
    assertStringIncludes(refused.stages[0]?.reason ?? "", "answered 401: who is Bearer ***?");
    const { status, stages } = await run(key);
    assertEquals(status, "done", stages[0]?.reason);
    const texts = [...filesIn(folder)].map((path) => Deno.readTextFileSync(path));
    assert(texts.length > 5);
    assertEquals(texts.filter((text) => text.includes(key)), []);
    const comments = new Set<string>();
    for (const path of filesIn(join(folder, "runs"))) {
      if (!(await Deno.readTextFile(path)).startsWith('{"observation"')) continue;
      for (const { reflection } of await readReflectionRows(path).catch(() => [])) {
        comments.add(reflection);
      }
    }
    assertEquals([...comments], ["A thought."]);
    const again = await run("another key, which is not asked for");
    assertEquals(again.stages.map(({ state }) => state), ["cached"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

function* filesIn(folder: string): Generator<string> {
  for (const { name, isDirectory, isFile } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* filesIn(join(folder, name));
    if (isFile) yield join(folder, name);
  }
}
