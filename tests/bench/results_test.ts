import { assertEquals, assertThrows } from "../../std/assert.ts";
import { emptyResults, parseResults, readResults } from "../../bench/results.ts";
import { results } from "./results.ts";

Deno.test("results are read back as they were written", () => {
  assertEquals(parseResults(JSON.stringify(results), "x"), results);
});

Deno.test("results from before a part was measured are still read", () => {
  const { engine: _engine, envs: _envs, ...before } = results;
  assertEquals(parseResults(JSON.stringify(before), "x"), { ...results, engine: [], envs: [] });
});

Deno.test("what are no results is an error that says what to do", () => {
  const [row] = results.matmul;
  const cases = ["", "{}", JSON.stringify({ ...results, matmul: [{ ...row, ours: "25" }] })];
  for (const text of cases) {
    assertThrows(() => parseResults(text, "r.json"), TypeError, "r.json holds no results");
  }
});

Deno.test("earlier results are kept on the same machine alone", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, JSON.stringify(results));
    assertEquals(readResults(path, results.machine), results);
    const other = { ...results.machine, cpu: "Pascaline" };
    assertEquals(readResults(path, other), emptyResults(other));
  } finally {
    await Deno.remove(path);
  }
  assertEquals(readResults(path, results.machine), emptyResults(results.machine));
});
