/**
 * JSON Schema of workflow files, for editors: completion, descriptions, and mistakes while typing.
 *
 * It is made of the modules' own schemas. It accepts every file that is right; what only the loader
 * can see (references that name nothing, cycles, wrong kinds of artifacts) it lets pass.
 * @module
 */
import { z } from "zod";
import type { Module, StageModule } from "./module.ts";
import { strict } from "./schemas.ts";
import { slotInfo } from "./slot.ts";
import { stageSyntax, workflowSyntax } from "./syntax.ts";

/** A JSON Schema, or a part of one. */
export type JsonSchema = { [key: string]: unknown };

/** Matches the paths of a user's own modules. */
const MODULE_PATH: JsonSchema = {
  type: "string",
  pattern: "^(\\.{1,2}/|/)",
  description: "a module of your own: ./my_module.ts",
};
/** Matches the paths of modules and of workflow files. */
const STAGE_PATH: JsonSchema = {
  ...MODULE_PATH,
  description: "a module of your own, or a workflow file to include: ./my_stage.ts, ./other.yaml",
};
const EXPRESSION: JsonSchema = { $ref: "#/$defs/expression" };

/** The schema of workflow files that use these stages. */
export function workflowJsonSchema(stages: ReadonlyMap<string, StageModule>): JsonSchema {
  return new SchemaMaker(stages).workflow();
}

/** A zod schema as JSON Schema, without what only stands at the top of a document. */
export function toJsonSchema(
  schema: z.ZodType,
  replace?: (schema: z.core.$ZodType, json: JsonSchema) => void,
): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    // What editors understand best.
    target: "draft-7",
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => replace?.(zodSchema, jsonSchema as JsonSchema),
  });
  return json;
}

class SchemaMaker {
  readonly #definitions: Record<string, JsonSchema> = {
    expression: {
      type: "string",
      pattern: "\\$\\{\\{",
      description: "a reference or an expression: ${{ vars.NAME }}",
    },
  };

  constructor(readonly stages: ReadonlyMap<string, StageModule>) {}

  workflow(): JsonSchema {
    const json = toJsonSchema(workflowSyntax);
    const properties = json["properties"] as Record<string, JsonSchema>;
    const stages = {
      ...properties["stages"],
      minProperties: 1,
      additionalProperties: this.#stage(),
    };
    return {
      $schema: "http://json-schema.org/draft-07/schema#",
      title: "reflect-rl workflow",
      ...json,
      properties: { ...properties, stages },
      $defs: this.#definitions,
    };
  }

  #stage(): JsonSchema {
    const json = toJsonSchema(stageSyntax);
    const properties = json["properties"] as Record<string, JsonSchema>;
    const { uses, with: input, if: condition, seed, ...others } = properties;
    const names = [...this.stages.values()].map(({ name, description }) => ({
      const: name,
      description,
    }));
    return {
      type: "object",
      required: ["uses"],
      additionalProperties: false,
      properties: {
        uses: { ...uses, anyOf: [...names, STAGE_PATH, EXPRESSION] },
        with: { ...input },
        if: { ...condition, type: ["string", "boolean"] },
        seed: { ...seed, anyOf: [{ type: "integer", minimum: 0 }, EXPRESSION] },
        ...allowExpressions(others),
      },
      allOf: [...this.stages.values()].map((stage) => this.#inputsOf(stage)),
    };
  }

  /** A stage that uses this module takes that module's inputs. */
  #inputsOf(stage: StageModule): JsonSchema {
    const input = this.#options("stage", stage);
    const required = this.#definitions[`stage ${stage.name}`]?.["required"];
    return {
      if: { properties: { uses: { const: stage.name } }, required: ["uses"] },
      then: {
        properties: { with: { anyOf: [input, EXPRESSION] } },
        ...(required !== undefined && { required: ["with"] }),
      },
    };
  }

  /** Reference to the options of a module; a module that takes its own kind is defined once. */
  #options(noun: string, { name, with: schema }: Module): JsonSchema {
    const key = `${noun} ${name}`;
    if (this.#definitions[key] === undefined) {
      this.#definitions[key] = {};
      const json = toJsonSchema(
        strict(schema),
        (inner, found) => this.#replace(inner, found),
      );
      this.#definitions[key] = {
        ...json,
        ...(isMap(json["properties"]) && { properties: allowExpressions(json["properties"]) }),
      };
    }
    return { $ref: `#/$defs/${encodeURIComponent(key)}` };
  }

  /** Fills in what zod does not know of: slots and artifacts. */
  #replace(schema: z.core.$ZodType, json: JsonSchema): void {
    if (Array.isArray(json["artifact"])) {
      json["type"] = "string";
      delete json["artifact"];
    }
    const slot = slotInfo(schema);
    if (slot === undefined) return;
    delete json["slot"];
    const modules = slot.modules();
    const choice = (uses: JsonSchema, options: JsonSchema) => ({
      type: "object",
      required: ["uses"],
      additionalProperties: false,
      properties: { uses, with: options },
    });
    json["anyOf"] = [
      { enum: modules.map(({ name }) => name) },
      ...modules.map((module) =>
        choice(
          { const: module.name, description: module.description },
          { anyOf: [this.#options(slot.noun, module), EXPRESSION] },
        )
      ),
      choice(MODULE_PATH, {}),
    ];
  }
}

/** Each property, or an expression in its place; the same for all that is below it. */
function allowExpressions(properties: JsonSchema): JsonSchema {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, orExpression(schema)]),
  );
}

function orExpression(schema: unknown): unknown {
  if (!isMap(schema)) return schema;
  const { description, default: preset, ...rest } = schema;
  const words = {
    ...(description !== undefined && { description }),
    ...(preset !== undefined && { default: preset }),
  };
  return { ...words, anyOf: [below(rest), EXPRESSION] };
}

function below(schema: JsonSchema): JsonSchema {
  const { properties, items, additionalProperties, anyOf } = schema;
  return {
    ...schema,
    ...(isMap(properties) && { properties: allowExpressions(properties) }),
    ...(isMap(items) && { items: orExpression(items) }),
    ...(Array.isArray(items) && { items: items.map(orExpression) }),
    ...(isMap(additionalProperties) &&
      { additionalProperties: orExpression(additionalProperties) }),
    ...(Array.isArray(anyOf) && { anyOf: anyOf.map((part) => isMap(part) ? below(part) : part) }),
  };
}

function isMap(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
