/**
 * Secrets: values from the environment that a stage is given and nothing else ever shows.
 *
 * `${{ secrets.NAME }}` stays as it is written in everything the engine keeps (cache keys, records,
 * plans); only what a stage is given when it runs has the value. So a new key does not run a stage
 * again. What a stage says of it nevertheless is masked.
 * @module
 */
import { WorkflowError } from "./diagnostics.ts";
import type { DeclaredSecret } from "./workflow.ts";

/** What stands for a secret until a stage is given its value. */
export function secretPlaceholder(name: string): string {
  return `\${{ secrets.${name} }}`;
}

/** What stands in place of a secret's value. */
export const MASK = "***";

/** Shorter lines of a value tell nothing, and would mask words of anyone's. */
const SHORTEST_LINE = 8;

/** The values of a workflow's secrets. */
export class Secrets {
  readonly #values: ReadonlyMap<string, string>;
  /** Every form in which a value may be written, the longest first. */
  readonly #forms: readonly string[];

  /** Of these values, by name. */
  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
    const forms = [...values.values()].flatMap((value) => [value, ...linesOf(value)])
      .flatMap(formsOf);
    this.#forms = [...new Set(forms)].sort((a, b) => b.length - a.length);
  }

  /**
   * Reads the secrets a workflow declares.
   * @throws WorkflowError where the environment lacks one
   */
  static read(
    declared: readonly DeclaredSecret[],
    environment: (name: string) => string | undefined,
  ): Secrets {
    const values = new Map<string, string>();
    const missing = declared.flatMap(({ name, at }) => {
      const value = environment(name);
      if (value) values.set(name, value);
      return value ? [] : [{
        at,
        code: "missing-secret",
        message: `the environment has no ${name}: set it before you run the workflow`,
      }];
    });
    if (missing.length > 0) throw new WorkflowError(missing);
    return new Secrets(values);
  }

  /** Name → value, for the one process that is given them. */
  values(): Record<string, string> {
    return Object.fromEntries(this.#values);
  }

  /** The text with every secret's value, as it is or encoded, replaced by {@linkcode MASK}. */
  mask(text: string): string {
    return this.#forms.reduce((masked, form) => masked.replaceAll(form, MASK), text);
  }

  /** The value with every text in it masked, keys included. */
  maskAll<T>(value: T): T {
    return this.#forms.length === 0 ? value : mapTexts(value, (text) => this.mask(text)) as T;
  }

  /** The text with every placeholder replaced by its secret's value. */
  reveal(text: string): string {
    return [...this.#values].reduce(
      (revealed, [name, value]) => revealed.replaceAll(secretPlaceholder(name), () => value),
      text,
    );
  }

  /** Masks the text files of a folder and of those in it. */
  async maskFiles(folder: string): Promise<void> {
    if (this.#forms.length === 0) return;
    for await (const { name, isFile, isDirectory } of Deno.readDir(folder)) {
      const path = `${folder}/${name}`;
      if (isDirectory) await this.maskFiles(path);
      if (!isFile || !/\.(html?|json|jsonl|svg|txt|md|csv|css|js|xml)$/.test(name)) continue;
      const text = await Deno.readTextFile(path);
      const masked = this.mask(text);
      if (masked !== text) await Deno.writeTextFile(path, masked);
    }
  }
}

/** A value as it is, and as JSON, addresses, pages and base64 have it. */
function formsOf(value: string): string[] {
  const html = value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    html,
    new TextEncoder().encode(value).toBase64(),
  ];
}

/** The lines of a value of several (a key in a file): a log shows them one at a time. */
function linesOf(value: string): string[] {
  const lines = value.split(/\r?\n/);
  return lines.length === 1 ? [] : lines.filter((line) => line.length >= SHORTEST_LINE);
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [change(key), mapTexts(inner, change)]),
  );
}
