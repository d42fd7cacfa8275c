/**
 * The keys of a workflow file and of its stages, the `with` of each stage aside.
 * @module
 */
import { z } from "zod";
import { UserModule } from "./user_module.ts";

const word = z.string().regex(
  /^[A-Za-z][\w-]*$/,
  "a name is letters, digits, _ and -, and begins with a letter",
);

/** The whole file. */
export const workflowSyntax = z.strictObject({
  name: word.optional(),
  description: z.string().optional(),
  seed: z.int().min(0).default(1),
  vars: z.record(word, z.unknown()).optional(),
  stages: z.record(word, z.unknown()).refine(
    (stages) => Object.keys(stages).length > 0,
    "a workflow needs at least one stage",
  ),
});

const scalar = z.union([z.string(), z.number(), z.boolean()]);

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
}).refine((seconds) => seconds > 0, "a timeout is longer than nothing");

/** One stage; `with` and `seed` are looked at once for each instance. */
export const stageSyntax = z.strictObject({
  uses: z.custom<string | UserModule>(
    (value) => typeof value === "string" || value instanceof UserModule,
    "expected the name of a stage module, or the path of a module of your own",
  ),
  with: z.unknown().optional(),
  needs: z.union([z.string(), z.array(z.string())]).optional(),
  seed: z.unknown().optional(),
  matrix: z.record(word, z.array(scalar).min(1)).optional(),
  retry: z.strictObject({ attempts: z.int().min(1).max(10) }).optional(),
  timeout: duration.optional(),
  cache: z.boolean().default(true),
  "continue-on-error": z.boolean().default(false),
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
