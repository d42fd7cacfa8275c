import { join } from "node:path";
import { assert, assertEquals, assertNotEquals, assertThrows } from "../../../std/assert.ts";
import { hashTree, MOST_OUTPUT, readTree } from "../../../envs/auto-explore/tree.ts";
import { ReadOnlyView } from "../../../envs/auto-explore/view.ts";
import { sampleTree, writeTree } from "./sample_tree.ts";

Deno.test("tree: files and folders by name, depth counted from the root", () => {
  const { files, top } = readTree(sampleTree());
  assertEquals(files.slice(0, 4).map(({ path, depth, index }) => [path, depth, index]), [
    ["README.md", 1, 0],
    ["main.ts", 1, 1],
    ["other.ts", 1, 2],
    ["data/sales.csv", 2, 3],
  ]);
  assertEquals(files.at(-1)?.path, "src/parts/metal/rare/gold.py");
  assertEquals(files.at(-1)?.depth, 5);
  assertEquals(top.folders.map(({ path }) => path), ["data", "src"]);
  assertEquals(top.folders[1]?.folders[0]?.parent, top.folders[1]);
});

Deno.test("tree: hidden and ignored files are left out, and folders in which nothing is shown", () => {
  const root = writeTree({
    ".gitignore": "*.log\nout/\n",
    ".secret": "x",
    "a.txt": "x",
    "b.log": "x",
    "out/c.txt": "x",
    "node_modules/d/e.js": "x",
    "only/hidden/.f": "x",
    "sub/.gitignore": "!*.log\n",
    "sub/g.log": "x",
  });
  const { files, top } = readTree(root);
  assertEquals(files.map(({ path }) => path), ["a.txt", "sub/g.log"]);
  assertEquals(top.folders.map(({ path }) => path), ["sub"]);
});

