import { assertEquals, assertNotEquals, assertRejects, assertThrows } from "../../std/assert.ts";
import { onnx, type OnnxOptions } from "../../agents/onnx.ts";
import { composeReflectionPrompt } from "../../agents/prompt.ts";
import { makeReflectionAgent } from "../../agents/make.ts";
import { Generator } from "../../models/onnx/generator.ts";
import type { Observation } from "../../envs/environment.ts";
import { exportToTemporary, randomModel, recitingModel } from "../reference/models.ts";

const { tokenizer } = randomModel();
const signal = new AbortController().signal;

function observation(state: string): Observation {
  return { history: "", state, actions: [] };
}

/** A model that says `text` behind the prompt of `state`. */
function modelSaying(text: string, state: string): string {
  const prompt = composeReflectionPrompt(observation(state));
  const before = tokenizer.encode(prompt).length - 1;
  const script = [...Array(before).fill(5), ...tokenizer.encode(text)];
  return exportToTemporary(recitingModel(script));
}

function options(change: Partial<OnnxOptions> & { model: string }) {
  return onnx.with.parse(change);
}

Deno.test("it says what its model says behind the prompt", async () => {
  const model = modelSaying(" go north", "at row 1");
  const agent = await makeReflectionAgent("onnx", { model });
  const said = await agent.reflect([observation("at row 1")], {
    seed: 1,
    signal,
  });
  assertEquals(said, ["go north"]);
  await agent.dispose?.();
});

Deno.test("a comment is cut where the actions begin", async () => {
  for (const marker of [" # Action: 0", " # Actions: 0 go"]) {
    const model = modelSaying(` go${marker}`, "at row");
    const agent = await onnx.make(options({ model }));
    const said = await agent.reflect([observation("at row")], {
      seed: 1,
      signal,
    });
    assertEquals(said, ["go"]);
    await agent.dispose?.();
  }
});

Deno.test("comments come in order, duplicates and known ones included", async () => {
  const model = exportToTemporary(randomModel());
  for (const temperature of [0, 1]) {
    const settings = options({ model, maxTokens: 6, temperature });
    const states = ["at row 1", "row", "at row 1", "north", "row"];
    const agent = await onnx.make(settings);
    const warm = await agent.reflect([observation("north")], {
      seed: 1,
      signal,
    });
    const all = await agent.reflect(states.map(observation), {
      seed: 1,
      signal,
    });
    assertEquals(new Set(all).size, 3);
    assertEquals([all[0], all[1], all[3]], [all[2], all[4], warm[0]]);
    await agent.dispose?.();

    const fresh = await onnx.make(settings);
    for (const [i, state] of states.entries()) {
      const alone = await fresh.reflect([observation(state)], {
        seed: 1,
        signal,
      });
      assertEquals(alone, [all[i]]);
    }
    const other = await fresh.reflect(states.map(observation), {
      seed: 2,
      signal,
    });
    if (temperature === 0) assertEquals(other, all);
    else assertNotEquals(other, all);
    await fresh.dispose?.();
  }
});

Deno.test("each prompt is computed once", async () => {
  const computed: number[] = [];
  const generate = Generator.prototype.generate;
  Generator.prototype.generate = function (prompts, settings) {
    computed.push(prompts.length);
    return generate.call(this, prompts, settings);
  };
  try {
    const model = exportToTemporary(randomModel());
    for (const temperature of [0, 1]) {
      const agent = await onnx.make(
        options({ model, maxTokens: 2, temperature }),
      );
      for (const states of [["row"], ["at", "row", "at"], ["at", "row"]]) {
        const batch = states.map(observation);
        await agent.reflect(batch, { seed: 1, signal });
      }
      await agent.reflect([observation("at")], { seed: 2, signal });
      await agent.dispose?.();
    }
  } finally {
    Generator.prototype.generate = generate;
  }
  // Greedy comments do not depend on the seed, drawn ones do.
  assertEquals(computed, [1, 1, 0, 0, 1, 1, 0, 1]);
});

Deno.test("an agent restored from another's state knows its comments and computes none again", async () => {
  const model = exportToTemporary(randomModel());
  const settings = options({ model, maxTokens: 6 });
  const [first, second] = [await onnx.make(settings), await onnx.make(settings)];
  const batch = ["at row 1", "row", "north"].map(observation);
  const said = await first.reflect(batch, { seed: 1, signal });
  await second.reflect([observation("south")], { seed: 1, signal });
  second.restore?.(JSON.parse(JSON.stringify(first.state?.())));
  assertEquals(second.state?.(), first.state?.());
  const { generate } = Generator.prototype;
  Generator.prototype.generate = (prompts) => {
    assertEquals(prompts, []);
    return Promise.resolve([]);
  };
  try {
    assertEquals(await second.reflect(batch, { seed: 1, signal }), said);
  } finally {
    Generator.prototype.generate = generate;
  }
  assertThrows(() => second.restore?.([["only a key"]]));
  await first.dispose?.();
  await second.dispose?.();
});

Deno.test("an abort is heard, also where nothing needs computing", async () => {
  const model = exportToTemporary(randomModel());
  const agent = await onnx.make(options({ model, maxTokens: 2 }));
  await agent.reflect([observation("row")], { seed: 1, signal });
  const stopped = AbortSignal.abort(new Error("stopped"));
  for (const state of ["at row 1", "row"]) {
    await assertRejects(
      () => agent.reflect([observation(state)], { seed: 1, signal: stopped }),
      Error,
      "stopped",
    );
  }
  await agent.dispose?.();
});

Deno.test("options are checked", () => {
  assertThrows(() => onnx.with.parse({}), Error, "expected a onnx");
  assertThrows(() => onnx.with.parse({ model: "m", maxTokens: 0 }));
  const { maxTokens, temperature, batchSize } = options({ model: "m" });
  assertEquals([maxTokens, temperature, batchSize], [100, 0, 64]);
});

Deno.test("a process that used it ends by itself", async () => {
  const model = exportToTemporary(randomModel());
  const code = `
    import { onnx } from ${JSON.stringify(import.meta.resolve("../../agents/onnx.ts"))};
    const agent = await onnx.make(onnx.with.parse({ model: ${
    JSON.stringify(model)
  }, maxTokens: 2 }));
    const signal = new AbortController().signal;
    await agent.reflect([{ history: "", state: "row", actions: [] }], { seed: 1, signal });
    await agent.dispose();
    console.log("reflected");`;
  const file = Deno.makeTempFileSync({ suffix: ".ts" });
  Deno.writeTextFileSync(file, code);
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const child = new Deno.Command("deno", {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--config",
      config,
      "--allow-read",
      file,
    ],
    signal: AbortSignal.timeout(30_000),
  });
  const { code: status, stdout, stderr } = await child.output();
  assertEquals(new TextDecoder().decode(stderr), "");
  assertEquals(new TextDecoder().decode(stdout), "reflected\n");
  assertEquals(status, 0);
});
