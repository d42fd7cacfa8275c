import { assert, assertEquals } from "../../../std/assert.ts";
import { LABELS } from "../../../agents/labels.ts";
import { exploreOptions } from "../../../envs/auto-explore/options.ts";
import { nextCommand, optimalPath } from "../../../envs/auto-explore/plan.ts";
import { readTree } from "../../../envs/auto-explore/tree.ts";
import { cutBytes, Walk } from "../../../envs/auto-explore/walk.ts";
import { sampleTree, writeTree } from "./sample_tree.ts";

function walkIn(root: string, changes: Record<string, unknown> = {}): Walk {
  return new Walk(readTree(root), exploreOptions.parse({ root: "unused", ...changes }));
}

function texts(walk: Walk): string[] {
  return walk.commands().map(({ text }) => text);
}

/** Takes commands by their texts; gives what the last one did. */
function take(walk: Walk, ...wanted: string[]) {
  return wanted.map((text) => {
    const command = walk.commands().find((command) => command.text === text);
    assert(command !== undefined, `"${text}" is not among ${texts(walk)}`);
    return walk.take(command);
  }).at(-1);
}

Deno.test("walk: commands are those of the place, and of what was seen", () => {
  const walk = walkIn(sampleTree());
  assertEquals(texts(walk), ["ls", "exit"]);
  take(walk, "ls");
  assertEquals(texts(walk), [
    ...["ls", "exit", "cd data", "cd src"],
    ...["cat README.md", "head README.md", "tail README.md"],
    ...["cat main.ts", "head main.ts", "tail main.ts"],
    ...["cat other.ts", "head other.ts", "tail other.ts"],
  ]);
  take(walk, "cd src");
  assertEquals(texts(walk), ["ls", "exit", "cd .."]);
  take(walk, "ls", "cat rake.ts", "cd ..");
  assertEquals(texts(walk).slice(0, 4), ["ls", "exit", "id src/rake.ts", "cd data"]);
});

Deno.test("walk: outputs, warnings and errors", () => {
  const walk = walkIn(
    writeTree({
      "a.txt": "Warning: Error: these are the file's own words",
      "b.bin": new Uint8Array([0]),
      "c.txt": " \n",
      "d.txt": "x".repeat(300_000),
    }),
    { output: 20 },
  );
  take(walk, "ls");
  const expected: [string, string, number, number][] = [
    ["cat a.txt", "Warning: Error: thes", 0, 0],
    ["tail a.txt", "Warning: read before. the file's own words", 1, 0],
    ["head b.bin", "Error: not text.", 0, 1],
    ["cat c.txt", "Warning: empty.", 1, 0],
    ["cat d.txt", "Warning: a huge file, in part. " + "x".repeat(20), 1, 0],
    ["ls", "Warning: listed before.", 1, 0],
  ];
  for (const [text, output, warnings, errors] of expected) {
    assertEquals(take(walk, text), { output, warnings, errors }, text);
  }
});

Deno.test("walk: an unreadable file is an error, and can be identified", () => {
  const root = writeTree({ "a.txt": "x" });
  const tree = readTree(root);
  const [file] = tree.files;
  const shut = { ...file!, kind: "unreadable" as const };
  const walk = new Walk(
    { ...tree, top: { ...tree.top, files: [shut] } },
    exploreOptions.parse({ root }),
  );
  assertEquals(take(walk, "ls", "cat a.txt"), {
    output: "Error: cannot be read.",
    warnings: 0,
    errors: 1,
  });
  assert(texts(walk).includes("id a.txt"));
});

Deno.test("walk: however big a folder is, there are no more commands than labels", () => {
  const files = Object.fromEntries(
    Array.from({ length: 500 }, (_, i) => [`file-${String(i).padStart(3, "0")}.txt`, "x"]),
  );
  const walk = walkIn(writeTree({ ...files, "sub/a": "x", "sub/b": "x" }), {
    ...{ page: 60, listing: 10_000, answers: 15 },
  });
  const seen = new Set<string>();
  let most = 0;
  for (let step = 0; step < 9; step++) {
    take(walk, "ls");
    for (const { name } of walk.page()?.files ?? []) {
      seen.add(name);
      if (walk.read.length < 40) take(walk, `cat ${name}`);
    }
    most = Math.max(most, texts(walk).length);
    assertEquals(new Set(texts(walk)).size, texts(walk).length);
  }
  assertEquals(seen.size, 500);
  assertEquals(most, 60 * 3 + 15 + 2);
  assert(most <= LABELS.length);
});

Deno.test("walk: pages by number and bytes of names, round and round", () => {
  const walk = walkIn(
    writeTree({ "aaaa": "", "bb": "", "cc": "", ["d".repeat(30)]: "", "e/f": "" }),
    {
      ...{ page: 3, listing: 8 },
    },
  );
  const pages = Array.from({ length: 4 }, () => {
    take(walk, "ls");
    const page = walk.page();
    return [page?.number, page?.count, [...page?.folders ?? [], ...page?.files ?? []].length];
  });
  assertEquals(pages, [[0, 3, 3], [1, 3, 1], [2, 3, 1], [0, 3, 3]]);
});

