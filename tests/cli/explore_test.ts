/**
 * `deno task explore` with an untrained policy: at a high temperature it takes any command, so that some
 * seed identifies the one file there is.
 */
import { fileURLToPath } from "node:url";
import { requestDevice } from "../../kernels/kernels.ts";
import { exportOnnx } from "../../models/onnx/export.ts";
import { writeModelFolder } from "../../models/model_folder.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../std/assert.ts";
import { type Exploration, explore, ExploreError } from "../../stages/explore.ts";
import { writeTree } from "../envs/auto-explore/sample_tree.ts";
import { tinyModel, tokenizer } from "../training/tiny.ts";

const repository = new URL("../..", import.meta.url);
const folder = await Deno.makeTempDir();
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

const device = await requestDevice();
for (const [name, positions] of [["policy", 512], ["short", 32]] as const) {
  const model = tinyModel(device, 4, { n_positions: positions });
  writeModelFolder(`${folder}/${name}`, {
    config: model.config,
    parameters: await model.weights(),
    tokenizer,
  });
}
device.dispose();
exportOnnx(`${folder}/policy`, `${folder}/reflector`);

const ROOT = writeTree({ "garden.txt": "roses", ".hidden": "no" });
const REQUEST = {
  question: "Where are the roses?",
  root: ROOT,
  model: `${folder}/policy`,
  with: { reading: ["cat"] },
  temperature: 1e6,
  device: "auto" as const,
};

/** The first seed with which a file is identified. */
async function found(): Promise<{ seed: number; exploration: Exploration }> {
  for (let seed = 0; seed < 100; seed++) {
    const exploration = await explore({ ...REQUEST, seed });
    if (exploration.file !== undefined) return { seed, exploration };
  }
  throw new Error("no seed of a hundred identified a file");
}

async function run(...args: string[]): Promise<{ code: number; out: string; error: string }> {
  const { code, stdout, stderr } = await new Deno.Command("deno", {
    args: ["task", "-q", "explore", ...args],
    cwd: fileURLToPath(repository),
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), error: text.decode(stderr) };
}

Deno.test("explore: the file and the path taken, in words and as JSON", async () => {
  const { seed, exploration } = await found();
  assertEquals(exploration.file, "garden.txt");
  const commands = exploration.steps.map(({ command }) => command);
  assertEquals([commands[0], commands.at(-1)], ["ls", "id garden.txt"]);
  const args = [
    ...["--model", REQUEST.model, "--root", ROOT, "--with", '{"reading":["cat"]}'],
    ...["--temperature", "1000000", "--seed", String(seed), REQUEST.question],
  ];
  const words = await run(...args);
  assertEquals(words, {
    code: 0,
    out: ["garden.txt", ...commands.map((command) => `  ${command}`), ""].join("\n"),
    error: words.error,
  });
  const json = await run("--json", ...args);
  assertEquals([json.code, JSON.parse(json.out)], [0, exploration]);
});

Deno.test("explore: comments of a reflection model are read and told", async () => {
  const { steps } = await explore({ ...REQUEST, seed: 1, reflector: `${folder}/reflector` });
  assert(steps.some(({ reflection }) => reflection !== ""));
});

Deno.test("explore: a package's folder is named as in workflows", async () => {
  const { steps } = await explore({
    ...REQUEST,
    root: "npm:deno-std/semver/mod.js",
    with: { reading: ["cat"], page: 2, listing: 20 },
    seed: 1,
  });
  assert(steps.length > 0);
});

Deno.test("explore: wrong folders, options and questions are explained, with code 2", async () => {
  const wrong = async (change: Record<string, unknown>, message: string) => {
    const error = await assertRejects(() => explore({ ...REQUEST, seed: 1, ...change }), Error);
    assert(error instanceof ExploreError, String(error));
    assertStringIncludes(error.message, message);
  };
  await wrong({ model: ROOT }, "--model: expected a folder with config.json, tokenizer.json");
  await wrong({ reflector: REQUEST.model }, "--reflector: expected a folder with");
  await wrong({ root: `${ROOT}/nowhere` }, "root: expected a folder to explore");
  await wrong({ root: `${ROOT}/garden.txt` }, "give the folder it is in");
  await wrong({ root: "npm:no-such-package" }, "expected a module of an installed package");
  await wrong(
    { with: { pages: 1 } },
    '--with does not fit: environment "auto-explore": no option "pages"; did you mean "page"?',
  );
  await wrong({ with: { root: ROOT } }, "--with names a root; give the folder with --root alone");
  await wrong({ model: `${folder}/short` }, "exceeds the model's context of 32");
  const { code, error } = await run("--model", ROOT, "Where?");
  assertEquals(code, 2);
  assertStringIncludes(error, "error: --model: expected a folder with");
});

Deno.test("explore: arguments that cannot be understood end with 2 and the usage", async () => {
  const { exploreCommand } = await import("../../cli/explore.ts");
  const cases: [string[], string][] = [
    [["Where?"], "--model is missing"],
    [["--model", "x"], "an argument is missing"],
    [["--model", "x", " "], "the question is empty"],
    [["--model", "x", "--with", "[1]", "Where?"], "--with: expected JSON"],
    [
      ["--model", "x", "--seed", "one", "Where?"],
      '--seed: expected a number, 0 or more, got "one"',
    ],
    [["--model", "x", "--device", "cpu", "Where?"], "--device: expected auto, gpu or software"],
    [["--modle", "x", "Where?"], "--model"],
  ];
  for (const [args, message] of cases) {
    const error = await assertRejects(() => exploreCommand(args), Error);
    assertEquals(error.name, "UsageError");
    assertStringIncludes(error.message, message);
  }
});
