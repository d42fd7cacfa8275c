/**
 * The stages that train and play, on a few demonstrations: what they leave behind fits together.
 */
import {
  assert,
  assertEquals,
  assertLess,
  assertNotEquals,
  assertRejects,
} from "../../std/assert.ts";
import { onnx } from "../../agents/onnx.ts";
import { composeReflectionPrompt } from "../../agents/prompt.ts";
import { Artifact } from "../../engine/artifact.ts";
import { WorkflowError } from "../../engine/engine.ts";
import type { StageContext, StageModule } from "../../engine/module.ts";
import { LimitError, requestDevice } from "../../kernels/kernels.ts";
import { type LanguageModel, loadModel } from "../../models/language_model.ts";
import { readSafetensors } from "../../models/safetensors.ts";
import { openSession, type Tensor } from "../../models/onnx/session.ts";
import { collect } from "../../stages/collect.ts";
import { evaluate } from "../../stages/evaluate.ts";
import { rl } from "../../stages/rl.ts";
import { sft } from "../../stages/sft.ts";
import { loadWorkflow } from "../../stages/workflow.ts";
import { readReflectionRows } from "../../training/dataset.ts";
import { readResults } from "../../training/results.ts";
import { assertClose } from "../kernels/close.ts";
import { wrap } from "../kernels/wrap.ts";
import { noCheckpoints } from "./no_checkpoints.ts";

const folder = await Deno.makeTempDir();
const device = await requestDevice();
globalThis.addEventListener("unload", () => {
  device.dispose();
  Deno.removeSync(folder, { recursive: true });
});

const env = { uses: "taxi", with: { task: "pickup" } };
const metrics: number[] = [];

/** Runs a stage in a folder of its own; gives a function from output to artifact. */
async function run<With>(instance: string, stage: StageModule<With>, input: unknown) {
  const own = `${folder}/${instance}`;
  await Deno.mkdir(own);
  metrics.length = 0;
  const context: StageContext = {
    instance,
    seed: 1,
    signal: new AbortController().signal,
    device: "auto",
    folder: own,
    checkpoints: noCheckpoints,
    output: (name) => `${own}/${name}`,
    log: () => {},
    progress: () => {},
    metric: (step) => metrics.push(step),
    gauge: () => {},
  };
  await stage.run(stage.with.parse(input), context);
  return (name: string) => {
    const { kind } = stage.outputs[name]!;
    return new Artifact(kind, `${own}/${name}`, "", `${instance}.${name}`);
  };
}

const demos = await run("demos", collect, { env, episodes: 20, negatives: 0.3 });
const observations = (await readReflectionRows(demos("reflection").path))
  .map(({ observation }) => observation);

/** Logits after the last token of a prompt, by onnxruntime. */
async function onnxLogits(path: string, { model }: LanguageModel, tokens: number[]) {
  const { session, integers, floats } = await openSession(`${path}/model.onnx`);
  const shape = [1, tokens.length];
  const feeds: Record<string, Tensor> = {
    input_ids: integers(BigInt64Array.from(tokens, BigInt), shape),
    position_ids: integers(BigInt64Array.from(tokens, (_, i) => BigInt(i)), shape),
    attention_mask: integers(BigInt64Array.from(tokens, () => 1n), shape),
  };
  const { layers, keyValueHeads, headSize } = model.shape;
  for (let layer = 0; layer < layers; layer++) {
    for (const part of ["key", "value"]) {
      const empty = [1, keyValueHeads, 0, headSize];
      feeds[`past_key_values.${layer}.${part}`] = floats(new Float32Array(0), empty);
    }
  }
  const { last_logits } = await session.run(feeds);
  await session.release();
  assert(last_logits?.data instanceof Float32Array);
  return last_logits.data;
}

/** Each family, as a workflow names it; Llama with keys and values that heads of queries share. */
const families = [["gpt2", "gpt2"], [
  { uses: "llama", with: { keyValueHeads: 2 } },
  "llama",
]] as const;

