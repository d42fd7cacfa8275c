/**
 * YAML text → tree. Bounded: a hostile file costs an error, not the memory of the machine.
 * @module
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type YAMLMap,
} from "yaml";
import type { Diagnostics, Position } from "./diagnostics.ts";
import type { Entry, TreeNode } from "./tree.ts";
import { parseDocument } from "./yaml_document.ts";

/** Largest workflow file, in bytes. */
export const MAX_BYTES = 1024 * 1024;
const MAX_NODES = 100_000;
const MAX_ALIASES = 100;
const MAX_DEPTH = 40;

/** Where a parsed text's tokens are. */
type Locate = (offset: number) => Position;

/** Reads the text of a workflow file; undefined where it cannot be read as YAML. */
export function parseYaml(
  text: string,
  file: string,
  diagnostics: Diagnostics,
): TreeNode | undefined {
  return convert(text, locator(text, file), diagnostics);
}

/** Finds lines itself: the parser's own counter misses some where the text is no YAML. */
function locator(text: string, source: string): Locate {
  const starts = [0];
  for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", end + 1)) {
    starts.push(end + 1);
  }
  return (offset) => {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return { source, line: low + 1, column: Math.min(offset, text.length) - starts[low]! + 1 };
  };
}

/** Reads the value of an override: every position is the override itself. */
export function parseYamlValue(
  text: string,
  source: string,
  diagnostics: Diagnostics,
): TreeNode | undefined {
  return convert(text, () => ({ source }), diagnostics);
}

function convert(
  text: string,
  locate: Locate,
  diagnostics: Diagnostics,
): TreeNode | undefined {
  const size = new TextEncoder().encode(text).length;
  if (size > MAX_BYTES) {
    diagnostics.add(
      locate(0),
      "too-large",
      `a workflow file has at most ${MAX_BYTES} bytes, this one has ${size}`,
    );
    return undefined;
  }
  if (hasStrayCharacter(text, locate, diagnostics)) return undefined;
  const { document, problems } = parseDocument(text);
  if (problems.some(({ code }) => code === "RESOURCE_EXHAUSTION")) {
    diagnostics.add(locate(0), "too-deep", tooDeep());
    return undefined;
  }
  for (const { offset, message } of problems) diagnostics.add(locate(offset), "yaml", message);
  if (document === undefined || problems.length > 0) return undefined;
  if (document.contents === null) {
    return { kind: "scalar", value: null, at: locate(0) };
  }
  return new Converter(document, text, locate, diagnostics)
    .convert(document.contents);
}

/** Characters that no text file has; YAML lets them in only as escapes. */
// deno-lint-ignore no-control-regex
const STRAY = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]|\r(?!\n)/;

