import { assertEquals, assertGreater } from "../../std/assert.ts";
import type { Checkpoints, StageContext } from "../../engine/module.ts";
import { collect } from "../../stages/collect.ts";
import { readPolicyRows, readReflectionRows } from "../../training/dataset.ts";
import { Store } from "../training/checkpoint_store.ts";
import { noCheckpoints } from "./no_checkpoints.ts";

const INPUT = {
  env: { uses: "taxi", with: { task: "pickup" } },
  episodes: 100,
  behaviour: { uses: "oracle", with: { random: 0.9 } },
  reflection: { uses: "oracle" },
  negatives: 0.3,
};

/** Runs the stage in a folder of its own and gives back what it told the engine. */
async function runIn(folder: string, checkpoints: Checkpoints = noCheckpoints, changes = {}) {
  const told: Record<string, unknown[]> = {
    progress: [],
    metric: [],
    gauge: [],
  };
  const context: StageContext = {
    instance: "demos",
    seed: 1,
    signal: new AbortController().signal,
    device: "auto",
    folder,
    checkpoints,
    output: (name) => `${folder}/${name}`,
    log: () => {},
    progress: (...call) => told["progress"]?.push(call),
    metric: (...call) => told["metric"]?.push(call),
    gauge: (...call) => told["gauge"]?.push(call),
  };
  await collect.run(collect.with.parse({ ...INPUT, ...changes }), context);
  return told;
}

Deno.test("collect leaves both datasets, the same for the same seed", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const told = await runIn(folder);
    const policy = await readPolicyRows(`${folder}/policy`);
    const reflection = await readReflectionRows(`${folder}/reflection`);
    assertEquals(reflection.length - policy.length, 30);
    assertEquals(told["progress"]?.at(-1), [100, 100, "episodes"]);
    const [step, values] = told["metric"]?.[0] as [
      number,
      Record<string, number>,
    ];
    assertEquals(step, 100);
    assertEquals(values["policyRows"], policy.length);
    assertEquals(values["negatives"], 30);
    const [gauge] = told["gauge"]?.[0] as [Record<string, number>];
    assertGreater(gauge["stepsPerSecond"] ?? 0, 100);

    const bytes = await Deno.readTextFile(`${folder}/policy`);
    const again = await runIn(folder);
    assertEquals(await Deno.readTextFile(`${folder}/policy`), bytes);
    assertEquals(again["metric"], told["metric"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("collect saves what it has, and goes on from it", async () => {
  const folder = await Deno.makeTempDir();
  using store = new Store();
  try {
    await runIn(folder, store, { checkpointEvery: 40 });
    assertEquals(store.saved, [64]);
    const bytes = await Deno.readTextFile(`${folder}/policy`);
    const again = await runIn(folder, store);
    assertEquals(again["progress"], [[96, 100, "episodes"], [100, 100, "episodes"]]);
    assertEquals(await Deno.readTextFile(`${folder}/policy`), bytes);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("every output is declared", () => {
  assertEquals(Object.keys(collect.outputs), ["reflection", "policy"]);
});

Deno.test("what is left out: the oracle acts and comments, on training starts, without negatives", () => {
  const { behaviour, reflection, negatives, split } = collect.with.parse({
    env: "taxi",
    episodes: 1,
  });
  assertEquals(
    [behaviour.uses, behaviour.with, reflection.uses, negatives, split],
    ["oracle", { random: 0 }, "oracle", 0, "train"],
  );
});

Deno.test("inputs that cannot be are refused", () => {
  const wrong = [
    { episodes: 0 },
    { negatives: 1.5 },
    { split: "most" },
    { behaviour: { uses: "oracle", with: { random: 2 } } },
    { env: "taxy" },
    { epsiodes: 3 },
  ];
  for (const change of wrong) {
    const parsed = collect.with.safeParse({ ...INPUT, ...change });
    assertEquals(parsed.success, false, JSON.stringify(change));
  }
});
