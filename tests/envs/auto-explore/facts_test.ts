import { assert, assertEquals } from "../../../std/assert.ts";
import { type Fact, factsOf } from "../../../envs/auto-explore/facts.ts";
import { phrasingsOf, putPlainly, wordsOf } from "../../../envs/auto-explore/phrasings.ts";

/** Facts as "kind name". */
function said(name: string, text: string): string[] {
  return factsOf(name, text).map((fact) => `${fact.kind} ${fact.name}`);
}

Deno.test("facts: TypeScript and JavaScript", () => {
  const text = `#!/usr/bin/env node
/**
 * Counts {@linkcode Sheep} in
 * the \`night\`. More text.
 * @module
 */
import x from "y";
export async function countSheep() {
  function inner() {}
}
function* local() {}
export default class Flock {}
export abstract class Herd {}
interface Sheep {}
export type Wool = string;
export const enum Colour {}
export const LIMIT = 3;
const hidden = 1;
function local() {}
`;
  const expected = [
    "about Counts Sheep in the night",
    "function countSheep",
    "function local",
    "class Flock",
    "class Herd",
    "type Sheep",
    "type Wool",
    "type Colour",
    "constant LIMIT",
  ];
  for (const end of ["ts", "mjs", "TSX"]) {
    assertEquals(said(`a.${end}`, text), expected);
  }
  assertEquals(said("a.ts", text.replaceAll("\n", "\r\n")), said("a.ts", text));
});

Deno.test("facts: whose a file is, is not what it is about", () => {
  const text = "// Copyright 2026 A. Writer. MIT license.\n// This module is browser compatible.\n";
  const about = "/**\n * Splits a list into pairs. Twice.\n */\nexport function pairs() {}\n";
  const expected = ["about Splits a list into pairs", "function pairs"];
  assertEquals(said("a.ts", text + about), expected);
  assertEquals(said("a.ts", `/* Licensed to the Foundation.\n * Twice. */\n\n${about}`), expected);
  assertEquals(said("a.ts", text + "export function pairs() {}\n"), ["function pairs"]);
  assertEquals(
    said("a.ts", "// Copyright 2026 A. Writer.\n// Splits a list into pairs.\nlet a;\n"),
    [
      "about Splits a list into pairs",
    ],
  );
});

Deno.test("facts: Python", () => {
  const text = `"""Walks the dog. Twice."""
MAX_LENGTH = 3
def walk(dog):
    def __init__(self): pass
class Dog:
    async def bark(self): pass
`;
  assertEquals(said("a.py", text), [
    "about Walks the dog",
    "constant MAX_LENGTH",
    "function walk",
    "class Dog",
    "function bark",
  ]);
});

Deno.test("facts: other languages", () => {
  assertEquals(
    said(
      "a.rs",
      "// Reads the maps.\npub(crate) fn load() {}\npub struct Map {}\nconst MAX: u8 = 1;\n",
    ),
    ["about Reads the maps", "function load", "type Map", "constant MAX"],
  );
  assertEquals(
    said("a.go", "func (s *Server) Serve() {}\nfunc main() {}\ntype Server struct {}\n"),
    [
      "function Serve",
      "function main",
      "type Server",
    ],
  );
  assertEquals(said("A.java", "public final class Apple {\n  private enum Pip {}\n}\n"), [
    "class Apple",
    "class Pip",
  ]);
  assertEquals(said("a.sh", "#!/bin/sh\nsay() { echo; }\n"), ["function say"]);
  assertEquals(said("a.txt", "function no() {}"), []);
});

Deno.test("facts: what comments say of what a file defines", () => {
  const block = `/**
 * Feeds the herd. Twice.
 * @module
 */
/** Feeds the herd. */
function all() {}
/** Short. */
/** @license MIT, of the herd. */
class Herd {
  /**
   * Counts {@link Sheep} at
   * \`night\`. They sleep.
   */
  count() {}
  /** never ends`;
  assertEquals(said("a.js", block), [
    "about Feeds the herd",
    "function all",
    "class Herd",
    "docstring Counts Sheep at night",
  ]);
  const python = `MAX_LENGTH = 3
def walk(
    dog: str,  # whose
) -> None:  # soon
    r"""Walks the dog: twice."""
    """Another text."""
def run(): return 1
x = 1
class Dog:
    '''Barks at cats

    and at birds. Always.
    '''
def last():
    """never ends`;
  assertEquals(said("a.py", python).filter((fact) => fact.startsWith("docstring")), [
    "docstring Walks the dog",
    "docstring Barks at cats and at birds",
  ]);
  const rust = `use std;
/// Reads the
/// maps. All.
#[inline]
pub fn load() {}
/// Of nothing at all.

fn other() {}
// No docstring at all.
struct Map {}
`;
  assertEquals(said("a.rs", rust), [
    ...["function load", "function other", "type Map", "docstring Reads the maps"],
  ]);
  assertEquals(said("a.go", "package a\n// Serve waits for calls.\nfunc Serve() {}\n"), [
    ...["function Serve", "docstring Serve waits for calls"],
  ]);
  assertEquals(said("a.swift", "import A\n/// Holds the apples.\nstruct Basket {}\n"), [
    ...["class Basket", "docstring Holds the apples"],
  ]);
  assertEquals(said("A.java", "package a;\n/** Holds the apples. */\nclass Basket {}\n"), [
    ...["class Basket", "docstring Holds the apples"],
  ]);
  assertEquals(said("a.sh", "set -e\n# Says hello to all.\nsay() { echo; }\n"), [
    ...["function say", "docstring Says hello to all"],
  ]);
});

