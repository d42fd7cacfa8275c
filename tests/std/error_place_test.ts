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
