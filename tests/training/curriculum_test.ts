import {
  type CurriculumPart,
  curriculumSchema,
  partAt,
  tasksOf,
} from "../../training/curriculum.ts";
import { assert, assertEquals } from "../../std/assert.ts";

const THIRDS: CurriculumPart[] = [
  { task: "pickup", until: 0.33 },
  { task: "dropoff", until: 0.66 },
  { task: "full" },
];

/** The tasks in force over all iterations, as `[task, how often]` in order. */
function schedule(curriculum: CurriculumPart[], iterations: number): [string, number][] {
  const runs: [string, number][] = [];
  for (let iteration = 0; iteration < iterations; iteration++) {
    const task = String(partAt(curriculum, iteration, iterations)?.task);
    const newest = runs.at(-1);
    if (newest?.[0] === task) newest[1]++;
    else runs.push([task, 1]);
  }
  return runs;
}

function problems(value: unknown): [string, string][] {
  const parsed = curriculumSchema.safeParse(value);
  return (parsed.error?.issues ?? []).map(({ path, message }) => [path.join("."), message]);
}

Deno.test("curriculum: a third of 60 iterations each", () => {
  assertEquals(schedule(THIRDS, 60), [["pickup", 20], ["dropoff", 20], ["full", 20]]);
});

Deno.test("curriculum: a task takes over at its share, rounded to whole iterations", () => {
  assertEquals(schedule(THIRDS, 10), [["pickup", 3], ["dropoff", 4], ["full", 3]]);
  assertEquals(schedule([{ task: "a", until: 0.5 }, { task: "b" }], 4), [["a", 2], ["b", 2]]);
  assertEquals(schedule([{ task: "a", until: 0.2 }, { task: "b" }], 2), [["b", 2]]);
});

Deno.test("curriculum: one task lasts throughout, none leaves it to the environment", () => {
  assertEquals(schedule([{ task: "a" }], 3), [["a", 3]]);
  assertEquals(schedule([{ task: "a", until: 1 }], 3), [["a", 3]]);
  assertEquals(partAt([], 0, 3), undefined);
  assertEquals(tasksOf(undefined, 2, 0), [undefined, undefined]);
});

Deno.test("curriculum: episodes play the tasks of a part in turn", () => {
  assertEquals(tasksOf({ task: "a" }, 2, 1), ["a", "a"]);
  assertEquals(tasksOf({ task: ["a", "b"] }, 5, 0), ["a", "b", "a", "b", "a"]);
  assertEquals(tasksOf({ task: ["a", "b", "c"] }, 2, 2), ["c", "a"]);
  assertEquals(problems([{ task: ["a", "b"] }]), []);
  assertEquals(problems([{ task: [] }]).map(([path]) => path), ["0.task"]);
  assertEquals(problems([{ task: 3 }]), [["0.task", "expected a task, or a list of such"]]);
});

Deno.test("curriculum: the design's example is valid, as is a last part until 1", () => {
  assertEquals(curriculumSchema.parse(THIRDS), THIRDS);
  assertEquals(problems([{ task: "a", until: 0.5 }, { task: "b", until: 1 }]), []);
});

Deno.test("curriculum: shares that do not rise are refused where they stand", () => {
  const [found, ...others] = problems([{ task: "a", until: 0.6 }, { task: "b", until: 0.6 }, {
    task: "c",
  }]);
  assertEquals(others, []);
  assertEquals(found?.[0], "1.until");
  assert(found?.[1].includes("must rise") && found[1].includes("got 0.6 after 0.6"), found?.[1]);
});

Deno.test("curriculum: all but the last part need a share below 1", () => {
  assertEquals(problems([{ task: "a" }, { task: "b", until: 0.5 }, { task: "c" }]), [[
    "0",
    'expected "until", the share of the iterations after which the next task takes over, more than 0 and below 1; got none',
  ]]);
  const [whole] = problems([{ task: "a", until: 1 }, { task: "b" }]);
  assertEquals(whole?.[0], "0.until");
});

Deno.test("curriculum: a last part that ends early is refused", () => {
  const found = problems([{ task: "a", until: 0.5 }, { task: "b", until: 0.9 }]);
  assertEquals(found.length, 1);
  assertEquals(found[0]?.[0], "1.until");
  assert(found[0]?.[1].includes(`leave "until" out, got 0.9`), found[0]?.[1]);
});

Deno.test("curriculum: no parts, no task, a share of 0 and unknown keys are refused", () => {
  for (
    const wrong of [[], [{}], [{ task: "" }], [{ task: "a", until: 0 }, { task: "b" }], [{
      task: "a",
      untill: 0.3,
    }]]
  ) {
    assert(problems(wrong).length > 0, JSON.stringify(wrong));
  }
});
