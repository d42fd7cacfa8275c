/**
 * Curriculum: an ordered list of tasks, each in force for a share of the training
 * (Reflect-RL, section 3.4). Several tasks can be in force together, so that what was learned before is not
 * forgotten over what is new.
 * @module
 */
import { z } from "zod";

/** One stage of a curriculum. */
export interface CurriculumPart {
  /** A task of the environment, or several: an iteration's episodes play them in turn. */
  readonly task: string | readonly string[];
  /** Share of all iterations after which the next part takes over; the last part's is 1. */
  readonly until?: number | undefined;
}

/** Schema of a curriculum: parts in order, `until` rising, the last without one (or 1). */
export const curriculumSchema: z.ZodType<CurriculumPart[]> = z.array(
  z.strictObject({
    task: z.union(
      [z.string().min(1), z.array(z.string().min(1)).min(1)],
      "expected a task, or a list of such",
    ).describe("a task of the environment, or several, which episodes play in turn"),
    until: z.number().gt(0).lte(1).optional().describe(
      "share of the iterations after which the next task takes over; left out: to the end",
    ),
  }),
).min(1).superRefine((parts, context) => {
  let before = 0;
  for (const [i, { until }] of parts.entries()) {
    const message = i === parts.length - 1 ? lastProblem(until) : problemOf(until, before);
    if (message !== undefined) {
      const path = [i, ...(until === undefined ? [] : ["until"])];
      context.addIssue({ code: "custom", path, message });
    }
    before = until ?? before;
  }
});

function lastProblem(until: number | undefined): string | undefined {
  return (until ?? 1) === 1
    ? undefined
    : `the last task must last to the end: leave "until" out, got ${until}`;
}

function problemOf(until: number | undefined, before: number): string | undefined {
  if (until === undefined) {
    return `expected "until", the share of the iterations after which the next task takes over, more than ${before} and below 1; got none`;
  }
  return until > before && until < 1
    ? undefined
    : `"until" must rise from task to task and stay below 1, got ${until} after ${before}`;
}

/** The part in force at an iteration (from 0) of `iterations`; undefined without a curriculum. */
export function partAt(
  curriculum: readonly CurriculumPart[],
  iteration: number,
  iterations: number,
): CurriculumPart | undefined {
  return curriculum.find(({ until }) => iteration < Math.round((until ?? 1) * iterations)) ??
    curriculum.at(-1);
}

/**
 * The tasks of `count` starts, of which `before` came before: where there are fewer starts than tasks, the
 * next iteration goes on with the next task. Undefined is the environment's own.
 */
export function tasksOf(
  part: CurriculumPart | undefined,
  count: number,
  before: number,
): (string | undefined)[] {
  const tasks = typeof part?.task === "object" ? part.task : [part?.task];
  return Array.from({ length: count }, (_, i) => tasks[(before + i) % tasks.length]);
}
