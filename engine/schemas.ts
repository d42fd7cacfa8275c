/**
 * Looks into zod schemas: which keys are valid where, and which inputs are artifacts.
 * @module
 */
import { z } from "zod";

/** Strict schemas by those they were made of: making one costs more than using it. */
const stricter = new WeakMap<z.ZodType, z.ZodType>();

/** The schema refusing unknown keys, where it is an object schema that says nothing about them. */
export function strict<T>(schema: z.ZodType<T>): z.ZodType<T> {
  if (!(schema instanceof z.ZodObject) || schema.def.catchall !== undefined) return schema;
  const made = stricter.get(schema) ?? schema.strict();
  stricter.set(schema, made);
  return made as unknown as z.ZodType<T>;
}

/** Keys that are valid at a path below the schema; none where the schema does not tell. */
export function validKeys(
  schema: z.ZodType,
  path: readonly PropertyKey[],
): string[] {
  const found = descend(unwrap(schema), path);
  return [
    ...new Set(
      found.flatMap((inner) => inner instanceof z.ZodObject ? Object.keys(inner.shape) : []),
    ),
  ];
}

function descend(
  schemas: z.ZodType[],
  path: readonly PropertyKey[],
): z.ZodType[] {
  const [head, ...rest] = path;
  if (head === undefined) return schemas;
  const next = schemas.flatMap((schema) => {
    const child = childSchema(schema, head);
    return child === undefined ? [] : unwrap(child);
  });
  return descend(next, rest);
}

/** Schema of the value under a key of an object, list, tuple or record schema. */
export function childSchema(
  schema: z.ZodType,
  key: PropertyKey,
): z.ZodType | undefined {
  if (schema instanceof z.ZodObject) {
    const shape: Readonly<Record<PropertyKey, z.ZodType>> = schema.shape;
    return Object.hasOwn(shape, key) ? shape[key] : undefined;
  }
  if (schema instanceof z.ZodArray) return schema.element as z.ZodType;
  if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType;
  if (schema instanceof z.ZodTuple) {
    return schema.def.items[Number(key)] as z.ZodType | undefined;
  }
  return undefined;
}

/** What is left of a schema without optional, default and the like; several for a union. */
export function unwrap(schema: z.ZodType): z.ZodType[] {
  if (
    schema instanceof z.ZodOptional || schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodCatch || schema instanceof z.ZodReadonly ||
    schema instanceof z.ZodNonOptional
  ) return unwrap(schema.def.innerType as z.ZodType);
  if (schema instanceof z.ZodPipe) {
    return [schema, ...unwrap(schema.in as z.ZodType)];
  }
  if (schema instanceof z.ZodLazy) {
    return unwrap(schema.def.getter() as z.ZodType);
  }
  if (schema instanceof z.ZodUnion) {
    return (schema.options as z.ZodType[]).flatMap(unwrap);
  }
  return [schema];
}

/** What keeps a value from being a module with these functions, in a few words. */
export function shapeProblem(
  value: unknown,
  methods: readonly string[],
): string | undefined {
  if (value === undefined) return "it has no default export";
  if (typeof value !== "object" || value === null) {
    return `its default export is a ${typeof value}, not a module`;
  }
  const missing = ["name", "version", "description"].filter((key) =>
    typeof Reflect.get(value, key) !== "string"
  ).map((key) => `${key} (a string)`);
  const options: unknown = Reflect.get(value, "with");
  if (!(options instanceof Object && "safeParse" in options)) {
    missing.push("with (a zod schema)");
  }
  for (const key of methods) {
    if (typeof Reflect.get(value, key) !== "function") {
      missing.push(`${key} (a function)`);
    }
  }
  return missing.length === 0 ? undefined : `its default export lacks ${missing.join(", ")}`;
}
