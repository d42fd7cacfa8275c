/**
 * Reading a `.twl2` grammar: blocks `grammar :: """JSON""";` and `action Name { … }`.
 *
 * `#` begins a comment outside quotes. The rules of all blocks, those inside actions too, make one table, in
 * which a later rule takes the place of an earlier one of the same name.
 * @module
 */
import type { ActionWords, Alternative, Grammar } from "./grammar.ts";
import { parseQuery, parseSentence, SentenceError } from "./parse_sentence.ts";
import { placeAt, TextGameError } from "./symbols.ts";

const TOKEN = /\s+|#[^\n]*|"""([\s\S]*?)"""|"((?:[^"\\\n]|\\.)*)"|(::|[{};])|([^\s{};:"#]+)/y;

interface Token {
  readonly kind: "block" | "text" | "sign" | "word" | "end";
  readonly value: string;
  readonly index: number;
}

/** Reads a grammar. `source` names the text in messages. Throws a TextGameError at what cannot be understood. */
export function parseGrammar(text: string, source = "grammar"): Grammar {
  return new Parser(text, source).grammar();
}

class Parser {
  readonly #tokens: Token[];
  readonly #rules = new Map<string, readonly Alternative[]>();
  readonly #actions = new Map<string, ActionWords>();
  #next = 0;

  constructor(readonly text: string, readonly source: string) {
    this.#tokens = this.#scan();
  }

  grammar(): Grammar {
    while (this.#peek().kind !== "end") {
      const word = this.#take("word", '"grammar" or "action"');
      if (word.value === "grammar") this.#block();
      else if (word.value === "action") this.#action();
      else throw this.#fault(word, `expected "grammar" or "action", got "${word.value}"`);
    }
    return { rules: this.#rules, actions: this.#actions };
  }

  #action(): void {
    const name = this.#take("word", "the action's name");
    this.#sign("{");
    const found = new Map<string, ReturnType<typeof parseSentence>>();
    while (this.#peek().value !== "}") {
      const key = this.#take("word", "template, feedback or grammar");
      if (key.value === "grammar") {
        this.#block();
        continue;
      }
      if (key.value !== "template" && key.value !== "feedback") {
        throw this.#fault(key, `expected template, feedback or grammar, got "${key.value}"`);
      }
      this.#sign("::");
      const value = this.#take("text", "a text in quotes");
      found.set(key.value, this.#within(value, () => parseSentence(unquote(value.value))));
      this.#sign(";");
    }
    this.#sign("}");
    const command = found.get("template");
    const feedback = found.get("feedback");
    if (command === undefined || feedback === undefined) {
      throw this.#fault(name, `action ${name.value} needs a template and a feedback`);
    }
    this.#actions.set(name.value.toLowerCase(), { command, feedback });
  }

  #block(): void {
    this.#sign("::");
    const block = this.#take("block", 'JSON in """');
    this.#sign(";");
    let rules: unknown;
    try {
      rules = JSON.parse(block.value);
    } catch (error) {
      throw this.#fault(block, `the rules are no JSON: ${(error as Error).message}`);
    }
    if (typeof rules !== "object" || rules === null || Array.isArray(rules)) {
      throw this.#fault(block, 'expected rules by name: { "name": [ { "rhs": … } ] }');
    }
    for (const [name, alternatives] of Object.entries(rules)) {
      this.#rules.set(name, this.#within(block, () => readRule(name, alternatives)));
    }
  }

  #within<T>(token: Token, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof SentenceError) throw this.#fault(token, error.message);
      throw error;
    }
  }

  #peek(): Token {
    return this.#tokens[this.#next] as Token;
  }

  #take(kind: Token["kind"], what: string): Token {
    const token = this.#peek();
    if (token.kind !== kind) throw this.#fault(token, `expected ${what}, got ${shown(token)}`);
    this.#next++;
    return token;
  }

  #sign(sign: string): void {
    const token = this.#peek();
    if (token.kind !== "sign" || token.value !== sign) {
      throw this.#fault(token, `expected "${sign}", got ${shown(token)}`);
    }
    this.#next++;
  }

  #fault(token: Token, message: string): TextGameError {
    return new TextGameError(this.source, placeAt(this.text, token.index), message);
  }

  #scan(): Token[] {
    const tokens: Token[] = [];
    for (TOKEN.lastIndex = 0; TOKEN.lastIndex < this.text.length;) {
      const index = TOKEN.lastIndex;
      const match = TOKEN.exec(this.text);
      if (match === null) {
        const odd = { kind: "sign", value: this.text[index] ?? "", index } as const;
        throw this.#fault(odd, `cannot make sense of ${JSON.stringify(odd.value)}`);
      }
      const [, block, text, sign, word] = match;
      if (block !== undefined) tokens.push({ kind: "block", value: block, index });
      else if (text !== undefined) tokens.push({ kind: "text", value: text, index });
      else if (sign !== undefined) tokens.push({ kind: "sign", value: sign, index });
      else if (word !== undefined) tokens.push({ kind: "word", value: word, index });
    }
    return [...tokens, { kind: "end", value: "", index: this.text.length }];
  }
}

function shown({ kind, value }: Token): string {
  return kind === "end" ? "the end" : JSON.stringify(value.slice(0, 40));
}

function unquote(text: string): string {
  return text.replace(/\\(.)/g, (_, char: string) => char === "n" ? "\n" : char);
}

function readRule(name: string, alternatives: unknown): Alternative[] {
  if (!Array.isArray(alternatives)) {
    throw new SentenceError(`rule "${name}": expected a list of alternatives`);
  }
  return alternatives.map((alternative: unknown) => {
    const { rhs, condition } = (alternative ?? {}) as { rhs?: unknown; condition?: unknown };
    if (typeof rhs !== "string" || condition !== undefined && typeof condition !== "string") {
      throw new SentenceError(
        `rule "${name}": expected { "rhs": text, "condition"?: text }, got ${
          JSON.stringify(alternative)
        }`,
      );
    }
    try {
      return {
        condition: condition === undefined ? undefined : parseQuery(condition),
        sentence: parseSentence(rhs),
      };
    } catch (error) {
      if (error instanceof SentenceError) error.message = `rule "${name}": ${error.message}`;
      throw error;
    }
  });
}
