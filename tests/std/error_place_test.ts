import { assertEquals, assertMatch } from "../../std/assert.ts";
import { describeError, userPlaceOf } from "../../std/error_place.ts";
import { Random } from "../../std/random.ts";

function errorOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
}

Deno.test("the place is the innermost one in a file of the user's, here this file", () => {
  const own = errorOf(() => JSON.parse("{"));
  assertMatch(userPlaceOf(own) ?? "", /^tests\/std\/error_place_test\.ts:14:\d+$/);
  // Thrown in std/random.ts, called from here.
  const ours = errorOf(() => new Random(1).below(0));
  assertMatch(
    describeError(ours),
    /^RangeError: .* \(at tests\/std\/error_place_test\.ts:17:\d+\)$/,
  );
});

Deno.test("no place where the stack has none", () => {
  for (const error of ["text", undefined, Object.assign(new Error("far"), { stack: "" })]) {
    assertEquals(userPlaceOf(error), undefined);
  }
  assertEquals(describeError("text"), "text");
});

Deno.test("what a message or an odd stack says is no place, and never an error of its own", () => {
  const messages = [
    "see file:///data/in.csv:3:4",
    "cannot open file://server/share/a.ts:3:4",
    "cannot open file:///tmp/100%/a.ts:3:4",
  ];
  for (const message of messages) {
    const error = new Error(message);
    error.stack = `Error: ${message}\n    at ext:core/00.js:1:1`;
    assertEquals(userPlaceOf(error), undefined);
  }
  const at = (frame: string) =>
    userPlaceOf(Object.assign(new Error("x"), { stack: `Error: x\n    at ${frame}` }));
  assertEquals(at("file://server/share/a.ts:3:4"), undefined);
  assertEquals(at("file:///tmp/%2F/a.ts:3:4"), undefined);
  assertEquals(at("f (file:///data/a%20(1)/b.ts:3:4)"), "/data/a (1)/b.ts:3:4");
  assertEquals(at("f (file:///home/u/npm/mine/b.ts:3:4)"), "/home/u/npm/mine/b.ts:3:4");
  assertEquals(at("f (file:///x/node_modules/zod/b.js:3:4)"), undefined);
  assertEquals(at("f (file:///c/deno/npm/registry.npmjs.org/zod/1.0.0/b.js:3:4)"), undefined);
  assertEquals(at(`f (${new URL("../../cli.ts", import.meta.url).href}:3:4)`), undefined);
  assertEquals(userPlaceOf(Object.assign(new Error("x"), { stack: 3 })), undefined);
});
