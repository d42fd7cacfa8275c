/**
 * Files that no editor writes on purpose: the whole of what is said of each.
 */
import { join } from "node:path";
import { loadWorkflow, WorkflowError } from "../../engine/engine.ts";
import { MAX_BYTES } from "../../engine/yaml_tree.ts";
import { assertEquals, assertLess, assertRejects } from "../../std/assert.ts";
import { stages } from "./modules.ts";

const STAGES = "stages:\n  one: { uses: make, with: { size: 1 } }\n";

/** The errors of a file with these contents, the folder left out; none where it is right. */
async function errorsOf(contents: string | Uint8Array): Promise<string[]> {
  const folder = await Deno.makeTempDir({ prefix: "hostile-" });
  const file = join(folder, "flow.yaml");
  try {
    await Deno.writeFile(
      file,
      typeof contents === "string" ? new TextEncoder().encode(contents) : contents,
    );
    await loadWorkflow(file, { stages });
    return [];
  } catch (error) {
    if (!(error instanceof WorkflowError)) throw error;
    return error.message.replaceAll(`${folder}/`, "").split("\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const bytes = (...parts: (string | number)[]) =>
  new Uint8Array(
    parts.flatMap((part) =>
      typeof part === "number" ? [part] : [...new TextEncoder().encode(part)]
    ),
  );

Deno.test("marks, line ends and empty files are what editors make of them", async () => {
  assertEquals(await errorsOf(bytes(0xef, 0xbb, 0xbf, STAGES)), []);
  assertEquals(await errorsOf(STAGES.replaceAll("\n", "\r\n")), []);
  const unknown = 'error[unknown-key]: stage "one" has no input "sise"; did you mean "size"? ' +
    "(valid: size, name, mode, parts)";
  const wrong = STAGES.replace("size: 1", "size: 1, sise: 2");
  const expected = [`flow.yaml:2:39: ${unknown}`];
  assertEquals(await errorsOf(bytes(0xef, 0xbb, 0xbf, wrong)), expected);
  assertEquals(await errorsOf(wrong.replaceAll("\n", "\r\n")), expected);
  for (const empty of ["", "\n\n  \n", "# nothing\n"]) {
    assertEquals(await errorsOf(empty), [
      "flow.yaml:1:1: error[wrong-type]: the workflow: expected a map, got nothing",
    ]);
  }
  assertEquals(await errorsOf(STAGES.replaceAll("\n", "\r")), [
    "flow.yaml:1:8: error[control-character]: a carriage return stands alone here: save the file " +
    "with LF or CRLF at the ends of lines",
  ]);
});

Deno.test("what is no text is refused at its place", async () => {
  const notText = "error[not-text]: this is no UTF-8 text: save the file as UTF-8";
  const latin = bytes("name: x\ndescription: caf", 0xe9, "\n", STAGES);
  assertEquals(await errorsOf(latin), [`flow.yaml:2:17: ${notText}`]);
  assertEquals(await errorsOf(bytes(0xff, 0xfe, 0x73, 0, 0x74, 0)), [`flow.yaml:1:1: ${notText}`]);
  const stray = (code: string) =>
    `error[control-character]: the control character U+${code} cannot stand in a workflow file`;
  assertEquals(await errorsOf(`name: x\n# \x07\n${STAGES}`), [`flow.yaml:2:3: ${stray("0007")}`]);
  assertEquals(await errorsOf(`description: a\x1b[31m\n${STAGES}`), [
    `flow.yaml:1:15: ${stray("001B")}`,
  ]);
  assertEquals(await errorsOf(bytes("\0\0\0\0")), [`flow.yaml:1:1: ${stray("0000")}`]);
});

Deno.test("what is no file, or has no end, is refused", async () => {
  const said = async (path: string) =>
    (await assertRejects(() => loadWorkflow(path, { stages }), WorkflowError)).message;
  assertEquals(
    await said("tests"),
    "tests: error[file-not-found]: this is a folder: give the path of a workflow file",
  );
  assertEquals(
    await said("tests/nowhere/flow.yaml"),
    "tests/nowhere/flow.yaml: error[file-not-found]: there is no such file, nor a folder tests/nowhere",
  );
  assertEquals(
    await said("/dev/zero"),
    `/dev/zero:1:1: error[too-large]: a workflow file has at most ${MAX_BYTES} bytes, this one has more`,
  );
});

Deno.test("sizes are bounded, and the message says by what", async () => {
  const size = MAX_BYTES + 1;
  assertEquals(await errorsOf(`# ${"x".repeat(MAX_BYTES - 4 - STAGES.length)}\n${STAGES}`), []);
  assertEquals(await errorsOf("x".repeat(size)), [
    `flow.yaml:1:1: error[too-large]: a workflow file has at most ${MAX_BYTES} bytes, this one has ${size}`,
  ]);
  const began = performance.now();
  assertEquals(await errorsOf(`vars: { a: ${"[".repeat(20_000)} }\n${STAGES}`), [
    "flow.yaml:1:1: error[too-deep]: values may be nested at most 40 levels deep",
  ]);
  assertLess(performance.now() - began, 10_000);
});

Deno.test("very many inputs with defaults are read at once", async () => {
  const many = Array.from({ length: 20_000 }, (_, index) => `  i${index}: { default: 1 }\n`);
  const began = performance.now();
  assertEquals(await errorsOf(`${STAGES}\ninputs:\n${many.join("")}`), []);
  // Some two seconds, also on a busy machine; where each input looks at all others, ten times that.
  assertLess(performance.now() - began, 10_000);
});

Deno.test("of very many errors the first are told", async () => {
  const many = Array.from({ length: 600 }, (_, index) => `  s${index}: { uses: nothing }\n`);
  const errors = await errorsOf(`stages:\n${many.join("")}`);
  assertEquals(errors.length, 501);
  assertEquals(
    errors.at(-1),
    "flow.yaml:502:17: error[too-many-errors]: there are more than 500 errors",
  );
});

Deno.test("a text that is nothing but errors is not read to its end", async () => {
  for (const sign of [",", "}"]) {
    const errors = await errorsOf(`stages: { one: ${sign.repeat(30_000)}`);
    // The parser counts wrong tokens and wrong values apart.
    assertLess(errors.length, 110);
    assertEquals(errors[0]?.includes("error[yaml]: Unexpected"), true);
  }
});

Deno.test("a module that is no program is told at the stage that uses it", async () => {
  const folder = await Deno.makeTempDir({ prefix: "hostile-" });
  try {
    await Deno.writeTextFile(`${folder}/unfinished.ts`, "export default {\n");
    await Deno.writeTextFile(`${folder}/flow.yaml`, "stages: { one: { uses: ./unfinished.ts } }\n");
    const error = await assertRejects(
      () => loadWorkflow(`${folder}/flow.yaml`, { stages }),
      WorkflowError,
    );
    const [said, ...others] = error.message.replaceAll(`${folder}/`, "").split("\n");
    const begin =
      "flow.yaml:1:24: error[module-failed]: ./unfinished.ts cannot be imported: Syntax";
    assertEquals([said?.slice(0, begin.length), others], [begin, []]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
