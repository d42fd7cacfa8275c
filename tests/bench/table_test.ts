import { assert, assertEquals, assertStringIncludes, assertThrows } from "../../std/assert.ts";
import { barsOf, growthsOf, tablesOf, writeTables } from "../../bench/table.ts";
import { results } from "./results.ts";

const BEGIN = "<!-- results: written by deno task bench -->";
const END = "<!-- end of results -->";

Deno.test("a table has rates, ranges, the share of the peak and the ratio", () => {
  const row = tablesOf(results).split("\n").find((line) => line.startsWith("| NN 1024"));
  assertEquals(row?.split("|").map((cell) => cell.trim()).filter((cell) => cell !== ""), [
    "NN 1024 × 1024 × 1024",
    "25 (20–30)",
    "25%",
    "2.5 (2–3)",
    "9.5×",
  ]);
});

Deno.test("environments have a table, also against a peer", () => {
  const row = tablesOf(results).split("\n").find((line) => line.startsWith("| taxi"));
  assertEquals(row?.split("|").map((cell) => cell.trim()).filter((cell) => cell !== ""), [
    "taxi × 64",
    "300000",
    "200000",
    "1.5×",
  ]);
});

Deno.test("what the engine costs is told in milliseconds", () => {
  const row = tablesOf(results).split("\n").find((line) => line.startsWith("| chain"));
  assertEquals(row?.split("|").map((cell) => cell.trim()).filter((cell) => cell !== ""), [
    "chain",
    "100",
    "50",
    "10",
    "80",
  ]);
});

Deno.test("a quick run says that it is one, and a missing peer is named", () => {
  const text = tablesOf(results);
  assertStringIncludes(text, "Measured 2026-11-25. **A quick run");
  assertStringIncludes(text, "- pytorch-cpu: not measured (python3 has no torch)");
});

Deno.test("tables go between the markers, again and again", () => {
  const once = writeTables(`before\n\n${BEGIN}\n\nold\n\n${END}\n\nbehind\n`, results);
  assert(once.startsWith(`before\n\n${BEGIN}\n\nAbacus, 2 cores`));
  assert(once.endsWith(`\n\n${END}\n\nbehind\n`));
  assert(!once.includes("old"));
  assertEquals(writeTables(once, results), once);
  assertThrows(() => writeTables("nothing", results), TypeError, BEGIN);
  assertThrows(() => writeTables(`${END} ${BEGIN}`, results), TypeError, END);
});

Deno.test("bench/README.md has the markers", async () => {
  writeTables(await Deno.readTextFile(new URL("../../bench/README.md", import.meta.url)), results);
});

Deno.test("growth is told of curves with two points", () => {
  assertEquals(growthsOf(results.scaling), [{ what: "batch", exponent: 1 }]);
});

Deno.test("bars are told on software adapters", () => {
  assertEquals(barsOf(results), [
    "bar: product at 1024³ at least 5× jax-js-webgpu: met (9.5×)",
    "bar: training 4×128 at least 4× jax-js-webgpu: not measured",
    "bar: training 6×384 at least 4× jax-js-webgpu: missed (3×)",
  ]);
  assertEquals(barsOf({ ...results, machine: { ...results.machine, softwareAdapter: false } }), []);
});
