/**
 * Expressions are data, never code: `${{ vars.model.preset }}` names a value, and
 * `${{ vars.full && matrix.seed <= 3 }}` compares some. What they mean is in `evaluate.ts`.
 *
 * The grammar is our own because names hold hyphens (`stages.policy-sft.outputs.model`), which
 * expression languages such as CEL read as a subtraction, and because each token keeps its place.
 * @module
 */

/** A text and the expressions in it. */
export type Template = readonly (string | Expression)[];

/** What every expression knows of itself. */
interface Written {
  /** As it was written, trimmed. */
  readonly text: string;
  /** Where it begins in the whole text, in UTF-16 units; for an operation, its operator. */
  readonly offset: number;
}

/** A name: `vars.model.preset`. */
export interface Reference extends Written {
  /** Which expression it is. */
  readonly kind: "reference";
  /** The words between the dots: `["stages", "policy", "outputs", "model"]`. */
  readonly path: readonly string[];
}

/** A value written out: `3`, `'fast'`, `true`, `null`. */
export interface Literal extends Written {
  /** Which expression it is. */
  readonly kind: "literal";
  /** The value. */
  readonly value: string | number | boolean | null;
}

/** `[1, 2]` */
export interface ListExpression extends Written {
  /** Which expression it is. */
  readonly kind: "list";
  /** In order. */
  readonly items: readonly Expression[];
}

/** An operator and what it works on: one operand for `!`, two for the others. */
export interface Operation extends Written {
  /** Which expression it is. */
  readonly kind: "operation";
  /** One of {@linkcode OPERATORS}, or `!`. */
  readonly operator: string;
  /** In order. */
  readonly operands: readonly Expression[];
}

/** `contains(vars.tasks, 'pickup')` */
export interface Call extends Written {
  /** Which expression it is. */
  readonly kind: "call";
  /** The function's name. */
  readonly name: string;
  /** In order. */
  readonly arguments: readonly Expression[];
}

/** What stands between `${{` and `}}`. */
export type Expression = Reference | Literal | ListExpression | Operation | Call;

/** An expression that cannot be read; `index` counts the expressions of the text from 0. */
export class ExpressionError extends Error {
  /** Creates one; `offset` is the place in the whole text, undefined for the expression's begin. */
  constructor(message: string, readonly index: number, readonly offset?: number) {
    super(message);
  }
}

/** Splits a text into literal parts and expressions. Throws an {@linkcode ExpressionError}. */
export function parseTemplate(text: string): Template {
  const parts: (string | Expression)[] = [];
  let from = 0;
  for (let index = 0;; index++) {
    const start = text.indexOf("${{", from);
    if (start === -1) break;
    const end = closing(text, start);
    if (end === -1) throw new ExpressionError('"${{" has no closing "}}"', index);
    if (start > from) parts.push(text.slice(from, start));
    parts.push(new Parser(text, start + 3, end, index).parse());
    from = end + 2;
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts;
}

/** Reads a whole text as one expression, with or without `${{ }}` around it. */
export function parseExpression(text: string): Expression {
  if (!text.includes("${{")) return new Parser(text, 0, text.length, 0).parse();
  const parts = parseTemplate(text).filter((part) => typeof part !== "string" || part.trim());
  const [only] = parts;
  if (parts.length === 1 && typeof only === "object") return only;
  throw new ExpressionError('write the whole expression inside one "${{ }}", or without it', 0);
}

/** Place of the `}}` that ends an expression; one inside quotes does not. */
function closing(text: string, start: number): number {
  const inner = /'[^']*'|"[^"]*"|}}/g;
  inner.lastIndex = start;
  for (let found = inner.exec(text); found !== null; found = inner.exec(text)) {
    if (found[0] === "}}") return found.index;
  }
  // A quote that is never closed must not hide the end of the expression.
  return text.indexOf("}}", start);
}

const FORMS =
  "seed, vars.NAME, inputs.NAME, matrix.NAME, secrets.NAME or stages.NAME.outputs.OUTPUT";
const LEVELS = [["||"], ["&&"], ["==", "!=", "<=", ">=", "<", ">"]] as const;
/** Operators between two values, weakest first. */
export const OPERATORS: readonly string[] = LEVELS.flat();
const MAX_DEPTH = 40;
const MAX_TOKENS = 500;

const TOKEN =
  /\s*(?:(?<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])|(?<text>'(?:[^']|'')*'|"[^"]*")|(?<word>[A-Za-z_][\w-]*(?:\.[\w-]+)*)|(?<sign>\|\||&&|==|!=|<=|>=|[<>!()[\],])|(?<other>\S))/y;

interface Token {
  readonly kind: "number" | "text" | "word" | "sign" | "other" | "end";
  readonly text: string;
  readonly offset: number;
}

