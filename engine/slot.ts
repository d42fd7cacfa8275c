/**
 * Slots: inputs of a stage that take another module, `env: { uses: taxi, with: { task: pickup } }`.
 * @module
 */
import { z } from "zod";
import { nearest } from "../std/nearest.ts";
import type { Module } from "./module.ts";
import { shapeProblem, strict, validKeys } from "./schemas.ts";
import { isModulePath, UserModule } from "./user_module.ts";

/** What a slot's schema gives: the module that was chosen, and its options, validated and completed. */
export class ModuleChoice<M = Module> {
  /** The options as the module's schema gives them. */
  readonly with: unknown;
  // Private, so that neither cache keys nor records see the code: name, version and source stand for it.
  readonly #module: M;

  /** Created by a slot's schema. */
  constructor(
    /** Registered name; for a user's own module the `file:` URL of its file. */
    readonly uses: string,
    /** The module's version: a part of the cache key. */
    readonly version: string,
    options: unknown,
    module: M,
    /** SHA-256 of a user's own module and its local imports, "" where it has none; undefined for registered modules. */
    readonly source?: string | undefined,
  ) {
    this.with = options;
    this.#module = module;
  }

  /** The module itself: `choice.module.make(choice.with)`. */
  get module(): M {
    return this.#module;
  }
}

/** Where a slot finds its modules: a `Map<string, Module>` is one. */
export interface ModuleRegistry<M extends Module = Module> {
  /** The module of that name. */
  get(name: string): M | undefined;
  /** The names there are. */
  keys(): Iterable<string>;
}

/** What the loader and the pages about modules need to know of a slot's schema. */
export interface SlotInfo {
  /** The schema of `with` of the module that a raw value names, if it names one. */
  optionsSchema(value: unknown): z.ZodType | undefined;
  /** What is chosen: "environment". */
  readonly noun: string;
  /** The registered modules that can be chosen. */
  modules(): Module[];
}

const slots = new WeakMap<z.core.$ZodType, SlotInfo>();

/** Schema of the `with` of the module that `value` chooses, where `schema` is a slot's. */
export function slotOptions(
  schema: z.ZodType,
  value: unknown,
): z.ZodType | undefined {
  return slotInfo(schema)?.optionsSchema(value);
}

/** What a slot's schema is about; undefined for other schemas. */
export function slotInfo(schema: z.core.$ZodType): SlotInfo | undefined {
  // A schema that was given a description is a copy whose parent is the original.
  let original: z.core.$ZodType | undefined = schema;
  while (original !== undefined && !slots.has(original)) {
    original = original._zod.parent;
  }
  return original && slots.get(original);
}

/**
 * Schema of an input that takes a module of `registry`: `{ uses: taxi, with: { … } }`, or `taxi` for
 * short. `uses: ./file.ts` takes the user's own module, which must have the functions named in
 * `methods` beside name, version, description and `with`, and nothing that `problem` finds wrong. `noun` is for
 * messages: "environment".
 * Wrong options are reported below `with`, as the module's own schema words them.
 */
export function slot<M extends Module>(
  noun: string,
  registry: ModuleRegistry<M>,
  methods: readonly string[] = [],
  problem: (module: object) => string | undefined = () => undefined,
): z.ZodType<ModuleChoice<M>> {
  const shape = (exported: unknown) =>
    shapeProblem(exported, methods) ?? problem(exported as object);
  const find = (uses: unknown): M | undefined => {
    if (typeof uses === "string") return registry.get(uses);
    if (!(uses instanceof UserModule)) return undefined;
    return shape(uses.exported) === undefined ? uses.exported as M : undefined;
  };
  const schema = z.unknown().transform((value, context): ModuleChoice<M> => {
    if (value instanceof ModuleChoice) return value;
    const wrong = slotProblem(noun, registry, shape, value);
    const chosen = readChoice(value);
    const module = find(chosen.uses);
    if (wrong !== undefined || module === undefined) {
      context.issues.push({ code: "custom", input: value, ...wrong });
      return z.NEVER;
    }
    const options = strict(module.with).safeParse(chosen.with, {
      reportInput: true,
    });
    if (options.success) return choose(chosen.uses, module, options.data);
    for (const issue of options.error.issues) {
      context.issues.push(below(issue, module, noun, value));
    }
    return z.NEVER;
  }).meta({ slot: noun, description: `the ${noun}: { uses: NAME, with: … }` });
  slots.set(schema, {
    optionsSchema: (value) => find(readChoice(value).uses)?.with,
    noun,
    modules: () => [...registry.keys()].flatMap((name) => registry.get(name) ?? []),
  });
  return schema;
}

