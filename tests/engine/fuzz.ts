/**
 * Workflow files spoilt at random, and what must hold of each: the loader takes it or says where it
 * is wrong, soon, and without running anything.
 * @module
 */
import { join } from "node:path";
import { loadWorkflow, WorkflowError } from "../../engine/engine.ts";
import type { StageModule } from "../../engine/module.ts";
import { stages as shipped } from "../../stages/stages.ts";
import { assert, assertLess } from "../../std/assert.ts";
import type { Random } from "../../std/random.ts";
import { stages as ours } from "./modules.ts";

const ERRORS = "tests/fixtures/errors";
/** Milliseconds that no case may take, on a busy machine. */
const LONGEST = 5000;

/** Modules of which none may run while a workflow is loaded. */
const stages: ReadonlyMap<string, StageModule> = new Map(
  [...shipped, ...ours].map(([name, module]) => [name, {
    ...module,
    run: () => Promise.reject(new Error(`${name} was run`)),
  }]),
);

/** A workflow with something of everything, and nothing wrong: most of what is spoilt comes from it. */
const RIGHT = `
name: x
vars: { size: 3, env: { uses: taxi, with: { task: pickup } }, sizes: [1, 2] }
inputs: { more: { type: list, default: [4, 5] }, note: { type: string, required: false } }
outputs: { model: "\${{ stages.b.outputs.model }}" }
secrets: [KEY]
stages:
  a: { uses: make, with: { size: "\${{ vars.size }}", name: "k-\${{ secrets.KEY }}" } }
  b: { uses: train, with: { dataset: "\${{ stages.a.outputs.data }}", note: "\${{ inputs.note }}" } }
  c:
    uses: make
    matrix: { size: ["\${{ vars.sizes }}", "\${{ inputs.more }}"], include: [{ size: 9, seed: 2 }] }
    if: matrix.size > 1 && success()
    with: { size: "\${{ matrix.size }}" }
  d:
    uses: ./includes/arm.yaml
    matrix: { seed: [1, 2] }
    with: { dataset: "\${{ stages.a.outputs.data }}", size: "\${{ length(vars.sizes) }}" }
  e: { uses: play, needs: [c, d], with: { env: "\${{ vars.env }}", models: ["\${{ stages.d.outputs.model }}"] } }
`;

/** Texts to begin with: a right one as often as all others, which are the shipped and the wrong ones. */
export function corpus(): string[] {
  const files = ["workflows", ERRORS, `${ERRORS}/includes`].flatMap((folder) =>
    [...Deno.readDirSync(folder)].filter(({ name, isFile }) => isFile && name.endsWith(".yaml"))
      .map(({ name }) => Deno.readTextFileSync(`${folder}/${name}`))
  );
  return [...files, ...files.map(() => RIGHT)];
}

type Mutation = (text: string, random: Random, texts: readonly string[]) => string;

const KEYS = [
  ..."name description seed vars inputs outputs secrets stages uses with needs if matrix".split(
    " ",
  ),
  ..."retry timeout cache continue-on-error include exclude attempts default required".split(" "),
  ..."kind type value env model dataset size steps one two a b << __proto__ constructor".split(" "),
];

const VALUES = [
  ..."null true 0 -1 1e400 .nan .inf 0x7fffffffffffffff 99999999999999999999 ~ '' [] {}".split(" "),
  ..."*a &a !!binary !!set !!js/function !x | > ? - : % @ ` make train play sft".split(" "),
  "[[[[[[[[[[1]]]]]]]]]]",
  "{ a: { b: { c: 1 } } }",
  "./includes/arm.yaml",
  "./flow.yaml",
  "./modules/env.ts",
  "[1, 2, 3]",
  "2020-01-01",
  "&a [*a, *a]",
  '"\\x1b[31m\\n\\0"',
  "${{ stages.one.outputs.data }}",
  "${{ vars.a }}",
  "${{ inputs.dataset }}",
  "${{ matrix.size }}",
  "${{ secrets.KEY }}",
  "${{ constructor.constructor('globalThis.fuzzed = 1')() }}",
  "${{ join(['a', 'b'], vars.a) }}",
];

const SIGNS = "${{ }} ( ) [ ] ! && || == != < > ' \" . , - * & # : ; % \\ \t \u2028 é 😀 \ud800"
  .split(" ");

/** The text with the part that `pattern` finds at random replaced. */
function replaceOne(text: string, random: Random, pattern: RegExp, by: string): string {
  const found = [...text.matchAll(pattern)];
  if (found.length === 0) return `${text}\n${by}`;
  const { 0: part, index } = random.pick(found);
  return text.slice(0, index) + by + text.slice(index + part.length);
}

function insert(text: string, random: Random, part: string): string {
  const at = random.below(text.length + 1);
  return text.slice(0, at) + part + text.slice(at);
}