Deno.test("tree: a .gitignore counts whatever its bytes and size, as Git reads it", () => {
  const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const shownWith = (rules: Uint8Array) =>
    readTree(writeTree({ ".gitignore": rules, "a.txt": "x", "secret.txt": "x" })).files
      .map(({ path }) => path);
  for (
    const rules of [
      bytes("# d\xe9j\xe0 vu\nsecret.txt\n"),
      bytes("# nothing\0here\nsecret.txt\n"),
      bytes(`${"# a line of a comment\n".repeat(20_000)}secret.txt\n`),
      new TextEncoder().encode(`${`# ${"é".repeat(60)}\n`.repeat(20_000)}secret.txt\n`),
    ]
  ) assertEquals(shownWith(rules), ["a.txt"]);
});

Deno.test("tree: where a .gitignore cannot be read whole, nothing of its folder is shown", () => {
  const root = writeTree({
    "a.txt": "x",
    // Fewer characters than the limit has bytes.
    "sub/.gitignore": `${`#${"é".repeat(60)}\n`.repeat(40_000)}b.txt\n`,
    "sub/b.txt": "x",
    "sub/deep/c.txt": "x",
  });
  assertEquals(readTree(root).files.map(({ path }) => path), ["a.txt"]);
});

Deno.test("tree: what is exchanged for a link after it was listed is unreadable, or empty", () => {
  const root = writeTree({ "a.txt": "x", "b.txt": "y", "sub/c.txt": "z" });
  const { list, read } = ReadOnlyView.prototype;
  const toLink = (path: string) => {
    Deno.removeSync(join(root, path), { recursive: true });
    Deno.symlinkSync("/etc", join(root, path));
  };
  try {
    ReadOnlyView.prototype.list = function (path: string) {
      if (path === "sub") toLink("sub");
      return list.call(this, path);
    };
    ReadOnlyView.prototype.read = function (path: string) {
      if (path === "a.txt") toLink("a.txt");
      return read.call(this, path);
    };
    assertEquals(readTree(root).files.map(({ path, kind }) => [path, kind]), [
      ["a.txt", "unreadable"],
      ["b.txt", "text"],
    ]);
  } finally {
    Object.assign(ReadOnlyView.prototype, { list, read });
  }
});

Deno.test("tree: names that cannot be shown in a line are left out, whichever script", () => {
  const names = [
    "c1\u009b31m.txt",
    "nel\u0085x.txt",
    "ls\u2028x.txt",
    "rlo\u202etxt.exe",
    "bad\ufffd.txt",
  ];
  const good = ["über.txt", "日本.txt", "👩‍🔬.txt"];
  const files = Object.fromEntries([...names, ...good].map((name) => [name, "x\u009by"]));
  const tree = readTree(writeTree(files));
  assertEquals(tree.files.map(({ name }) => name).sort(), good.sort());
  assertEquals(tree.files[0]?.cat, "x y");
});

Deno.test("tree: outputs are one line, cut, and keep the right end", () => {
  const lines = Array.from({ length: 2000 }, (_, line) => `line ${line}`).join("\n");
  const [file] = readTree(writeTree({ "a.txt": `\ufeff${lines}\t\tlast\u0007  end\n` })).files;
  assertEquals(file?.head, "line 0 line 1 line 2 line 3 line 4 line 5 line 6 line 7 line 8 line 9");
  assert(file?.cat.startsWith("line 0 line 1 ") && file.cat.length === MOST_OUTPUT);
  assertEquals(
    file?.tail,
    Array.from({ length: 10 }, (_, line) => `line ${1990 + line}`).join(" ") + " last end",
  );
});

Deno.test("tree: binary and huge files are listed and have no facts", () => {
  const { files } = readTree(writeTree({
    "a.ts": new Uint8Array([0, 1]),
    "b.ts": "export function first() {}\n" + "/".repeat(300_000) + "\nend\n",
    "c.ts": "export function last() {}\n",
  }));
  assertEquals(files.map(({ kind, facts }) => [kind, facts.length]), [
    ["binary", 0],
    ["huge", 0],
    ["text", 1],
  ]);
  assert(files[1]?.cat.startsWith("export function first() {} ///"));
  assert(files[1]?.tail.endsWith("/ end"));
});

Deno.test("tree: its hash is that of what is shown, wherever it lies", () => {
  const shown = { "a.txt": "x", "sub/b.md": "# Title" };
  const hash = (files: Record<string, string>) => hashTree(readTree(writeTree(files)));
  assertEquals(hash({ ...shown, ".git/HEAD": "1", "node_modules/c.js": "y" }), hash(shown));
  assertNotEquals(hash({ ...shown, "a.txt": "y" }), hash(shown));
  assertNotEquals(hash({ "a.txt": "x", "sub/c.md": "# Title" }), hash(shown));
});

Deno.test("tree: nothing is written", () => {
  const root = sampleTree();
  const listing = () =>
    [...Deno.readDirSync(root)].map(({ name }) =>
      `${name} ${Deno.statSync(join(root, name)).mtime}`
    )
      .sort();
  const before = listing();
  readTree(root);
  assertEquals(listing(), before);
});

Deno.test("tree: read once, and again when a file has changed", () => {
  const root = writeTree({ "a.ts": "export function one() {}\n" });
  const first = readTree(root);
  assert(readTree(root) === first);
  Deno.writeTextFileSync(join(root, "a.ts"), "export function another() {}\n");
  const second = readTree(root);
  assertNotEquals(second, first);
  assertEquals(second.files[0]?.facts, [{ kind: "function", name: "another" }]);
  Deno.chmodSync(join(root, "a.ts"), 0o600);
  assert(readTree(root) !== second, "who may read it counts, too");
});

Deno.test("tree: a root that shows nothing is refused with advice", () => {
  const root = writeTree({ ".hidden": "x" });
  assertThrows(() => readTree(root), Error, "of which nothing is shown");
  assertThrows(() => readTree(join(root, "none")), Error, "give the path of a folder");
});
