/**
 * What expressions mean: strict in types, without side effects, every operand looked at.
 * @module
 */
import { suggest } from "./diagnostics.ts";
import type { Call, Expression, Operation, Reference } from "./expressions.ts";

/** What an expression can give. */
export type Value = string | number | boolean | null | readonly Value[];

/** How what an instance needs has ended: the first two words are GitHub's, `skipped` is neither. */
export type NeedsStatus = "success" | "failure" | "skipped";

/** What an expression is evaluated with. */
export interface Environment {
  /** What a reference names; undefined where that is reported already. */
  reference(reference: Reference): Value | undefined;
  /** Gets what is wrong with a part of the expression. */
  fail(part: Expression, message: string): void;
  /** How the needs have ended; undefined where `success()` and the like mean nothing. */
  readonly status?: NeedsStatus | undefined;
}

/** The expression's value; undefined where something is wrong with it, which is reported. */
export function evaluate(expression: Expression, environment: Environment): Value | undefined {
  switch (expression.kind) {
    case "literal":
      return expression.value;
    case "reference":
      return environment.reference(expression);
    case "list":
      return all(expression.items, environment);
    case "operation":
      return operate(expression, environment);
    case "call":
      return call(expression, environment);
  }
}

/** Whether the expression asks how its needs have ended. */
export function asksStatus(expression: Expression): boolean {
  if (expression.kind === "call") {
    return isStatus(expression.name) || expression.arguments.some(asksStatus);
  }
  if (expression.kind === "operation") return expression.operands.some(asksStatus);
  return expression.kind === "list" && expression.items.some(asksStatus);
}

function all(
  parts: readonly Expression[],
  environment: Environment,
): Value[] | undefined {
  const values = parts.map((part) => evaluate(part, environment));
  return values.every((value) => value !== undefined) ? values : undefined;
}

function operate(operation: Operation, environment: Environment): Value | undefined {
  const values = all(operation.operands, environment);
  if (values === undefined) return undefined;
  const { operator } = operation;
  const [left, right] = values as [Value, Value];
  const refuse = (wanted: string) => {
    const got = values.map((value) => describe(value)).join(" and ");
    environment.fail(operation, `"${operator}" takes ${wanted}, got ${got}`);
    return undefined;
  };
  if (operator === "!" || operator === "&&" || operator === "||") {
    if (!values.every((value) => typeof value === "boolean")) {
      return refuse("true or false (compare values with ==, as in vars.x == 1)");
    }
    if (operator === "!") return !left;
    return operator === "&&" ? left && right : left || right;
  }
  if (operator === "==" || operator === "!=") {
    if (left !== null && right !== null && typeWord(left) !== typeWord(right)) {
      return refuse("two values of one type");
    }
    return (JSON.stringify(left) === JSON.stringify(right)) === (operator === "==");
  }
  const isOrdered = (typeof left === "number" && typeof right === "number") ||
    (typeof left === "string" && typeof right === "string");
  return isOrdered ? inOrder(operator, left, right) : refuse("two numbers or two texts");
}

function inOrder<T extends number | string>(operator: string, left: T, right: T): boolean {
  if (operator === "<") return left < right;
  if (operator === "<=") return left <= right;
  return operator === ">" ? left > right : left >= right;
}

interface FunctionDeclaration {
  /** How it is called, for messages. */
  readonly form: string;
  /** Its value; undefined where the arguments are of the wrong types. */
  readonly apply: (...values: Value[]) => Value | undefined;
}

/** A function of two texts. */
function ofTexts(apply: (text: string, other: string) => boolean) {
  return (text?: Value, other?: Value) =>
    typeof text === "string" && typeof other === "string" ? apply(text, other) : undefined;
}

const functions: Readonly<Record<string, FunctionDeclaration>> = {
  contains: {
    form: "contains(LIST or TEXT, VALUE)",
    apply: (whole, part) => {
      if (Array.isArray(whole)) {
        return whole.some((item) => JSON.stringify(item) === JSON.stringify(part));
      }
      return ofTexts((text, other) => text.includes(other))(whole, part);
    },
  },
  startsWith: {
    form: "startsWith(TEXT, TEXT)",
    apply: ofTexts((text, start) => text.startsWith(start)),
  },
  endsWith: { form: "endsWith(TEXT, TEXT)", apply: ofTexts((text, end) => text.endsWith(end)) },
  length: {
    form: "length(LIST or TEXT)",
    apply: (value) => Array.isArray(value) || typeof value === "string" ? value.length : undefined,
  },
  join: {
    form: "join(LIST, TEXT)",
    apply: (list, between) =>
      Array.isArray(list) && typeof between === "string"
        ? list.map(String).join(between)
        : undefined,
  },
};

const statusFunctions: Readonly<Record<string, (status: NeedsStatus) => boolean>> = {
  success: (status) => status === "success",
  failure: (status) => status === "failure",
  always: () => true,
};

/** Names of every function. */
export const FUNCTIONS: readonly string[] = [
  ...Object.keys(functions),
  ...Object.keys(statusFunctions),
];

function isStatus(name: string): boolean {
  return Object.hasOwn(statusFunctions, name);
}

function call(expression: Call, environment: Environment): Value | undefined {
  const { name, arguments: given } = expression;
  const values = all(given, environment);
  if (isStatus(name)) return callStatus(expression, environment);
  const known = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (known === undefined) {
    environment.fail(expression, `there is no function "${name}"${suggest(name, FUNCTIONS)}`);
    return undefined;
  }
  const wanted = known.form.split(",").length;
  const count = given.length === wanted;
  if (values === undefined && count) return undefined;
  const result = count && values !== undefined ? known.apply(...values) : undefined;
  if (result === undefined) {
    const got = (values ?? []).map((value) => describe(value)).join(", ") || "nothing";
    environment.fail(expression, `expected ${known.form}, got ${got}`);
  }
  return result;
}

function callStatus(
  expression: Call,
  { status, fail }: Environment,
): boolean | undefined {
  const { name } = expression;
  if (expression.arguments.length > 0) {
    fail(expression, `${name}() takes no arguments: it is about everything the stage needs`);
    return undefined;
  }
  if (status === undefined) {
    fail(expression, `${name}() can be used only in the "if" of a stage`);
    return undefined;
  }
  return statusFunctions[name]?.(status);
}

function typeWord(value: Value): string {
  if (value === null) return "nothing";
  return Array.isArray(value) ? "list" : typeof value;
}

function describe(value: Value): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return value === null ? "nothing" : JSON.stringify(value);
}