/** Reads one expression: each level of operators is a method's loop. */
class Parser {
  readonly #source: string;
  #next: Token;
  #end: number;
  #depth = 0;
  #tokens = 0;

  /** For the part of a text from `start` up to `stop`. */
  constructor(text: string, start: number, stop: number, readonly index: number) {
    this.#source = text.slice(0, stop);
    this.#end = start;
    this.#next = this.#scan();
  }

  parse(): Expression {
    const { kind } = this.#next;
    if (kind === "end") {
      throw new ExpressionError(`expected ${FORMS}, got nothing`, this.index);
    }
    const expression = this.#binary(0);
    if (this.#next.kind === "end") return expression;
    const { text } = this.#next;
    const signs = OPERATORS.filter((sign) => sign === text + text);
    const near = signs.length > 0 ? `; did you mean "${signs[0]}"?` : "";
    return this.#fail(
      `expected an operator (${OPERATORS.join(", ")}) or the end, got "${text}"${near}`,
    );
  }

  #binary(level: number): Expression {
    const signs: readonly string[] | undefined = LEVELS[level];
    if (signs === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    while (this.#next.kind === "sign" && signs.includes(this.#next.text)) {
      const sign = this.#take();
      const right = this.#binary(level + 1);
      left = {
        kind: "operation",
        operator: sign.text,
        operands: [left, right],
        text: `${left.text} ${sign.text} ${right.text}`,
        offset: sign.offset,
      };
    }
    return left;
  }

  #unary(): Expression {
    if (++this.#depth > MAX_DEPTH) {
      this.#fail(`an expression is nested at most ${MAX_DEPTH} levels deep`);
    }
    const token = this.#take();
    const expression = token.text === "!" && token.kind === "sign"
      ? this.#not(token)
      : this.#primary(token);
    this.#depth--;
    return expression;
  }

  #not({ offset }: Token): Expression {
    const operand = this.#unary();
    return {
      kind: "operation",
      operator: "!",
      operands: [operand],
      text: `!${operand.text}`,
      offset,
    };
  }

  #primary(token: Token): Expression {
    const { kind, text, offset } = token;
    if (kind === "number") return { kind: "literal", value: Number(text), text, offset };
    if (kind === "text") {
      const inner = text.slice(1, -1);
      const value = text.startsWith("'") ? inner.replaceAll("''", "'") : inner;
      return { kind: "literal", value, text, offset };
    }
    if (kind === "word") return this.#word(token);
    if (text === "(") {
      const inner = this.#binary(0);
      this.#expect(")");
      return { ...inner, text: `(${inner.text})` };
    }
    if (text === "[") {
      const items = this.#list("]");
      const written = `[${items.map((item) => item.text).join(", ")}]`;
      return { kind: "list", items, text: written, offset };
    }
    const got = kind === "end" ? "the end" : `"${text}"`;
    return this.#fail(`expected a value (${FORMS}, a number, a 'text'), got ${got}`, offset);
  }

  #word({ text, offset }: Token): Expression {
    if (Object.hasOwn(WORDS, text)) {
      return { kind: "literal", value: WORDS[text] ?? null, text, offset };
    }
    if (this.#next.text !== "(") {
      return { kind: "reference", path: text.split("."), text, offset };
    }
    this.#take();
    const given = this.#list(")");
    const written = `${text}(${given.map((item) => item.text).join(", ")})`;
    return { kind: "call", name: text, arguments: given, text: written, offset };
  }

  /** Expressions between commas, up to the closing sign. */
  #list(close: string): Expression[] {
    const items: Expression[] = [];
    while (this.#next.text !== close) {
      items.push(this.#binary(0));
      if (this.#next.text !== ",") break;
      this.#take();
    }
    this.#expect(close);
    return items;
  }

  #expect(sign: string): void {
    const { kind, text } = this.#next;
    if (text !== sign) {
      this.#fail(`expected "${sign}", got ${kind === "end" ? "the end" : `"${text}"`}`);
    }
    this.#take();
  }

  #take(): Token {
    const token = this.#next;
    if (++this.#tokens > MAX_TOKENS) {
      this.#fail(`an expression has at most ${MAX_TOKENS} words and signs`);
    }
    this.#next = this.#scan();
    return token;
  }

  #scan(): Token {
    TOKEN.lastIndex = this.#end;
    const groups = TOKEN.exec(this.#source)?.groups ?? {};
    const [kind, text] = Object.entries(groups).find(([, found]) => found !== undefined) ??
      ["end", ""];
    const offset = kind === "end" ? this.#source.length : TOKEN.lastIndex - (text?.length ?? 0);
    this.#end = offset + (text?.length ?? 0);
    return { kind: kind as Token["kind"], text: text ?? "", offset };
  }

  #fail(message: string, offset: number | undefined = this.#next.offset): never {
    throw new ExpressionError(message, this.index, offset);
  }
}

const WORDS: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null };
