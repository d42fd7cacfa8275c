/**
 * Which starts a stage plays: tasks and a split, held against the environment when the workflow is loaded, so that
 * a slip is not found out after hours of training.
 * @module
 */
import { z } from "zod";
import type { ModuleChoice } from "../engine/slot.ts";
import type { EnvironmentModule } from "../envs/environment.ts";
import { splitsOf } from "../envs/splits.ts";
import { unknownName } from "../std/nearest.ts";
import type { CurriculumPart } from "../training/curriculum.ts";

/** Inputs of a stage that plays. */
export interface Starts {
  /** What is played. */
  readonly env: ModuleChoice<EnvironmentModule>;
  /** Which starts. */
  readonly split: string;
  /** One task. */
  readonly task?: string | undefined;
  /** Or several, one after the other. */
  readonly curriculum?: readonly CurriculumPart[] | undefined;
}

/** Schema of the input `split`; default `usual`. */
export function splitSchema(usual: "train" | "test"): z.ZodType<string> {
  return z.string().default(usual).describe(
    "which starts the episodes are drawn from: train, test, all, or another of the environment",
  );
}

/** Reports tasks and splits that the environment does not have; for `superRefine`. */
export function checkStarts(
  { env: { module }, split, task, curriculum = [] }: Starts,
  context: z.core.$RefinementCtx,
): void {
  const requireName = (
    noun: string,
    path: PropertyKey[],
    name: string,
    known: readonly string[],
  ) => {
    if (known.includes(name)) return;
    const message = unknownName(`a ${noun} of ${module.name}`, name, known);
    context.addIssue({ code: "custom", path, message });
  };
  requireName("split", ["split"], split, splitsOf(module));
  for (const { path, name } of [...named(["task"], task), ...curriculumTasks(curriculum)]) {
    requireName("task", path, name, module.tasks);
  }
}

interface NamedTask {
  readonly path: PropertyKey[];
  readonly name: string;
}

function curriculumTasks(curriculum: readonly CurriculumPart[]): NamedTask[] {
  return curriculum.flatMap(({ task }, part) => named(["curriculum", part, "task"], task));
}

function named(path: PropertyKey[], task: string | readonly string[] | undefined): NamedTask[] {
  if (task === undefined) return [];
  return typeof task === "string"
    ? [{ path, name: task }]
    : task.map((name, index) => ({ path: [...path, index], name }));
}
