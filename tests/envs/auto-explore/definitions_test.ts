/** What a file may define is found in whatever way it is written; what it only uses is not. */
import { definitionsOf } from "../../../envs/auto-explore/definitions.ts";
import { assert, assertEquals } from "../../../std/assert.ts";

const DEFINED: readonly (readonly [file: string, text: string, names: readonly string[]])[] = [
  ["a.ts", "export class Book {\n  holds(facts: Facts): boolean {\n  }\n}\n", ["Book", "holds"]],
  ["a.ts", "  async close(\n    reason: string,\n  ): Promise<void> {\n", ["close"]],
  ["a.ts", "const readFast = () => 1;\nconst slow = async (a) => {\n", ["readFast", "slow"]],
  ["a.ts", "  close: async function () {},\n  open: (a: A) => a,\n", ["close", "open"]],
  ["a.ts", "export const LIMIT: number = 3;\nlet other = 4;\n", ["LIMIT", "other"]],
  ["a.ts", "  static #hidden(value) {\n  private get size() {\n", ["hidden", "size"]],
  ["c.rb", "  def load_all\n  def self.make(x)\n", ["load_all", "make"]],
  ["m.c", "static int hashIt(const char *text) {\n#define LIMIT 3\n", ["hashIt", "LIMIT"]],
  ["n.go", "func (r *Reader) Close() error {\n", ["Close"]],
  ["o.kt", "  override fun run(): Int = 1\n", ["run"]],
  ["p.lua", "local function walk(a)\n", ["walk"]],
  ["i.json", '{\n  "server": {\n    "tls": {\n      "port": 1\n', [
    "server",
    "server.tls",
    "tls.port",
    "port",
  ]],
  ["a.ts", "  parseThing(a: A): B { return 1; }\n", ["parseThing"]],
  ["i.json", '{"a":{"b":[{"port":1}]},"x":1}', ["a", "a.b", "b", "port", "x"]],
  ["i.yaml", "a:\n  - b: 1\n    c: 2\nd: 3\n", ["a", "a.b", "b", "c", "d"]],
  ["i.toml", "[table.part]\nname = 1\n", ["table.part", "table.part.name", "name"]],
  ["i.yml", "'single': 1\n", ["single"]],
  ["b.c", "int parse_config(const char *t)\n{\n", ["parse_config"]],
  ["b.cpp", "void Reader::run() const {\n", ["run"]],
  ["b.cs", "    public async Task Load(string a)\n    {\n", ["Load"]],
  ["b.sql", "CREATE TABLE users (\n", ["users"]],
  ["b.r", "f <- function(x) x\n", ["f"]],
  ["l.md", "Install\n=======\n", ["Install"]],
  ["l.org", "** Install\n", ["Install"]],
  ["l.tex", "\\section{Install}\n", ["Install"]],
  ["l.rst", "Install\n=======\n", ["Install"]],
  ["l.adoc", "== Install\n", ["Install"]],
  ["l.html", "<h2>Install</h2>\n", ["Install"]],
];

Deno.test("definitions: methods, arrows, other languages, keys at any depth, other markups", () => {
  for (const [file, text, names] of DEFINED) {
    const found = definitionsOf(file, text);
    for (const name of names) assert(found.has(name), `${file}: ${name} in ${[...found]}`);
  }
});

Deno.test("definitions: calls, conditions and uses are none", () => {
  const text = [
    "  if (ready(now)) {",
    "  for (const part of partsOf(all)) {",
    "  assertEquals(",
    "    close(door),",
    "  );",
    "  return walk(tree);",
    "  await expectThat(() => {",
    "  door.open(() => {",
    "  const found = look(here);",
    "} catch (error) {",
    "  assertThrows(() => {",
    "  describe('it', function () {",
  ].join("\n");
  const found = definitionsOf("a.ts", text);
  for (
    const name of [
      "if",
      "ready",
      "for",
      "partsOf",
      "assertEquals",
      "close",
      "walk",
      "open",
      "look",
      "catch",
      "assertThrows",
      "describe",
    ]
  ) {
    assert(!found.has(name), `${name} in ${[...found]}`);
  }
});

Deno.test("definitions: a list item, a paragraph and a line of code in a text are no headings", () => {
  const found = definitionsOf("a.md", "# One\n* Two\nThree\n\n= Four\nFive\n====\nSix\n-\n");
  assertEquals([...found], ["Five"]);
  assertEquals(definitionsOf("a.txt", "nothing\nbut lines\n".repeat(9)).size, 0);
});

Deno.test("definitions: no line makes the patterns slow, and none of them is kept", () => {
  const lines = [
    "a ",
    "a(",
    "((((",
    "a: ",
    "function ",
    "x(",
    `a:${"w".repeat(20)}`,
    "a::",
    "a=",
    "f<",
    "* ",
  ]
    .map((part) => part.repeat(Math.floor(199 / part.length)));
  for (const file of ["a.ts", "a.json", "a.rst", "a.unknown"]) {
    for (const line of lines) {
      const text = `${line}\n`.repeat(1_000);
      const began = performance.now();
      definitionsOf(file, text);
      const took = performance.now() - began;
      assert(
        took < 1_000,
        `${file} ${line.slice(0, 10)}: ${took} ms for ${text.length} characters`,
      );
    }
  }
  assertEquals(definitionsOf("a.ts", "").size, 0);
});
