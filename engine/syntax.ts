/**
 * The keys of a workflow file and of its stages, the `with` of each stage aside.
 * @module
 */
import { z } from "zod";
import { IncludedFile } from "./included_file.ts";
import { UserModule } from "./user_module.ts";

const NAME = /^[A-Za-z][\w-]*$/;
const NAME_WORDS = "a name is letters, digits, _ and -, and begins with a letter";

const word = z.string().regex(NAME, NAME_WORDS);

/** What is wrong with a name, if anything is. */
export function nameProblem(name: string): string | undefined {
  return NAME.test(name) ? undefined : NAME_WORDS;
}

/** What an input may hold, where it is no artifact. */
const TYPES = ["string", "number", "boolean", "list", "map"] as const;

/** An input of a file that others include. */
export const inputSyntax = z.strictObject({
  description: z.string().optional().describe("what it is for"),
  type: z.enum(TYPES).optional().describe("what it takes; left out: anything"),
  kind: z.union([word, z.array(word).min(1)]).optional()
    .describe("it takes an artifact of this kind, or of one of these; with type list, several"),
  default: z.unknown().optional().describe(
    "its value where none is given; may name variables and inputs above",
  ),
  required: z.boolean().optional()
    .describe("false: it may be left out, and what it is given to is then left out too"),
}).refine(
  ({ type, kind }) => kind === undefined || type === undefined || type === "list",
  { path: ["type"], message: 'an input with a "kind" takes artifacts: its type can only be list' },
).refine(
  (input) => input.default === undefined || input.required !== true,
  { path: ["required"], message: "an input with a default need not be given" },
);

/** An input's declaration. */
export type InputSyntax = z.output<typeof inputSyntax>;

const output = z.string().describe("an output of a stage: ${{ stages.NAME.outputs.OUTPUT }}");

/** The whole file. */
export const workflowSyntax = z.strictObject({
  name: word.optional().describe("name of the workflow; left out: the file's"),
  description: z.string().optional().describe("what the workflow is for"),
  seed: z.int().min(0).optional().describe(
    "seed of every stage that has none of its own; left out: 1, in an included file the including stage's",
  ),
  vars: z.record(word, z.unknown()).optional().describe("values for the rest of the file"),
  inputs: z.record(word, inputSyntax).optional()
    .describe("what a stage that includes this file gives it, by name"),
  outputs: z.record(
    word,
    z.union([output, z.strictObject({ description: z.string().optional(), value: output })]),
  ).optional().describe("what a stage that includes this file leaves, by name"),
  secrets: z.array(
    z.string().regex(/^[A-Za-z_]\w*$/, "expected the name of a variable of the environment"),
  )
    .optional().describe("variables of the environment that stages may be given, never shown"),
  stages: z.record(word, z.unknown()).refine(
    (stages) => Object.keys(stages).length > 0,
    "a workflow needs at least one stage",
  ).describe("the stages, by name"),
});

const scalar = z.union([z.string(), z.number(), z.boolean()]);

/** A matrix: names with lists of values, beside `include` and `exclude` with lists of combinations. Names are checked apart. */
const matrix = z.object({
  include: z.array(z.record(word, scalar)).min(1).optional(),
  exclude: z.array(z.record(word, scalar)).min(1).optional(),
}).catchall(z.array(scalar).min(1));

/** A length of time: `90s`, `15m`, `1.5h`, `1h30m`. */
const duration = z.string().regex(
  /^(?=.)(\d+(\.\d+)?h)?(\d+(\.\d+)?m)?(\d+(\.\d+)?s)?$/,
  "expected a length of time like 90s, 15m or 2h",
).transform((text) => {
  const units: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 };
  return [...text.matchAll(/([\d.]+)([hms])/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ""] ?? 0),
    0,
  );
}).refine((seconds) => seconds > 0, "a length of time is longer than nothing")
  // Timers know no longer one; they would go off at once.
  .refine((seconds) => seconds < 596 * 3600, "a length of time is shorter than 596h");

/** How often a stage is tried, and how long it waits between: `delay`, then twice as long each time. */
const retry = z.strictObject({
  attempts: z.int().min(1).max(10).describe("how often it is tried at most"),
  delay: duration.prefault("1s").describe("the wait before the second attempt; then it doubles"),
  "max-delay": duration.prefault("1m").describe("no wait is longer"),
});

/** One stage; `with`, `if` and `seed` are looked at once for each instance. */
export const stageSyntax = z.strictObject({
  uses: z.custom<string | UserModule | IncludedFile>(
    (value) =>
      typeof value === "string" || value instanceof UserModule || value instanceof IncludedFile,
    "expected the name of a stage module, or the path of a module of your own or of a workflow file",
  ).describe("the stage's module, or the path of your own (./my_stage.ts), or a workflow file"),
  with: z.unknown().optional().describe("the stage's inputs"),
  needs: z.union([z.string(), z.array(z.string())]).optional()
    .describe("stages that must be over first, without data"),
  seed: z.unknown().optional().describe("the stage's own seed"),
  if: z.unknown().optional().describe("an expression; where it is false, the stage is skipped"),
  matrix: matrix.optional().describe("one instance for each combination of the values"),
  retry: retry.optional().describe("how often the stage is tried, and the waits between"),
  timeout: duration.optional().describe("how long an attempt may take: 90s, 15m, 2h"),
  cache: z.boolean().default(true)
    .describe("false: its results are never taken from an earlier run"),
  "continue-on-error": z.boolean().default(false)
    .describe("true: its failure does not fail the run"),
});

/** A stage's keys as far as they are right. */
export type StageSyntax = Partial<z.output<typeof stageSyntax>>;

/** The seed of an instance. */
export const seedSyntax = z.strictObject({ seed: z.int().min(0) });

/** Every key that is right, where not all are: what can still be checked is checked. */
export function parseLeniently<
  Shape extends Readonly<Record<string, z.ZodType>>,
>(
  shape: Shape,
  value: unknown,
): { [Key in keyof Shape]?: z.output<Shape[Key]> } {
  if (typeof value !== "object" || value === null) return {};
  const fields = Object.entries(shape).flatMap(([key, schema]) => {
    const parsed = schema.safeParse(Reflect.get(value, key));
    return parsed.success && parsed.data !== undefined ? [[key, parsed.data]] : [];
  });
  return Object.fromEntries(fields);
}