function choose<M extends Module>(uses: unknown, module: M, options: unknown): ModuleChoice<M> {
  return uses instanceof UserModule
    ? new ModuleChoice(uses.url, module.version, options, module, uses.source ?? "")
    : new ModuleChoice(module.name, module.version, options, module);
}

/** `uses` and `with` of a raw value, whichever form it has. */
function readChoice(value: unknown): { uses: unknown; with: unknown } {
  if (typeof value === "string") return { uses: value, with: {} };
  if (!isRecord(value)) return { uses: undefined, with: {} };
  return { uses: value["uses"], with: value["with"] ?? {} };
}

interface Problem {
  readonly path: PropertyKey[];
  readonly message: string;
  readonly params: { readonly code: string };
}

/** What is wrong with the choice itself, its options aside. */
function slotProblem(
  noun: string,
  registry: ModuleRegistry,
  shape: (exported: unknown) => string | undefined,
  value: unknown,
): Problem | undefined {
  const names = [...registry.keys()];
  const form = `{ uses: NAME, with: … }, where NAME is one of: ${names.join(", ")}`;
  const wrong = (code: string, message: string, ...path: PropertyKey[]) => ({
    path,
    message,
    params: { code },
  });
  if (value === undefined) {
    return wrong("missing-key", `expected ${form}`);
  }
  if (typeof value !== "string" && !isRecord(value)) {
    return wrong(
      "wrong-type",
      `expected ${form}; got ${JSON.stringify(value)}`,
    );
  }
  const { uses } = readChoice(value);
  const path = typeof value === "string" ? [] : ["uses"];
  if (isRecord(value)) {
    const extra = Object.keys(value).find((key) => key !== "uses" && key !== "with");
    if (extra !== undefined) {
      const known = nearest(extra, ["uses", "with"]);
      const hint = known === undefined ? "" : `; did you mean "${known}"?`;
      return wrong(
        "unknown-key",
        `the ${noun} has no key "${extra}"${hint} (valid: uses, with)`,
        extra,
      );
    }
  }
  if (uses instanceof UserModule) {
    const problem = shape(uses.exported);
    return problem === undefined ? undefined : wrong(
      "module-shape",
      `${uses.specifier} is no ${noun} module: ${problem}`,
      ...path,
    );
  }
  if (typeof uses !== "string") {
    return wrong("missing-key", `the ${noun} needs "uses": give ${form}`);
  }
  if (registry.get(uses) !== undefined) return undefined;
  if (isModulePath(uses)) {
    return wrong(
      "wrong-type",
      `a module of your own is named in full: { uses: ${uses} }`,
      ...path,
    );
  }
  const known = nearest(uses, names);
  const hint = known === undefined ? "" : `; did you mean "${known}"?`;
  return wrong(
    "unknown-module",
    `no ${noun} is named "${uses}"${hint} (valid: ${
      names.join(", ")
    }, or the path of a module of your own)`,
    ...path,
  );
}

/** The issue as seen from the slot, with what only the module's schema knows. */
function below(
  issue: z.core.$ZodIssue,
  module: Module,
  noun: string,
  value: unknown,
): z.core.$ZodRawIssue {
  const known = issue.code === "unrecognized_keys" && !("valid" in issue)
    ? {
      valid: validKeys(module.with, issue.path),
      owner: issue.path.length === 0 ? `${noun} "${module.name}"` : undefined,
    }
    : {};
  return {
    ...issue,
    ...known,
    input: issue.input ?? value,
    path: ["with", ...issue.path],
  } as z.core.$ZodRawIssue;
}

/** True for `{ … }`; false for a reference, which is an object too. */
function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
}
