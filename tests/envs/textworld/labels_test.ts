import { assertEquals, assertThrows } from "../../../std/assert.ts";
import { LABELS } from "../../../envs/labels.ts";
import { labelled } from "../../../envs/textworld/labels.ts";
import { Recent } from "../../../envs/textworld/recent.ts";

Deno.test("commands get the labels agents know, in order", () => {
  const commands = LABELS.map((_, i) => `command ${i}`);
  assertEquals(labelled(commands).map(({ label }) => label), LABELS);
  assertEquals(labelled(["a", "b"]), [{ label: "0", text: "a" }, { label: "1", text: "b" }]);
  assertThrows(() => labelled([...commands, "more"]), RangeError, "253 commands are possible");
});

Deno.test("what was used last is kept, what was not is made again", () => {
  const recent = new Recent<string>(2);
  const made: string[] = [];
  const get = (key: string) => recent.get(key, () => (made.push(key), key.toUpperCase()));
  assertEquals(["a", "b", "a", "c", "a", "b"].map(get), ["A", "B", "A", "C", "A", "B"]);
  assertEquals(made, ["a", "b", "c", "b"]);
});
