import { assertEquals, assertRejects } from "../../std/assert.ts";
import { settles, watched } from "../../std/settles.ts";

Deno.test("settles: the promise's own end, or an error", async () => {
  assertEquals(await settles(Promise.resolve(1), "it", 1000), 1);
  await assertRejects(() => settles(Promise.reject(new RangeError("own")), "it", 1000), RangeError);
  await assertRejects(
    () => settles(new Promise(() => {}), "it", 5),
    Error,
    "it gave a promise that did not settle within 0.005 s",
  );
});

Deno.test("watched: methods are the object's own, private fields and getters too", async () => {
  class Counter {
    #count = 0;
    next() {
      return ++this.#count;
    }
    get count() {
      return this.#count;
    }
    async later() {
      return await Promise.resolve(this.next());
    }
    never() {
      return new Promise(() => {});
    }
  }
  const counter = watched(new Counter(), 5);
  assertEquals([counter.next(), await counter.later(), counter.count], [1, 2, 2]);
  assertEquals(Reflect.get(counter, "other"), undefined);
  await assertRejects(() => counter.never(), Error, "never gave a promise");
});
