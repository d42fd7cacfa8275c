import { assertEquals, assertGreater } from "../../std/assert.ts";
import { forAll } from "../kernels/property.ts";
import { corpus, FuzzFolder, spoil } from "./fuzz.ts";

const CASES = 400;

Deno.test("what is spoilt is right to begin with", async () => {
  await using folder = await FuzzFolder.make();
  assertEquals(await folder.check(new TextEncoder().encode(corpus().at(-1))), 0);
});

Deno.test("a spoilt workflow file is taken or refused at its tokens, soon, and runs nothing", async () => {
  const texts = corpus();
  await using folder = await FuzzFolder.make();
  let refused = 0;
  await forAll(CASES, async (random) => {
    if (await folder.check(spoil(random, texts)) > 0) refused++;
  });
  if (Deno.env.get("PROPERTY_SEED") === undefined) assertGreater(refused, CASES / 2);
});