Deno.test("walk: folders that are listed at once show their first page, and ls the next", () => {
  const walk = walkIn(sampleTree(), { listed: true, page: 2, reading: ["cat"] });
  assertEquals(texts(walk), ["ls", "exit", "cd data", "cd src"]);
  take(walk, "ls");
  assertEquals(walk.page()?.number, 1);
  take(walk, "ls", "ls", "cd src");
  assertEquals(texts(walk), ["ls", "exit", "cd ..", "cd parts", "cat rake.ts"]);
  take(walk, "cd ..");
  assertEquals(walk.page()?.number, 0);
  const small = walkIn(writeTree({ "a.ts": "" }), { listed: true });
  assertEquals(take(small, "ls")?.warnings, 1);
});

Deno.test("walk: hidden files are neither listed nor do they keep a folder in sight", () => {
  const tree = readTree(sampleTree());
  const walk = new Walk(
    tree,
    exploreOptions.parse({ root: "unused" }),
    ({ path }) => path.startsWith("data/") || path === "main.ts",
  );
  take(walk, "ls");
  assertEquals(walk.page()?.folders.map(({ name }) => name), ["src"]);
  assertEquals(walk.page()?.files.map(({ name }) => name), ["README.md", "other.ts"]);
});

Deno.test("walk: only the files read last can be identified", () => {
  const walk = walkIn(sampleTree(), { answers: 2 });
  take(walk, "ls", "cat README.md", "cat main.ts", "cat other.ts");
  const ids = () => texts(walk).filter((text) => text.startsWith("id "));
  assertEquals(ids(), ["id main.ts", "id other.ts"]);
  take(walk, "head main.ts");
  assertEquals(ids(), ["id other.ts", "id main.ts"]);
});

Deno.test("walk: texts are cut by bytes, between characters", () => {
  assertEquals(["abc", "äöü", "€€", "😀😀"].map((text) => cutBytes(text, 4)), [
    "abc",
    "äö",
    "€",
    "😀",
  ]);
  assertEquals(cutBytes("aä€😀", 7, true), "€😀");
  assertEquals(cutBytes("x".repeat(100), 3, true), "xxx");
});

Deno.test("plan: from every place to the target, over pages too", () => {
  const tree = readTree(sampleTree());
  const options = exploreOptions.parse({ root: "unused", page: 1 });
  const target = tree.files.filter(({ path }) => path === "src/spade.ts");
  assertEquals(optimalPath(tree, target, options), [
    ...["ls", "ls", "cd src", "ls", "ls", "ls", "cat spade.ts", "id src/spade.ts"],
  ]);
  const walk = new Walk(tree, options);
  take(walk, "ls", "cd data", "ls");
  assertEquals(nextCommand(walk, target)?.text, "cd ..");
  take(walk, "cd ..");
  assertEquals(nextCommand(walk, target)?.text, "ls");
  assertEquals(nextCommand(walk, [])?.text, undefined);
});

Deno.test("plan: no ls where folders are listed at once", () => {
  const tree = readTree(sampleTree());
  const target = tree.files.find(({ path }) => path === "src/parts/blade.ts")!;
  const path = (changes: Record<string, unknown>) =>
    optimalPath(tree, [target], exploreOptions.parse({ root: "unused", ...changes }));
  const rest = ["cat blade.ts", "id src/parts/blade.ts"];
  assertEquals(path({}), ["ls", "cd src", "ls", "cd parts", "ls", ...rest]);
  assertEquals(path({ listed: true }), ["cd src", "cd parts", ...rest]);
});

Deno.test("plan: pages count, where one of several targets is nearer by folders alone", () => {
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${10 + i}.txt`, "x"]));
  const tree = readTree(writeTree({ ...many, "zz.txt": "x", "aa/answer.txt": "x" }));
  const targets = tree.files.filter(({ name }) => ["zz.txt", "answer.txt"].includes(name));
  const short = exploreOptions.parse({ root: "unused", page: 10 });
  assertEquals(optimalPath(tree, targets, short), [
    ...["ls", "cd aa", "ls", "cat answer.txt", "id aa/answer.txt"],
  ]);
  // Once the last page is there, the other is nearer.
  const walk = new Walk(tree, short);
  for (let page = 0; page < 5; page++) walk.take({ verb: "ls", text: "ls" });
  assertEquals(nextCommand(walk, targets)?.text, "cat zz.txt");
});

Deno.test("plan: the nearest of several targets, and none twice where one was read", () => {
  const tree = readTree(sampleTree());
  const options = exploreOptions.parse({ root: "unused" });
  const targets = tree.files.filter(({ name }) =>
    ["gold.py", "rake.ts", "spade.ts"].includes(name)
  );
  assertEquals(optimalPath(tree, targets, options).at(-1), "id src/rake.ts");
  const walk = new Walk(tree, options);
  take(walk, "ls", "cd src", "ls", "tail spade.ts");
  assertEquals(nextCommand(walk, targets)?.text, "id src/spade.ts");
});
