import { checkLabels, labelPosition, LABELS } from "../../envs/labels.ts";
import { assertEquals, assertThrows } from "../../std/assert.ts";

function actions(...labels: string[]) {
  return labels.map((label) => ({ label }));
}

Deno.test("labels: 0 to 199, then small letters, then capital ones", () => {
  assertEquals(LABELS.length, 252);
  assertEquals(new Set(LABELS).size, 252);
  assertEquals([LABELS[0], LABELS[199], LABELS[200]], ["0", "199", "a"]);
  assertEquals([LABELS[225], LABELS[226], LABELS[251]], ["z", "A", "Z"]);
});

Deno.test("labels: each has its position, and nothing else has one", () => {
  assertEquals(LABELS.map(labelPosition), [...LABELS.keys()]);
  for (const wrong of ["200", "00", "", " 1", "é"]) {
    assertThrows(() => labelPosition(wrong), RangeError, JSON.stringify(wrong));
  }
});

Deno.test("labels: n actions carry the first n, in any order", () => {
  checkLabels(actions("0"));
  checkLabels(actions("2", "0", "1"));
  checkLabels(actions(...LABELS));
});

Deno.test("labels: a gap, a repetition or another label is refused", () => {
  for (const wrong of [["1"], ["0", "2"], ["0", "0"], ["0", "a"]]) {
    assertThrows(() => checkLabels(actions(...wrong)), RangeError, "must carry the labels 0 to");
  }
});

Deno.test("labels: no actions, or more than there are labels, are refused", () => {
  assertThrows(() => checkLabels([]), RangeError, "1 to 252 actions");
  assertThrows(() => checkLabels(actions(...LABELS, "252")), RangeError, "got 253");
});