function withLines(text: string, change: (lines: string[]) => string[]): string {
  return change(text.split("\n")).join("\n");
}

const mutations: readonly Mutation[] = [
  (text, random) => insert(text, random, String.fromCharCode(random.below(0x180))),
  (text, random) => {
    const at = random.below(text.length + 1);
    return text.slice(0, at) + text.slice(at + 1 + random.below(8));
  },
  (text, random) =>
    withLines(text, (lines) => {
      const [one, other] = [random.below(lines.length), random.below(lines.length)];
      [lines[one], lines[other]] = [lines[other]!, lines[one]!];
      return lines;
    }),
  (text, random) => withLines(text, (lines) => lines.toSpliced(random.below(lines.length), 1)),
  (text, random) =>
    withLines(text, (lines) => {
      const line = random.pick(lines);
      return lines.toSpliced(
        random.below(lines.length),
        0,
        ...Array(1 + random.below(3)).fill(line),
      );
    }),
  (text, random) =>
    withLines(text, (lines) => {
      const at = random.below(lines.length);
      return lines.with(at, " ".repeat(random.below(9)) + lines[at]!.trimStart());
    }),
  (text, random) => replaceOne(text, random, /[\w-]+(?=:)/g, random.pick(KEYS)),
  (text, random) => replaceOne(text, random, /(?<=: )[^,}\]\n]+/g, random.pick(VALUES)),
  (text, random) =>
    replaceOne(text, random, /(?<=: )(?=\S)/g, random.pick(["&a ", "*a ", "!!map "])),
  (text, random) => replaceOne(text, random, /\d+/g, random.pick(["9".repeat(400), "1e999", "-0"])),
  (text, random) => replaceOne(text, random, /(?<=\$\{\{)[^}]*/g, expression(random)),
  (text, random) => replaceOne(text, random, /[\w.]+(?= *\}\})/g, random.pick(VALUES)),
  (text, random) => insert(text, random, random.pick(SIGNS)),
  (text, random) => insert(text, random, random.pick(SIGNS).repeat(1 + random.below(3000))),
  (text, random, texts) => {
    const other = random.pick(texts);
    return text.slice(0, random.below(text.length + 1)) +
      other.slice(random.below(other.length + 1));
  },
];

function expression(random: Random): string {
  const words = [...SIGNS, ...KEYS, "1", "'x'", "vars.a", "stages.one.outputs.data", "length("];
  return Array.from({ length: random.below(12) }, () => random.pick(words)).join(" ");
}

/** A text of the corpus with up to six things changed, mostly few, as bytes: some are no text any more. */
export function spoil(random: Random, texts: readonly string[]): Uint8Array<ArrayBuffer> {
  let text = random.pick(texts);
  for (let left = 1 + random.below(1 + random.below(6)); left > 0; left--) {
    text = random.pick(mutations)(text, random, texts);
  }
  const bytes = new TextEncoder().encode(text);
  if (random.below(10) > 0) return bytes;
  for (let left = 1 + random.below(4); left > 0 && bytes.length > 0; left--) {
    const at = random.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  }
  return bytes;
}

/** A folder for spoilt files, with what they include. */
export class FuzzFolder implements AsyncDisposable {
  private constructor(readonly folder: string) {}

  /** Makes one. */
  static async make(): Promise<FuzzFolder> {
    const folder = await Deno.makeTempDir({ prefix: "fuzz-" });
    await Deno.mkdir(join(folder, "includes"));
    for (const { name, isFile } of Deno.readDirSync(`${ERRORS}/includes`)) {
      if (isFile) await Deno.copyFile(`${ERRORS}/includes/${name}`, join(folder, "includes", name));
    }
    return new FuzzFolder(folder);
  }

  /** Loads a file of these bytes; throws where what must hold does not. Returns how many errors it has. */
  async check(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
    const file = join(this.folder, "flow.yaml");
    await Deno.writeFile(file, bytes);
    const began = performance.now();
    const errors = await loadWorkflow(file, { stages }).then(() => [], (error) => {
      if (error instanceof WorkflowError) return error.diagnostics;
      throw new Error(`the loader crashed: ${error?.stack}`, { cause: error });
    });
    assertLess(performance.now() - began, LONGEST, "the loader takes too long");
    assert(!("fuzzed" in globalThis), "the loader ran what the file says");
    for (const { at, message } of errors) {
      assert((at.line ?? 0) >= 1 && (at.column ?? 0) >= 1, `no place: ${message}`);
      const text = await Deno.readTextFile(at.source);
      const lines = text.split("\n");
      assertLess(at.line!, lines.length + 1, `behind the file's end: ${message}`);
      assertLess(at.column!, lines[at.line! - 1]!.length + 3, `behind the line's end: ${message}`);
      // deno-lint-ignore no-control-regex
      assert(!/[\x00-\x1f\x7f]/.test(message) && message.length < 20_000, "it does not print");
    }
    return errors.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}