for (const [model, name] of families) {
  Deno.test(`sft leaves a reflection model whose ONNX export computes and writes the same: ${name}`, async () => {
    const trained = await run(`reflector-${name}`, sft, {
      model,
      dataset: demos("reflection"),
      steps: 40,
      learningRate: 0.003,
      clip: 1,
    });
    assertEquals(metrics, [5, 10, 15, 20, 25, 30, 35, 40]);
    const loaded = loadModel(trained("model").path, { device });
    const agent = await onnx.make({
      model: trained("onnx"),
      maxTokens: 12,
      temperature: 0,
      batchSize: 8,
    });
    const batch = observations.slice(0, 6);
    const prompts = batch.map((each) => loaded.tokenizer.encode(composeReflectionPrompt(each)));
    const ours = await loaded.logits(prompts);
    for (const [i, prompt] of prompts.entries()) {
      const theirs = await onnxLogits(trained("onnx").path, loaded, prompt);
      const gap = Math.max(...theirs.map((value, j) => Math.abs(value - ours[i]![j]!)));
      assertLess(gap, 1e-4, `logits of prompt ${i}`);
    }
    const texts = (await loaded.generate(prompts, { maxTokens: 12 }))
      .map((tokens) => loaded.tokenizer.decode(tokens).trim());
    const signal = new AbortController().signal;
    assertEquals(await agent.reflect(batch, { seed: 1, signal }), texts);
    assert(texts.some((text) => text !== ""));
    await agent.dispose?.();
    loaded.dispose();
  });
}

for (const [model, name] of families) {
  Deno.test(`a policy is fine-tuned, goes on from its artifact, acts online and is evaluated: ${name}`, async () => {
    const dataset = demos("policy");
    const first = await run(`first-${name}`, sft, {
      model,
      dataset,
      reflection: false,
      steps: 10,
      learningRate: 0.003,
    });
    const second = await run(`second-${name}`, sft, {
      model: first("model"),
      dataset,
      reflection: false,
      steps: 5,
    });
    const before = await Deno.readFile(`${first("model").path}/model.safetensors`);
    const after = await Deno.readFile(`${second("model").path}/model.safetensors`);
    assertEquals(after.length, before.length);
    assert(after.some((byte, i) => byte !== before[i]), "going on changed no weight");
    const acted = await run(`acted-${name}`, rl, {
      env,
      policy: second("model"),
      algorithm: { uses: "policy-gradient", with: { iterations: 2, episodes: 4 } },
    });
    assertEquals(metrics, [1, 2]);
    const played = await run(`played-${name}`, evaluate, {
      name: "tiny",
      env,
      policy: acted("model"),
      episodes: 10,
      batch: 4,
      transcripts: 3,
    });
    const { results, transcripts } = await readResults(played("results").path);
    assertEquals([results.name, results.env, results.task, results.split], [
      "tiny",
      "taxi",
      "pickup",
      "test",
    ]);
    assertEquals([results.episodes.length, results.horizon, transcripts.length], [10, 15, 3]);
    for (const transcript of transcripts) {
      const episode = results.episodes.find(({ seed }) => seed === transcript.seed);
      assertEquals(episode?.steps, transcript.steps.length);
      assert(transcript.steps.every(({ prompt, reflection }) => {
        return prompt.endsWith(" # Action:") && reflection === "";
      }));
    }
  });
}

