import { join } from "node:path";
import { assert, assertEquals, assertThrows } from "../../../std/assert.ts";
import {
  OutsideError,
  PART_BYTES,
  ReadOnlyView,
  WHOLE_BYTES,
} from "../../../envs/auto-explore/view.ts";
import { writeTree } from "./sample_tree.ts";

const VIEW = new URL("../../../envs/auto-explore/view.ts", import.meta.url).href;

/** A root with a secret beside it, and links of all sorts to it and within. */
function withLinks(): { root: string; view: ReadOnlyView } {
  const outside = writeTree({
    "secret.txt": "secret",
    "more/secret.txt": "secret",
    "root/a.txt": "inside",
    "root/sub/b.txt": "below",
  });
  const root = join(outside, "root");
  Deno.symlinkSync("../secret.txt", join(root, "file-link"));
  Deno.symlinkSync("../more", join(root, "folder-link"));
  Deno.symlinkSync(join(outside, "more"), join(root, "sub", "absolute-link"));
  Deno.symlinkSync("a.txt", join(root, "inner-link"));
  Deno.symlinkSync("missing", join(root, "dangling-link"));
  Deno.symlinkSync(".", join(root, "loop"));
  return { root, view: new ReadOnlyView(root) };
}

Deno.test("view: links are not listed, wherever they point", () => {
  const { view } = withLinks();
  assertEquals(view.list(""), [
    { name: "a.txt", isFolder: false },
    { name: "sub", isFolder: true },
  ]);
  assertEquals(view.list("sub"), [{ name: "b.txt", isFolder: false }]);
});

Deno.test("view: no path leads out", () => {
  const { root, view } = withLinks();
  const ways = [
    "../secret.txt",
    "sub/../../secret.txt",
    "..",
    "./a.txt",
    "sub//b.txt",
    "/etc/passwd",
    join(root, "a.txt"),
    "file-link",
    "inner-link",
    "dangling-link",
    "folder-link/secret.txt",
    "sub/absolute-link/secret.txt",
    "loop/a.txt",
    "a.txt/b",
    "a.txt\0",
    "sub\\b.txt",
    "sub",
    "",
  ];
  for (const path of ways) {
    assertThrows(() => view.read(path), OutsideError, JSON.stringify(path));
  }
  for (const path of ["..", "sub/..", ".", "/", "folder-link", "loop", "a.txt"]) {
    assertThrows(() => view.list(path), OutsideError, JSON.stringify(path));
    assertThrows(() => view.fingerprints(path, ["secret.txt"]), OutsideError, JSON.stringify(path));
  }
  for (const name of ["../secret.txt", "..", "sub", "file-link", "inner-link", "sub/b.txt", ""]) {
    assertThrows(() => view.fingerprints("", [name]), OutsideError, JSON.stringify(name));
  }
  assertEquals(view.fingerprints("missing", ["a.txt"]), ["unreadable"]);
  assertEquals(view.read("missing"), { kind: "unreadable" });
  assertEquals(view.list("missing"), []);
  assertEquals(view.read("a.txt"), { kind: "text", text: "inside" });
  assertEquals(view.read("sub/b.txt"), { kind: "text", text: "below" });
});

/** Runs `exchange` right after `path` was first looked at, while `look` goes on. */
function meanwhile<T>(path: string, exchange: () => void, look: () => T): T {
  const lstatSync = Deno.lstatSync;
  let due = true;
  Deno.lstatSync = (asked) => {
    const info = lstatSync(asked);
    if (due && asked === path) {
      due = false;
      exchange();
    }
    return info;
  };
  try {
    return look();
  } finally {
    Deno.lstatSync = lstatSync;
  }
}

Deno.test("view: a folder that becomes a link while a file is opened leads nowhere", () => {
  for (const returns of [false, true]) {
    const { root, view } = withLinks();
    const [sub, file] = [join(view.root, "sub"), join(view.root, "sub", "b.txt")];
    Deno.writeTextFileSync(join(root, "..", "more", "b.txt"), "secret");
    const toLink = () => {
      Deno.renameSync(sub, `${sub}-away`);
      Deno.symlinkSync("../more", sub);
    };
    const back = () => {
      Deno.removeSync(sub);
      Deno.renameSync(`${sub}-away`, sub);
    };
    const read = () => meanwhile(sub, toLink, () => view.read("sub/b.txt"));
    assertEquals(returns ? meanwhile(file, back, read) : read(), { kind: "unreadable" });
  }
});

Deno.test("view: a file that becomes a pipe or a link while it is opened is not waited for", () => {
  for (const make of ['rm "$0" && mkfifo "$0"', 'rm "$0" && ln -s ../secret.txt "$0"']) {
    const { view } = withLinks();
    const file = join(view.root, "a.txt");
    const exchange = () =>
      assert(new Deno.Command("sh", { args: ["-c", make, file] }).outputSync().success);
    assertEquals(meanwhile(file, exchange, () => view.read("a.txt")), { kind: "unreadable" });
  }
});

