import { composePolicyPrompt, composeReflectionPrompt } from "../../agents/prompt.ts";
import { useGpu } from "../kernels/gpu.ts";
import {
  DatasetError,
  type PolicyRow,
  type ReflectionRow,
  writeRows,
} from "../../training/dataset.ts";
import {
  policyExamples,
  policyTexts,
  readDataset,
  reflectionExamples,
  reflectionTexts,
} from "../../training/examples.ts";
import { assertEquals, assertRejects, assertThrows } from "../../std/assert.ts";
import { doors, tinyPolicy, tokenizer } from "./tiny.ts";

const gpu = useGpu();

const policyRows: PolicyRow[] = [
  {
    observation: doors(),
    reflection: "Take the right.",
    label: "1",
    best: "1",
    episode: 0,
    step: 0,
  },
  { observation: doors("Once. "), reflection: "", label: "0", episode: 0, step: 1 },
];
const reflectionRows: ReflectionRow[] = policyRows.map(({ observation, reflection }, step) => {
  return { observation, reflection, episode: 0, step };
});

async function inFile(work: (path: string) => Promise<unknown>): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await work(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("datasets: the first line tells a policy's rows from reflections", async () => {
  await inFile(async (path) => {
    await writeRows(path, policyRows);
    assertEquals(await readDataset(path), { sort: "policy", rows: policyRows });
    await writeRows(path, reflectionRows);
    assertEquals(await readDataset(path), { sort: "reflection", rows: reflectionRows });
    await writeRows(path, reflectionRows.slice(0, 1));
    assertEquals((await readDataset(path)).rows.length, 1);
  });
});

Deno.test("datasets: a bad line is named, also where it is the first", async () => {
  await inFile(async (path) => {
    await Deno.writeTextFile(path, "no JSON\n");
    await assertRejects(() => readDataset(path), DatasetError, `${path}:1`);
    await writeRows(path, policyRows);
    await Deno.writeTextFile(path, "{}\n", { append: true });
    await assertRejects(() => readDataset(path), DatasetError, `${path}:3`);
  });
});

Deno.test("datasets: one without rows is refused", async () => {
  await inFile((path) => assertRejects(() => readDataset(path), DatasetError, "one row or more"));
});

Deno.test("datasets: a file that is not there is a dataset's error", async () => {
  const error = await assertRejects(
    () => readDataset("/nowhere/rows"),
    DatasetError,
    "/nowhere/rows: expected a dataset",
  );
  assertEquals(error.cause instanceof Deno.errors.NotFound, true);
});

Deno.test("reflection examples: the prompt ends at the marker, the completion with the end of text", () => {
  const examples = reflectionExamples(reflectionRows, tokenizer);
  const texts = examples.map(({ prompt, completion }) => {
    assertEquals(completion.at(-1), tokenizer.endOfText);
    return [tokenizer.decode(prompt), tokenizer.decode(completion.slice(0, -1))];
  });
  assertEquals(texts, [
    [composeReflectionPrompt(doors()), " Take the right."],
    [composeReflectionPrompt(doors("Once. ")), " "],
  ]);
});

Deno.test("policy examples: prompts with the rows' reflections or without any", () => {
  const policy = tinyPolicy(gpu().device);
  for (const withReflection of [true, false]) {
    const examples = policyExamples(policyRows, policy, { withReflection });
    assertEquals(
      examples.map(({ prompt }) => tokenizer.decode(prompt)),
      policyRows.map(({ observation, reflection }) => {
        return composePolicyPrompt(observation, withReflection ? reflection : "");
      }),
    );
    assertEquals(examples.map(({ choices, target }) => [choices, target]), [[2, 1], [2, 0]]);
  }
});

Deno.test("policy examples: the action that was taken, or the expert's where there is one", () => {
  const policy = tinyPolicy(gpu().device);
  const [first, second] = [policyRows[0]!, policyRows[1]!];
  const rows = [{ ...first, label: "1", best: "0" }, second, { ...first, label: "0", best: "1" }];
  const targets = (target?: "taken" | "best") =>
    policyExamples(rows, policy, { withReflection: true, ...(target ? { target } : {}) })
      .map(({ target }) => target);
  assertEquals(targets(), [1, 0, 0]);
  assertEquals(targets("taken"), [1, 0, 0]);
  assertEquals(second.best, undefined);
  assertEquals(targets("best"), [0, 1]);
  assertThrows(
    () => policyExamples([second], policy, { withReflection: true, target: "best" }),
    DatasetError,
    'no row of 1 has the expert\'s label ("best")',
  );
});

Deno.test("policy examples: one that does not fit the model is refused", () => {
  const observation = doors("Once. ".repeat(60));
  const rows = [{ ...policyRows[0]!, observation }];
  const policy = tinyPolicy(gpu().device);
  assertThrows(
    () => policyExamples(rows, policy, { withReflection: true }),
    RangeError,
    "context of 48",
  );
});

Deno.test("texts for the tokenizer: what is read, and what is written", () => {
  assertEquals(reflectionTexts(reflectionRows), [
    "Two doors. # Analyze: Take the right.",
    "Once. Two doors. # Analyze: ",
  ]);
  assertEquals(policyTexts(policyRows, true), [
    "Two doors. # Analyze: Take the right. # Actions: 0 left 1 right # Action: 1",
    "Once. Two doors. # Actions: 0 left 1 right # Action: 0",
  ]);
  assertEquals(
    policyTexts(policyRows, false)[0],
    "Two doors. # Actions: 0 left 1 right # Action: 1",
  );
});
