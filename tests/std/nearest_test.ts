import { assertEquals } from "../../std/assert.ts";
import { nearest } from "../../std/nearest.ts";

const WORDS = ["policy", "dataset", "steps", "env"];

Deno.test("a mistyped word finds its neighbour", () => {
  assertEquals(nearest("polcy", WORDS), "policy");
  assertEquals(nearest("polciy", WORDS), "policy");
  assertEquals(nearest("datasets", WORDS), "dataset");
  assertEquals(nearest("Steps", WORDS), "steps");
  assertEquals(nearest("enw", WORDS), "env");
});

Deno.test("a swap of neighbours is one edit", () => {
  assertEquals(nearest("nev", ["xyz", "env"]), "env");
});

Deno.test("a word that resembles none finds none", () => {
  assertEquals(nearest("reward", WORDS), undefined);
  assertEquals(nearest("x", WORDS), undefined);
  assertEquals(nearest("policy", []), undefined);
});