Deno.test("view: a root that is a link itself is followed once", () => {
  const root = writeTree({ "real/a.txt": "inside" });
  Deno.symlinkSync("real", join(root, "link"));
  const view = new ReadOnlyView(join(root, "link"));
  assertEquals(view.root, Deno.realPathSync(join(root, "real")));
  assertEquals(view.read("a.txt"), { kind: "text", text: "inside" });
});

Deno.test("view: pipes and devices are neither listed nor opened", async () => {
  const root = writeTree({ "a.txt": "inside" });
  const made = await new Deno.Command("sh", {
    // Only the superuser may make a device; without one the pipe stands for it.
    args: [
      "-c",
      'cd "$0" && mkfifo pipe && { mknod device c 1 3 2>/dev/null || mkfifo device; }',
      root,
    ],
  }).output();
  assert(made.success);
  const view = new ReadOnlyView(root);
  assertEquals(view.list(""), [{ name: "a.txt", isFolder: false }]);
  // Opening a pipe that nobody writes to would wait for ever.
  for (const name of ["pipe", "device"]) {
    assertThrows(() => view.read(name), OutsideError, "is no file of the root's own");
  }
});

Deno.test("view: names that would break a line are not listed", () => {
  const view = new ReadOnlyView(writeTree({ "a\nb.txt": "", "tab\t.txt": "", "né à.txt": "x" }));
  assertEquals(view.list("").map(({ name }) => name), ["né à.txt"]);
  assertEquals(view.read("né à.txt"), { kind: "text", text: "x" });
});

Deno.test("view: what is no UTF-8 text is binary", () => {
  const view = new ReadOnlyView(writeTree({
    "nul": new Uint8Array([65, 0, 66]),
    "latin": new Uint8Array([0x63, 0x61, 0x66, 0xe9]),
    "cut": new Uint8Array([0x61, 0xe2, 0x82]),
    "empty": "",
    "text": "naïve €",
  }));
  for (const name of ["nul", "latin", "cut"]) assertEquals(view.read(name), { kind: "binary" });
  assertEquals(view.read("empty"), { kind: "text", text: "" });
  assertEquals(view.read("text"), { kind: "text", text: "naïve €" });
});

Deno.test("view: of a huge file both ends are read, whole characters only", () => {
  const text = "€".repeat(WHOLE_BYTES / 3 + 10);
  const view = new ReadOnlyView(writeTree({
    "huge": text,
    "whole": "x".repeat(WHOLE_BYTES),
    "binary": new Uint8Array(WHOLE_BYTES + 1),
    "late": new Uint8Array([...new TextEncoder().encode("x".repeat(WHOLE_BYTES)), 0xff]),
  }));
  const part = "€".repeat(Math.floor(PART_BYTES / 3));
  assertEquals(view.read("huge"), { kind: "huge", beginning: part, end: part });
  assertEquals(view.read("whole").kind, "text");
  assertEquals(view.read("binary"), { kind: "binary" });
  assertEquals(view.read("late"), { kind: "binary" });
});

Deno.test("view: files and folders that may not be read are no error", async () => {
  const root = writeTree({ "a.txt": "inside", "b.txt": "secret", "shut/c.txt": "secret" });
  const code = `import { ReadOnlyView } from ${JSON.stringify(VIEW)};
    const view = new ReadOnlyView(${JSON.stringify(root)});
    console.log(JSON.stringify([view.list("").length, view.list("shut"), view.read("a.txt"), view.read("b.txt")]));`;
  const script = writeTree({ "script.ts": code });
  const shut = [join(root, "b.txt"), join(root, "shut")].map((path) => Deno.realPathSync(path));
  // The superuser may read everything, so Deno's own permissions stand for those of the system.
  const { stdout, stderr } = await new Deno.Command("deno", {
    args: [
      ...["run", "--no-prompt", "--allow-read", `--deny-read=${shut.join(",")}`],
      join(script, "script.ts"),
    ],
  }).output();
  const printed = new TextDecoder().decode(stdout);
  assert(printed !== "", new TextDecoder().decode(stderr));
  assertEquals(JSON.parse(printed), [
    3,
    [],
    { kind: "text", text: "inside" },
    { kind: "unreadable" },
  ]);
});

Deno.test("view: a root that is missing, or a file, is refused with advice", () => {
  const root = writeTree({ "a.txt": "inside" });
  assertThrows(
    () => new ReadOnlyView(join(root, "nowhere")),
    Error,
    "root: expected a folder to explore, got",
  );
  assertThrows(() => new ReadOnlyView(join(root, "a.txt")), Error, "give the folder it is in");
});