Deno.test("with precision f16 a policy is fine-tuned and acts online; what is saved is f32", async () => {
  const fineTuning = {
    model: "gpt2",
    dataset: demos("policy"),
    reflection: false,
    steps: 10,
    learningRate: 0.003,
  };
  const single = await run("single", sft, fineTuning);
  const half = await run("half", sft, { ...fineTuning, precision: "f16" });
  const acting = {
    env,
    policy: half("model"),
    algorithm: { uses: "policy-gradient", with: { iterations: 1, episodes: 4 } },
  };
  const actedSingle = await run("acted-single", rl, acting);
  const actedHalf = await run("acted-half", rl, { ...acting, precision: "f16" });
  for (const [f32, f16] of [[single, half], [actedSingle, actedHalf]] as const) {
    const [expected, actual] = [f32, f16].map((outputs) =>
      readSafetensors(`${outputs("model").path}/model.safetensors`)
    );
    assertEquals(actual!.size, expected!.size);
    for (const [name, { dtype, data }] of actual!) {
      assertEquals(dtype, "F32", name);
      assertClose(data, expected!.get(name)!.data, 0.01, name);
    }
    const table = actual!.get("transformer.wte.weight")!.data;
    assert(table.some((value) => Math.f16round(value) !== value), "saved weights were rounded");
    assertNotEquals(table, expected!.get("transformer.wte.weight")!.data);
  }
});

Deno.test("precision f16 says so where the adapter cannot, and is f32 or f16", async () => {
  const { gpu } = navigator;
  const request = gpu.requestAdapter;
  gpu.requestAdapter = async (options) => {
    const adapter = await request.call(gpu, options);
    return wrap(adapter!, { features: new Set(["timestamp-query"]) });
  };
  const dataset = demos("policy");
  const policy = await Deno.makeTempDir({ dir: folder });
  try {
    for (
      const attempt of [
        () => run("no-half", sft, { model: "gpt2", dataset, precision: "f16" }),
        () => run("no-half-rl", rl, { env, policy, precision: "f16" }),
      ]
    ) {
      await assertRejects(attempt, LimitError, "needs an adapter with shader-f16, and ");
    }
  } finally {
    gpu.requestAdapter = request;
  }
  for (const { with: schema } of [sft, rl]) {
    const parsed = schema.safeParse({ model: "gpt2", env, dataset, policy, precision: "half" });
    assertEquals(parsed.error?.issues.some(({ path }) => path[0] === "precision"), true);
  }
});

Deno.test("labels beyond those of the data are tokens where they are asked for", async () => {
  const labelsOf = async (name: string, change: { labels?: number }) => {
    const trained = await run(name, sft, {
      model: "gpt2",
      dataset: demos("policy"),
      steps: 1,
      ...change,
    });
    const { tokenizer } = loadModel(trained("model").path, { device });
    return [" 5", " 6", " 11", " 12"].map((label) => tokenizer.encode(label).length);
  };
  assertEquals(await labelsOf("few-labels", {}), [1, 2, 2, 2]);
  assertEquals(await labelsOf("more-labels", { labels: 12 }), [1, 1, 1, 2]);
  assertEquals(await labelsOf("fewer-labels", { labels: 2 }), [1, 2, 2, 2]);
});

Deno.test("sft takes a family by name, or says at the token what it takes", async () => {
  const file = `${folder}/workflow.yaml`;
  const load = async (model: string) => {
    await Deno.writeTextFile(
      file,
      `name: x
stages:
  demos: { uses: collect, with: { env: taxi, episodes: 3 } }
  policy:
    uses: sft
    with:
      model: ${model}
      dataset: "\${{ stages.demos.outputs.policy }}"
`,
    );
    return await loadWorkflow(file);
  };
  for (const model of ["gpt2", "{ uses: gpt2, with: { preset: micro } }"]) {
    assertEquals((await load(model)).instances.length, 2);
  }
  const wrong = {
    "gtp2": ":7:14: error[path-not-found]",
    "{ uses: gtp2 }": 'did you mean "gpt2"?',
    '"${{ stages.demos.outputs.policy }}"': "expected a model (a reference",
    "7": "expected a model (a reference",
  };
  for (const [model, says] of Object.entries(wrong)) {
    await assertRejects(() => load(model), WorkflowError, says);
  }
});
