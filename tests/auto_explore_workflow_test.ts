/**
 * `workflows/auto-explore.yaml`: it loads, its tests ask what training does not, and its prompts fit the
 * model's context, comments of the most tokens included.
 */
import { parse } from "yaml";
import { makeReflectionAgent } from "../agents/make.ts";
import { labelText } from "../agents/prompt.ts";
import { isPackageFolder } from "../engine/package_folder.ts";
import { makeEnvironment } from "../envs/make.ts";
import { loadWorkflow } from "../mod.ts";
import { Tokenizer, trainTokenizer } from "../models/tokenizer/tokenizer.ts";
import { assert, assertEquals, assertLessOrEqual } from "../std/assert.ts";
import { behaviours } from "../training/behaviour.ts";
import { collect } from "../training/collect.ts";
import { policyTexts } from "../training/examples.ts";

const file = new URL("../workflows/auto-explore.yaml", import.meta.url);
const { vars, stages } = parse(await Deno.readTextFile(file));

function environment() {
  const options = vars.env.with;
  const root = options.root.map((path: string) =>
    isPackageFolder(path) ? path : new URL(path, file).pathname
  );
  return makeEnvironment("auto-explore", { ...options, root });
}

async function collected(split: "train" | "test", episodes: number) {
  return await collect({
    env: await environment(),
    agent: await makeReflectionAgent("oracle"),
    behaviour: await behaviours.get("oracle")!.make({ random: 0.5 }),
    ...{ episodes, split, negatives: 0.3, seed: 1 },
    signal: new AbortController().signal,
  });
}

Deno.test("workflows/auto-explore.yaml loads, and tests each player at depths 1 and 2", async () => {
  const { instances } = await loadWorkflow(file.pathname);
  const names = instances.map(({ name }) => name);
  const tests = ["reflect-rl", "reflect-sft", "sft-rl", "sft"].map((name) =>
    `methods/test-${name}`
  );
  for (const test of [...tests, "random"]) {
    for (const depth of [1, 2]) assert(names.includes(`${test} (task=depth-${depth})`), test);
  }
});

Deno.test("its questions: enough of each depth, none in training and tests", async () => {
  const env = await environment();
  const asked = async (split: "train" | "test", task: string) => {
    const questions = new Set<unknown>();
    for (let seed = 0; seed < 2000; seed++) {
      const { info } = await env.reset({ seed, split, task });
      questions.add((info.state as { question: number }).question);
    }
    return questions;
  };
  for (const task of vars.depths) {
    const [train, test] = [await asked("train", task), await asked("test", task)];
    assert(train.size >= 30 && test.size >= 5, `${task}: ${train.size} and ${test.size}`);
    assertEquals([...test].filter((question) => train.has(question)), []);
  }
});

Deno.test("its prompts fit the model's context", async () => {
  const { positions, vocabulary } = stages.methods.with.model.with;
  const train = await collected("train", 600);
  const tokenizer = Tokenizer.fromJson(trainTokenizer(policyTexts(train.policy, true), {
    vocabularySize: vocabulary,
    labels: Array.from({ length: 16 }, (_, index) => labelText(String(index))),
  }));
  const maxTokens = stages.methods.with["reflection-tokens"];
  for (const { policy } of [train, await collected("test", 300)]) {
    const longest = policyTexts(policy, false).map((text) => tokenizer.encode(text).length)
      .reduce((most, length) => Math.max(most, length), 0);
    const marker = 4;
    assertLessOrEqual(longest + marker + maxTokens, positions);
  }
});