Deno.test("facts: Markdown headings, outside of code", () => {
  const text =
    "# The `cat` and [a link](x.md)\n\n```sh\n# no heading\n```\n## Second ##\n####### no\n";
  assertEquals(said("a.md", text), ["heading The cat and a link", "heading Second"]);
});

Deno.test("facts: keys of JSON, YAML and TOML", () => {
  assertEquals(said("a.json", '{"a": {"b": {"c": 1}, "d": []}, "e": [{"f": 1}]}'), [
    "key a",
    "key a.b",
    "key a.d",
    "key e",
  ]);
  assertEquals(said("a.json", "{broken"), []);
  assertEquals(said("a.json", "[1]"), []);
  assertEquals(said("a.yaml", "a:\n  b: 1\n    c: 1\n# d: 1\ne: 2\n  - f: 1\n"), [
    "key a",
    "key a.b",
    "key e",
  ]);
  assertEquals(said("a.toml", "a = 1\n[b.c]\nd = 2\n[[e]]\nf-g = 3\n"), [
    "key a",
    "key b.c",
    "key b.c.d",
    "key e",
    "key e.f-g",
  ]);
});

Deno.test("facts: columns", () => {
  assertEquals(said("a.csv", 'day,"net amount",3\n1,2,3\n'), ["column day", "column net amount"]);
  assertEquals(said("a.tsv", "day\tnet amount\n"), ["column day", "column net amount"]);
});

Deno.test("facts: each kind is asked for in several ways, by name or in words", () => {
  assertEquals(
    ["PolicyInput", "policy_input", "policyInput", "HTTPServer2", "READ_ONLY"].map(wordsOf),
    ["policy input", "policy input", "policy input", "http server2", "read only"],
  );
  const kinds: Fact["kind"][] = [
    ...["function", "class", "type", "constant", "about", "docstring", "heading"] as const,
    ...["key", "column"] as const,
  ];
  for (const kind of kinds) {
    const texts = phrasingsOf({ kind, name: "readAll" });
    assertEquals(new Set(texts).size >= 3, true);
    assertEquals(texts.every((text) => /readAll|read all/.test(text)), true);
  }
});

Deno.test("facts: asked for plainly, there are words in lower case alone", () => {
  const about = phrasingsOf({ kind: "about", name: "The Way Home" }, true);
  assertEquals(about[0], "Which file is about this: the way home?");
  for (const kind of ["function", "class", "type", "constant"] as const) {
    const texts = phrasingsOf({ kind, name: "readAll" }, true);
    assertEquals(texts.every((text) => text.includes("read all")), true);
    assertEquals(new Set(texts).size, texts.length);
  }
});

Deno.test("facts: anybody's question is put plainly as ours are", () => {
  for (const kind of ["function", "class", "type", "constant"] as const) {
    for (const name of ["readAll", "READ_ALL", "ReadALL2", "read"]) {
      assertEquals(
        new Set(phrasingsOf({ kind, name }).map(putPlainly)),
        new Set(phrasingsOf({ kind, name }, true)),
      );
    }
  }
  assertEquals(
    putPlainly(`I lost the HTTPServer's "Größe_Max". Who's Bob?`),
    `I lost the http server's "größe_max". Who's bob?`,
  );
  assertEquals(putPlainly("What is ___?"), "What is ___?");
});

Deno.test("facts: one endless line takes no minutes", () => {
  const long = (text: string) => text.repeat(Math.ceil(200_000 / text.length));
  const files = {
    "a.md": `# x${long(" ")}y\n# x${long("#")}y\n# ${long("[")}\n# Short\n`,
    "b.ts": `/** ${long("{@link ")} a. */\n`,
    "c.ts": `/** a${long("\n")}b. */\n`,
    "d.ts": `a\n${long("/**")}`,
    "e.ts": `a\n${long("/** {@link ")} */`,
    "f.py": `${long("def a(\n")}`,
    "g.py": `${long('def a():\n """')}`,
    "h.rs": `${long("/// a\n")}fn b() {}`,
  };
  const begun = performance.now();
  const found = Object.entries(files).flatMap(([name, text]) => factsOf(name, text));
  assertEquals(new Set(found.map(({ name }) => name)), new Set(["Short", "a", "b"]));
  assert(performance.now() - begun < 5000);
});
