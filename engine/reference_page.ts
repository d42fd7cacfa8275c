/**
 * The reference page: every stage and everything a stage's slots take, from the modules' own schemas.
 * @module
 */
import type { z } from "zod";
import { type JsonSchema, toJsonSchema } from "./json_schema.ts";
import type { Module, StageModule } from "./module.ts";
import { slotInfo } from "./slot.ts";

/** The page as Markdown; `remark` is what else there is to say of a module, below its options. */
export function referencePage(
  stages: ReadonlyMap<string, StageModule>,
  remark: (module: Module) => string | undefined = () => undefined,
): string {
  const slots = findSlots([...stages.values()]);
  const parts = [
    "# Reference",
    "Written by `deno task schema` from the modules themselves: change those, not this page. " +
    "[`workflows.md`](workflows.md) explains the language around them.",
    "## Stages",
    "What a stage can `use`. Each also leaves `metrics`: what it reported, one step a line.",
    ...[...stages.values()].flatMap((stage) => [...moduleParts(stage), outputs(stage)]),
  ];
  for (const [noun, modules] of slots) {
    parts.push(
      `## ${title(noun)}`,
      ...modules.flatMap((module) => [...moduleParts(module), ...listed(remark(module))]),
    );
  }
  return `${parts.join("\n\n")}\n`;
}

/** What the slots of these modules take, and the slots of those: noun → modules. */
function findSlots(modules: readonly Module[]): Map<string, Module[]> {
  const slots = new Map<string, Module[]>();
  const visit = (module: Module) => {
    toJsonSchema(module.with, (schema) => {
      const slot = slotInfo(schema);
      if (slot === undefined || slots.has(slot.noun)) return;
      const found = slot.modules();
      slots.set(slot.noun, found);
      found.forEach(visit);
    });
  };
  modules.forEach(visit);
  return slots;
}

function listed<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

function title(noun: string): string {
  const plural = `${noun}s`;
  return plural.charAt(0).toUpperCase() + plural.slice(1);
}

function moduleParts({ name, description, with: schema }: Module): string[] {
  return [`### \`${name}\``, description, options(schema)];
}

/** A table of a schema's keys. */
function options(schema: z.ZodType): string {
  const json = toJsonSchema(schema);
  const properties = Object.entries((json["properties"] ?? {}) as Record<string, JsonSchema>);
  if (properties.length === 0) return "It takes no options.";
  const required = (json["required"] ?? []) as string[];
  const rows = properties.map(([name, option]) => {
    const preset = required.includes(name)
      ? "_required_"
      : option["default"] === undefined
      ? ""
      : `\`${JSON.stringify(option["default"])}\``;
    return [`\`${name}\``, typeWords(option), preset, String(option["description"] ?? "")];
  });
  return table(["with", "type", "default", "what it is"], rows);
}

function outputs(stage: StageModule): string {
  const rows = Object.entries(stage.outputs).map(([name, { kind, description }]) => [
    `\`${name}\``,
    kind,
    description,
  ]);
  return rows.length === 0
    ? "It leaves nothing else."
    : table(["outputs", "kind", "what it is"], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** `whole number, at least 1`; `list of texts`; `model artifact` */
function typeWords(json: JsonSchema): string {
  const { artifact, slot, anyOf, type } = json;
  if (Array.isArray(artifact)) return `${artifact.join(" or ")} artifact`;
  if (typeof slot === "string") return slot;
  if (Array.isArray(json["enum"])) return json["enum"].map((value) => `\`${value}\``).join(", ");
  if (Array.isArray(anyOf)) return anyOf.map((part: JsonSchema) => typeWords(part)).join(", or ");
  if (json["const"] !== undefined) return `\`${json["const"]}\``;
  switch (type) {
    case "integer":
    case "number":
      return `${type === "integer" ? "whole number" : "number"}${bounds(json)}`;
    case "string":
      return "text";
    case "boolean":
      return "true or false";
    case "array":
      if (Array.isArray(json["items"])) return `[${json["items"].map(typeWords).join("; ")}]`;
      return `list of ${typeWords((json["items"] ?? {}) as JsonSchema)}`;
    case "object":
      return mapWords(json);
    default:
      return "any value";
  }
}

function mapWords({ properties, additionalProperties }: JsonSchema): string {
  if (properties !== undefined) {
    const inner = Object.entries(properties as Record<string, JsonSchema>)
      .map(([name, part]) => `\`${name}\`: ${typeWords(part)}`);
    return `{ ${inner.join("; ")} }`;
  }
  const values = typeof additionalProperties === "object" && additionalProperties !== null
    ? typeWords(additionalProperties as JsonSchema)
    : "any value";
  return `map of names to ${values}`;
}

function bounds(json: JsonSchema): string {
  const words = ([
    ["minimum", "at least"],
    ["exclusiveMinimum", "more than"],
    ["maximum", "at most"],
    ["exclusiveMaximum", "less than"],
  ] as const).flatMap(([key, word]) => {
    const bound = json[key];
    const isOwn = typeof bound === "number" && Math.abs(bound) !== Number.MAX_SAFE_INTEGER;
    return isOwn ? [`${word} ${bound}`] : [];
  });
  return words.length === 0 ? "" : `, ${words.join(", ")}`;
}
