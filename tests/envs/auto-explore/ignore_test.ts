/** The rules are compared with Git's own where Git is installed, and written down for everyone. */
import { join } from "node:path";
import { assert, assertEquals, assertThrows } from "../../../std/assert.ts";
import { IgnoreRules } from "../../../envs/auto-explore/ignore.ts";
import { Random } from "../../../std/random.ts";

interface Case {
  readonly rules: string;
  readonly out: readonly string[];
  readonly kept: readonly string[];
}

/** Paths that end with `/` are folders. */
const CASES: readonly Case[] = [
  { rules: "# a comment\n\n*.log", out: ["a.log", "sub/a.log", "x.log/"], kept: ["a.txt", "log"] },
  { rules: "build/", out: ["build/", "sub/build/"], kept: ["build", "builder/"] },
  { rules: "/top", out: ["top", "top/"], kept: ["sub/top"] },
  { rules: "sub/a.txt", out: ["sub/a.txt"], kept: ["other/sub/a.txt", "a.txt"] },
  { rules: "*.log\n!keep.log", out: ["a.log"], kept: ["keep.log", "sub/keep.log"] },
  { rules: "!a.log\n*.log", out: ["a.log"], kept: [] },
  { rules: "**/x", out: ["x", "a/x", "a/b/x"], kept: ["xx"] },
  { rules: "a/**", out: ["a/x", "a/b/x"], kept: ["a", "b/a/x"] },
  { rules: "a/**/b", out: ["a/b", "a/x/b", "a/x/y/b"], kept: ["a/xb", "b"] },
  { rules: "?.md", out: ["a.md"], kept: ["ab.md"] },
  { rules: "[a-c].md\n[!x]y", out: ["b.md", "zy"], kept: ["d.md", "xy", "y"] },
  { rules: "\\#x\n\\!y", out: ["#x", "!y"], kept: ["x", "y"] },
  { rules: "x\\\\   \ny\\\\\\ ", out: ["x\\", "y\\ "], kept: ["x\\ ", "y\\"] },
  { rules: "a\\/b", out: ["a/b"], kept: ["b", "x/a/b"] },
  {
    rules: "[[:digit:]][\\]-]\n[b-a]x\n[[:letter:]]",
    out: ["1]", "2-", "bx"],
    kept: ["1\\", "ax", "x", "-x"],
  },
  { rules: "tail   \nkept\\ ", out: ["tail", "kept "], kept: ["tail   ", "kept"] },
  { rules: "a+b(c).{d}\nz|y", out: ["a+b(c).{d}", "z|y"], kept: ["aab(c).{d}", "z"] },
  { rules: "[open\nfine", out: ["fine"], kept: ["[open", "o"] },
  { rules: "foo*bar\r\n*.tmp\r\n", out: ["foobar", "foo-bar", "a.tmp"], kept: ["foo/bar"] },
];

Deno.test("ignore: the rules of a .gitignore", () => {
  for (const { rules, out, kept } of CASES) {
    const ignore = new IgnoreRules().within("", rules);
    const said = (path: string) => ignore.leavesOut(path.replace(/\/$/, ""), path.endsWith("/"));
    for (const path of out) assert(said(path), `${JSON.stringify(rules)} should leave out ${path}`);
    for (const path of kept) {
      assert(!said(path), `${JSON.stringify(rules)} should keep ${path}`);
    }
  }
});

Deno.test("ignore: a folder's rules go before those above, and hold in it alone", () => {
  const ignore = new IgnoreRules().within("", "*.log\n").within("sub", "!*.log\n/only\n");
  assertEquals(
    ["a.log", "sub/a.log", "sub/deep/a.log", "only", "sub/only", "sub/deep/only"]
      .map((path) => ignore.leavesOut(path, false)),
    [true, false, false, false, true, false],
  );
});

Deno.test("ignore: a range that runs backwards is no error", () => {
  const ignore = new IgnoreRules().within("", "[z-a]\nfine\n");
  assertEquals([ignore.leavesOut("m", false), ignore.leavesOut("fine", false)], [false, true]);
});

Deno.test("ignore: more rules than anybody writes are an error", () => {
  const rules = (count: number) => "a*b\n".repeat(count);
  assert(new IgnoreRules().within("sub", rules(2_000)).leavesOut("sub/ab", false));
  assertThrows(
    () => new IgnoreRules().within("sub", rules(2_001)),
    Error,
    "expected at most 2000 rules in a .gitignore, got 2001 in that of sub",
  );
});

