import { assertEquals, assertRejects } from "../../std/assert.ts";
import { Patience } from "../../std/settles.ts";

const never = () => new Promise<never>(() => {});

Deno.test("settles: the promise's own end, or an error, after which nothing is waited for", async () => {
  const patience = new Patience(200);
  assertEquals(await patience.settles(Promise.resolve(1), "it"), 1);
  await assertRejects(
    () => patience.settles(Promise.reject(new RangeError("own")), "it"),
    RangeError,
  );
  const late = "it gave a promise that did not settle within 0.2 s";
  await assertRejects(() => patience.settles(never(), "it"), Error, late);
  const began = performance.now();
  await assertRejects(() => patience.settles(never(), "another"), Error, late);
  assertEquals(performance.now() - began < 150, true);
});

Deno.test("made: methods are the object's own, with private fields, getters and setters", async () => {
  class Counter {
    #count = 0;
    next() {
      return ++this.#count;
    }
    get count() {
      return this.#count;
    }
    set count(value: number) {
      this.#count = value;
    }
    async later() {
      return await Promise.resolve(this.next());
    }
    never() {
      return never();
    }
    thenable() {
      return { then() {} } as unknown as Promise<void>;
    }
  }
  const counter = await new Patience(20).made(() => Promise.resolve(new Counter()));
  assertEquals([counter.next(), await counter.later(), counter.count], [1, 2, 2]);
  counter.count = 7;
  assertEquals([counter.count, "next" in counter, "other" in counter], [7, true, false]);
  await assertRejects(async () => await counter.thenable(), Error, "thenable gave a promise");
  await assertRejects(() => counter.never(), Error, "thenable gave a promise");
});

Deno.test({
  name: "a call that nobody waits for to its end keeps nothing alive once patience is disposed of",
  // A timer that were left behind would fail the test.
  sanitizeOps: true,
  sanitizeResources: true,
  fn: () => {
    using patience = new Patience(60_000);
    void patience.settles(never(), "it");
  },
});

Deno.test("made: what is no object is told", async () => {
  for (const value of [undefined, null, 3]) {
    await assertRejects(
      () => new Patience(20).made(() => Promise.resolve(value as unknown as object)),
      TypeError,
      `make gave ${value}; expected an object`,
    );
  }
});
