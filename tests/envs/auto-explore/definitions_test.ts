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

Deno.test("definitions: lines of any length and files of any kind take no time to speak of", () => {
  const texts = [
    "a ".repeat(200_000),
    "a(".repeat(200_000),
    "((((".repeat(100_000),
    "a: ".repeat(150_000),
    "function ".repeat(50_000),
    "\n".repeat(300_000),
    "x(\n".repeat(100_000),
    "  ".repeat(200_000) + "a {",
  ];
  for (const file of ["a.ts", "a.json", "a.rst", "a.unknown"]) {
    for (const text of texts) {
      const began = performance.now();
      definitionsOf(file, text);
      const took = performance.now() - began;
      assert(took < 2000, `${file} ${JSON.stringify(text.slice(0, 10))}: ${took} ms`);
    }
  }
  assertEquals(definitionsOf("a.ts", "").size, 0);
});
