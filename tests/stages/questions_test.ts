/**
 * The stage against a real server on this machine, and an environment that asks what it wrote.
 */
import { join } from "node:path";
import { preparedQuestions } from "../../envs/auto-explore/questions.ts";
import { runWorkflow } from "../../mod.ts";
import { assertEquals, assertStringIncludes } from "../../std/assert.ts";
import { ChatServer, questionOf } from "../agents/chat_server.ts";
import { writeTree } from "../envs/auto-explore/sample_tree.ts";

const flow = (baseUrl: string, count: number) => `
seed: 1
stages:
  ask:
    uses: questions
    with:
      root: ./garden
      count: ${count}
      teacher: { uses: openai, with: { baseUrl: "${baseUrl}", model: m, retries: 0 } }
  demos:
    uses: collect
    with:
      env:
        uses: auto-explore
        with: { root: ./garden, questions: "\${{ stages.ask.outputs.questions }}" }
      episodes: 3
`;

const GARDEN = {
  "garden/spade.md": "# Digging\n\nHow deep.\n",
  "garden/rake.md": "# Raking\n\nHow even.\n",
  "garden/shed/hose.md": "# Watering\n\nHow wet.\n",
};

async function runIn(folder: string, baseUrl: string, count = 3) {
  const file = join(folder, "flow.yaml");
  await Deno.writeTextFile(file, flow(baseUrl, count));
  return await runWorkflow(file, { runsFolder: join(folder, "runs"), device: "software" });
}

Deno.test("a teacher's questions are asked by the environment", async () => {
  await using server = new ChatServer((asked) =>
    `Who tells about ${/# (\w+)/.exec(questionOf(asked))?.[1]?.toLowerCase()}?`
  );
  const folder = writeTree(GARDEN);
  const run = await runIn(folder, server.baseUrl);
  assertEquals(run.status, "done", run.stages.map(({ reason }) => reason).join("; "));
  const path = findQuestions(join(folder, "runs"));
  const questions = preparedQuestions.parse(JSON.parse(await Deno.readTextFile(path)));
  assertEquals(
    questions.toSorted((a, b) => a.question < b.question ? -1 : 1),
    [
      { question: "Who tells about digging?", files: ["spade.md"] },
      { question: "Who tells about raking?", files: ["rake.md"] },
      { question: "Who tells about watering?", files: ["shed/hose.md"] },
    ],
  );
  const again = await runIn(folder, server.baseUrl);
  assertEquals(again.stages.map(({ state }) => state), ["cached", "cached"]);
  assertEquals(server.asked.length, 3);
});

Deno.test("a teacher without a question fails the stage, which says what to do", async () => {
  await using server = new ChatServer(() => "I would rather not.");
  const run = await runIn(writeTree(GARDEN), server.baseUrl);
  assertEquals(run.status, "failed");
  assertStringIncludes(run.stages[0]?.reason ?? "", "wrote no question that does");
  assertStringIncludes(run.stages[0]?.reason ?? "", "(3 were left out; the log says why)");
});

/** The file of questions among what a run left. */
function findQuestions(folder: string): string {
  const files = (inside: string): string[] =>
    [...Deno.readDirSync(inside)].flatMap(({ name, isDirectory, isFile }) =>
      isDirectory ? files(join(inside, name)) : isFile ? [join(inside, name)] : []
    );
  return files(folder).find((path) =>
    Deno.readTextFileSync(path).startsWith('[\n  {\n    "question"')
  )!;
}