Deno.test("ignore: a usual number of rules is asked quickly of many files", () => {
  const lines = Array.from({ length: 200 }, (_, i) => i % 2 === 0 ? `*.ext${i}` : `folder${i}/`);
  const ignore = new IgnoreRules().within("", lines.join("\n"));
  const start = performance.now();
  for (let file = 0; file < 20_000; file++) {
    assert(!ignore.leavesOut(`some/folder/of/some/depth/file${file}.ts`, false));
  }
  // Some 0.3 s.
  assert(performance.now() - start < 5_000);
});

Deno.test("ignore: hidden names and installed packages are left out without a rule", () => {
  const ignore = new IgnoreRules().within("", "!.env\n!node_modules/\n");
  const out = [".env", ".git", "node_modules", "sub/node_modules", "sub/.x", "__pycache__", "venv"];
  assertEquals(out.map((path) => ignore.leavesOut(path, true)), out.map(() => true));
  assertEquals(ignore.leavesOut("node_modules", false), false);
  assertEquals(ignore.leavesOut("a.env", false), false);
});

/** Names of one to three signs, as they are and within one or two folders, in order. */
const PATHS: readonly string[] = ["a", "b", "aa", "ab", "ba", "bb", "aab", "aba", "a-b", "]", "!"]
  .flatMap((name) => [name, `a/${name}`, `b/${name}`, `a/b/${name}`, `b/a/${name}`, `ab/${name}`])
  .sort();

/** A pattern of few signs, so that it often matches, and often just not. */
function drawPattern(random: Random): string {
  const parts = "a b a * ? / ** **/ /** *** [ab] [!a] [ ] \\a \\ [\\]a] [[:alpha:]] [b-a] [!-a] ! -"
    .split(
      " ",
    );
  const drawn = Array.from({ length: 1 + random.below(6) }, () => random.pick(parts)).join("")
    // Two stars behind a letter are to be as one, says gitignore(5), but not always are so in Git.
    .replace(/([^/*])\*{2,}/g, "$1*");
  return random.below(2) === 0 ? drawn : `${drawn}\n!${random.pick(["a", "*b", "a/b", "b/"])}`;
}

Deno.test("ignore: hostile patterns take no time that one would notice", () => {
  const long = "a".repeat(20_000);
  for (
    const rules of [
      "*a".repeat(200) + "b",
      "**/a/".repeat(200) + "b",
      "a" + " ".repeat(200_000) + "b",
      "[".repeat(50_000) + "]",
    ]
  ) {
    const start = performance.now();
    const ignore = new IgnoreRules().within("", rules);
    for (const path of [long, "a/".repeat(2_000) + "a"]) assert(!ignore.leavesOut(path, false));
    // Some 50 ms on a slow machine; with a regular expression, longer than anybody would wait.
    assert(performance.now() - start < 5_000, rules.slice(0, 20));
  }
});

const gitIsThere =
  (await new Deno.Command("sh", { args: ["-c", "command -v git"] }).output()).success;

Deno.test({
  name: "ignore: Git says the same, also of patterns drawn at random",
  ignore: !gitIsThere,
  async fn() {
    const root = await Deno.makeTempDir();
    const sh = (script: string, ...args: string[]) =>
      new Deno.Command("sh", { args: ["-c", script, root, ...args], cwd: root }).output();
    try {
      assert((await sh("git init -q .")).success);
      const ignoredByGit = async (rules: string, paths: readonly string[]) => {
        await Deno.writeTextFile(join(root, ".gitignore"), rules.replaceAll("\r", ""));
        await Deno.writeTextFile(join(root, ".git/list"), paths.join("\0") + "\0");
        const { stdout } = await sh(
          "git -c core.excludesFile=/dev/null check-ignore -z --no-index --stdin < .git/list",
        );
        return new TextDecoder().decode(stdout).split("\0").filter((path) => path !== "").sort();
      };
      for (const { rules, out, kept } of CASES) {
        assertEquals(
          await ignoredByGit(rules, [...out, ...kept]),
          [...out].sort(),
          JSON.stringify(rules),
        );
      }
      const random = new Random(1);
      for (let trial = 0; trial < 150; trial++) {
        const rules = drawPattern(random);
        const ignore = new IgnoreRules().within("", rules);
        // Git leaves out what is below a folder that is left out.
        const out = PATHS.filter((path) => {
          const names = path.split("/");
          return names.some((_, at) =>
            ignore.leavesOut(names.slice(0, at + 1).join("/"), at < names.length - 1)
          );
        });
        assertEquals(out, await ignoredByGit(rules, PATHS), JSON.stringify(rules));
      }
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  },
});
