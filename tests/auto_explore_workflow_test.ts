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
import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "../std/assert.ts";
import { behaviours } from "../training/behaviour.ts";
import { collect } from "../training/collect.ts";
import { policyTexts } from "../training/examples.ts";

const file = new URL("../workflows/auto-explore.yaml", import.meta.url);
const { vars, stages } = parse(await Deno.readTextFile(file));
const { model, random, negatives, "reflection-tokens": maxTokens } = stages.methods.with;

function environment() {
  const root = vars.trees.map((path: string) =>
    isPackageFolder(path) ? path : new URL(path, file).pathname
  );
  return makeEnvironment("auto-explore", { ...vars.env.with, root });
}

async function collected(split: "train" | "test", episodes: number) {
  return await collect({
    env: await environment(),
    agent: await makeReflectionAgent("oracle"),
    behaviour: await behaviours.get("oracle")!.make({ random }),
    ...{ episodes, split, negatives, seed: 1 },
    signal: new AbortController().signal,
  });
}

Deno.test("workflows/auto-explore.yaml loads, and tests each player at depths 1 and 2", async () => {
  const { instances } = await loadWorkflow(file.pathname);
  const names = instances.map(({ name }) => name);
  const tests = ["reflect-rl", "reflect-sft", "sft-rl", "sft"].map((name) =>
    `methods/test-${name}`
  );
  for (const depth of [1, 2]) {
    assert(names.includes(`random (task=depth-${depth})`));
    for (const test of tests) {
      assert(names.includes(`${test} (task=depth-${depth}, split=test)`), test);
    }
  }
});

Deno.test("its questions: enough of each depth, none in two of training, practice and tests", async () => {
  const env = await environment();
  const asked = async (task: string, split: string) => {
    const questions = new Set<unknown>();
    for (let seed = 0; seed < 2000; seed++) {
      const { info } = await env.reset({ seed, split, task });
      questions.add((info.state as { question: number }).question);
    }
    return questions;
  };
  for (const task of vars.depths) {
    const { "practice-split": practice } = stages.methods.with;
    const [train, practised, test] = [
      await asked(task, "train"),
      await asked(task, practice),
      await asked(task, "test"),
    ];
    const sizes = [train.size, practised.size, test.size];
    assert(train.size >= 500 && practised.size >= 150 && test.size >= 80, `${task}: ${sizes}`);
    const all = new Set([...train, ...practised, ...test]);
    assertEquals(all.size, sizes.reduce((sum, size) => sum + size));
  }
});

Deno.test("its demonstrations have every label that tests offer", async () => {
  const most = async (...[split, episodes]: Parameters<typeof collected>) => {
    const { policy } = await collected(split, episodes);
    return Math.max(...policy.map(({ observation }) => observation.actions.length));
  };
  // A quarter of all demonstrations.
  assertGreaterOrEqual(await most("train", 3000), await most("test", 1000));
});

Deno.test("its prompts fit the model's context, its comments the tokens they may take", async () => {
  const { positions, vocabulary } = model.with;
  const train = await collected("train", 1200);
  const tokenizer = Tokenizer.fromJson(trainTokenizer(policyTexts(train.policy, true), {
    vocabularySize: vocabulary,
    labels: Array.from({ length: 40 }, (_, index) => labelText(String(index))),
  }));
  const longest = (texts: readonly string[]) =>
    texts.map((text) => tokenizer.encode(text).length)
      .reduce((most, length) => Math.max(most, length), 0);
  for (const { policy, reflection } of [train, await collected("test", 300)]) {
    const marker = 4;
    assertLessOrEqual(longest(policyTexts(policy, false)) + marker + maxTokens, positions);
    const end = 1;
    assertLessOrEqual(
      longest(reflection.map((row) => ` ${row.reflection}`)) + end,
      maxTokens,
    );
  }
});
