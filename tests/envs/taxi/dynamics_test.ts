import { assertEquals, assertThrows } from "../../../std/assert.ts";
import { decode, encode, STATES, transition } from "../../../envs/taxi/dynamics.ts";
import fixture from "../../fixtures/taxi_transitions.json" with {
  type: "json",
};

Deno.test("every transition is Gymnasium's", () => {
  assertEquals(fixture.transitions.length, STATES);
  const own = fixture.transitions.map((row, state) =>
    row.map((_, action) => {
      const next = transition(state, action);
      return [next.state, next.reward, next.terminated];
    })
  );
  assertEquals(own, fixture.transitions);
});

Deno.test("states survive decoding and encoding", () => {
  for (let state = 0; state < STATES; state++) {
    assertEquals(encode(decode(state)), state);
  }
});

Deno.test("what is no state or action is refused", () => {
  for (const state of [-1, 500, 1.5, NaN]) {
    assertThrows(() => decode(state), RangeError, "0 to 499");
  }
  assertThrows(() => transition(0, 6), RangeError, "0 to 5");
});
