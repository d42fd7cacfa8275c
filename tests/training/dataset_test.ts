import { assertEquals, assertRejects } from "../../std/assert.ts";
import {
  DatasetError,
  type PolicyRow,
  readPolicyRows,
  readReflectionRows,
  type ReflectionRow,
  writeRows,
} from "../../training/dataset.ts";

const reflection: ReflectionRow = {
  observation: {
    history: "Path east. ",
    state: "Here.\nAnd “there”.",
    actions: [{ label: "0", text: "go" }, { label: "1", text: "stay" }],
  },
  reflection: "I go.",
  episode: 3,
  step: 0,
};
const policy: PolicyRow = { ...reflection, label: "1", best: "0" };

async function inFile<T>(use: (path: string) => Promise<T>): Promise<T> {
  const path = await Deno.makeTempFile({ suffix: ".jsonl" });
  try {
    return await use(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("rows are written one a line and read back the same", () =>
  inFile(async (path) => {
    const { best: _best, ...unplanned } = policy;
    await writeRows(path, [policy, unplanned]);
    assertEquals((await Deno.readTextFile(path)).split("\n").length, 3);
    assertEquals(await readPolicyRows(path), [policy, unplanned]);
    await writeRows(path, [reflection]);
    assertEquals(await readReflectionRows(path), [reflection]);
    await writeRows(path, []);
    assertEquals(await readReflectionRows(path), []);
  }));

Deno.test("a bad line is told with file, line and what is wrong", () =>
  inFile(async (path) => {
    const good = JSON.stringify(policy);
    const bad: [string, string][] = [
      ["{", "expected a row of a policy dataset: "],
      ["", "expected a row of a policy dataset: "],
      [JSON.stringify(reflection), "label: "],
      [
        JSON.stringify({ ...policy, label: "7" }),
        "label: is not one of observation.actions",
      ],
      [
        JSON.stringify({ ...policy, best: "7" }),
        "best: is not one of observation.actions",
      ],
      [JSON.stringify({ ...policy, step: -1 }), "step: "],
      [JSON.stringify({ ...policy, best: null }), "best: "],
      [JSON.stringify({ ...policy, lable: "1" }), '"lable"'],
    ];
    for (const [line, says] of bad) {
      await Deno.writeTextFile(path, `${good}\n${line}\n${good}\n`);
      const error = await assertRejects(
        () => readPolicyRows(path),
        DatasetError,
      );
      const message = (error as Error).message;
      assertEquals(
        [message.startsWith(`${path}:2: `), message.includes(says)],
        [true, true],
        message,
      );
    }
    await writeRows(path, [policy]);
    await assertRejects(
      () => readReflectionRows(path),
      DatasetError,
      '"label", "best"',
    );
  }));

Deno.test("a missing file is told as what was expected", async () => {
  await assertRejects(
    () => readPolicyRows("/nowhere/policy.jsonl"),
    DatasetError,
    "/nowhere/policy.jsonl: expected a dataset (a JSON Lines file): ",
  );
});