function hasStrayCharacter(text: string, locate: Locate, diagnostics: Diagnostics): boolean {
  const found = STRAY.exec(text);
  if (found === null) return false;
  const code = found[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
  const message = found[0] === "\r"
    ? "a carriage return stands alone here: save the file with LF or CRLF at the ends of lines"
    : `the control character U+${code} cannot stand in a workflow file`;
  diagnostics.add(locate(found.index), "control-character", message);
  return true;
}

function tooDeep(): string {
  return `values may be nested at most ${MAX_DEPTH} levels deep`;
}

/** Keys that would not be what they look like. */
const REFUSED_KEYS: Readonly<Record<string, string>> = Object.assign(Object.create(null), {
  "<<": "merge keys are not supported: name what is shared under vars, or repeat it",
  ["__proto__"]: 'no key can be named "__proto__"',
});

/** Thrown to stop converting once a bound is passed; the error is already reported. */
class BoundPassed extends Error {}

class Converter {
  #nodes = 0;
  #aliases = 0;

  constructor(
    readonly document: Document.Parsed,
    readonly text: string,
    readonly locate: Locate,
    readonly diagnostics: Diagnostics,
  ) {}

  convert(contents: Node): TreeNode | undefined {
    try {
      return this.#node(contents, 0);
    } catch (error) {
      if (error instanceof BoundPassed) return undefined;
      throw error;
    }
  }

  #node(node: unknown, depth: number): TreeNode {
    const at = this.#at(node);
    if (depth > MAX_DEPTH) this.#stop(at, "too-deep", tooDeep());
    if (++this.#nodes > MAX_NODES) {
      this.#stop(
        at,
        "too-large",
        `a workflow has at most ${MAX_NODES} values, aliases written out`,
      );
    }
    if (isAlias(node)) return this.#alias(node, at, depth);
    if (isMap(node)) return this.#map(node, at, depth);
    if (isSeq(node)) {
      const items = node.items.map((item) => this.#node(item, depth + 1));
      return { kind: "list", items, at };
    }
    return this.#scalar(node, at);
  }

  #alias(
    node: { source: string; resolve(d: Document): Node | undefined },
    at: Position,
    depth: number,
  ): TreeNode {
    if (++this.#aliases > MAX_ALIASES) {
      this.#stop(
        at,
        "too-many-aliases",
        `a workflow uses at most ${MAX_ALIASES} aliases`,
      );
    }
    const target = node.resolve(this.document);
    if (target !== undefined) return this.#node(target, depth + 1);
    const message = `no anchor "&${node.source}" stands before this alias`;
    this.diagnostics.add(at, "yaml", message);
    return { kind: "scalar", value: null, at, broken: true };
  }

  #map(node: YAMLMap, at: Position, depth: number): TreeNode {
    const entries = new Map<string, Entry>();
    for (const pair of node.items as Pair[]) {
      const key = this.#at(pair.key);
      if (!isScalar(pair.key)) {
        this.diagnostics.add(key, "yaml", "a key must be a plain word");
        continue;
      }
      const name = String(pair.key.value);
      if (REFUSED_KEYS[name] !== undefined) {
        this.diagnostics.add(key, "yaml", REFUSED_KEYS[name]);
        continue;
      }
      const earlier = entries.get(name);
      if (earlier === undefined) {
        const value = pair.value === null
          ? { kind: "scalar", value: null, at: key } as const
          : this.#node(pair.value, depth + 1);
        entries.set(name, { key, value });
        continue;
      }
      const where = earlier.key.line === undefined ? "" : ` (first on line ${earlier.key.line})`;
      this.diagnostics.add(
        key,
        "duplicate-key",
        `the key "${name}" stands twice in this map${where}: remove one`,
      );
    }
    return { kind: "map", entries, at };
  }

  #scalar(node: unknown, at: Position): TreeNode {
    if (!isScalar(node)) return { kind: "scalar", value: null, at };
    const { value } = node;
    if (value !== null && typeof value === "object") {
      const message =
        `a value tagged ${node.tag} cannot be used: write a text, number or true or false`;
      this.diagnostics.add(at, "yaml", message);
      return { kind: "scalar", value: null, at, broken: true };
    }
    if (typeof value !== "string") return { kind: "scalar", value, at };
    const [start, end] = node.range ?? [0, 0];
    const inside = this.text.slice(start, end).indexOf(value);
    const isVerbatim = inside !== -1 && !value.includes("\n");
    const textAt = isVerbatim ? this.locate(start + inside) : undefined;
    if (!value.includes("${{")) return { kind: "scalar", value, at, textAt };
    const expressions: Position[] = [];
    for (
      let offset = this.text.indexOf("${{", start);
      offset !== -1 && offset < end;
      offset = this.text.indexOf("${{", offset + 1)
    ) expressions.push(this.locate(offset));
    return { kind: "scalar", value, at, textAt, expressions };
  }

  #at(node: unknown): Position {
    const range = node !== null && typeof node === "object" && "range" in node
      ? node.range
      : undefined;
    return this.locate(Array.isArray(range) ? Number(range[0]) : 0);
  }

  #stop(at: Position, code: string, message: string): never {
    this.diagnostics.add(at, code, message);
    throw new BoundPassed();
  }
}
