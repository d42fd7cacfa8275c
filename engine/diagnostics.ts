/**
 * What is wrong with a workflow, where, and what to do: collected, so that all of it is reported at once.
 * @module
 */
import { nearest } from "../std/nearest.ts";

/** A place in a text: a file, or an argument of the command line. */
export interface Position {
  /** Path of the file as it was given, or `--set path=value`. */
  readonly source: string;
  /** From 1; undefined for what is no file. */
  readonly line?: number;
  /** From 1, in UTF-16 units; undefined for what is no file. */
  readonly column?: number;
}

/** The place so many characters further on the same line; an argument is one place. */
export function further(at: Position, characters: number): Position {
  return at.column === undefined ? at : { ...at, column: at.column + characters };
}

/** One error. */
export interface Diagnostic {
  /** Where it is. */
  readonly at: Position;
  /** A word for programs: `unknown-key`. */
  readonly code: string;
  /** What was expected, what came, and what to do. */
  readonly message: string;
}

/** A workflow file, or what the command line changes in it, is wrong. Nothing was run. */
export class WorkflowError extends Error {
  /** The class's name, for messages. */
  override readonly name = "WorkflowError";

  /** Its message has a line for each error. */
  constructor(
    /** Every error, in the order of the file. */
    readonly diagnostics: readonly Diagnostic[],
  ) {
    super(diagnostics.map(formatDiagnostic).join("\n"));
  }
}

/** `file:line:column: error[code]: message` */
export function formatDiagnostic({ at, code, message }: Diagnostic): string {
  return `${formatPosition(at)}: error[${code}]: ${message}`;
}

function formatPosition({ source, line, column }: Position): string {
  return line === undefined ? source : `${source}:${line}:${column}`;
}

/** A bound was passed: loading stops, with what was found so far. */
export class LimitError extends Error {
  /** What is wrong, for a diagnostic. */
  constructor(readonly at: Position, readonly code: string, message: string) {
    super(message);
  }
}

/** More errors than anybody reads. */
const MAX_ERRORS = 500;

/** Collects errors; the same one from several matrix instances counts once. */
export class Diagnostics {
  readonly #found = new Map<string, Diagnostic>();
  readonly #sources = new Set<string>();

  /** Tells that a file is read: its errors come behind those of the files before it. */
  begin(source: string): void {
    this.#sources.add(source);
  }

  /** Adds an error; throws a {@linkcode LimitError} where there are too many. */
  add(at: Position, code: string, message: string): void {
    this.#sources.add(at.source);
    const diagnostic = { at, code, message: printable(message) };
    const key = formatDiagnostic(diagnostic);
    if (this.#found.has(key)) return;
    if (this.#found.size >= MAX_ERRORS) {
      throw new LimitError(at, "too-many-errors", `there are more than ${MAX_ERRORS} errors`);
    }
    this.#found.set(key, diagnostic);
  }

  /** Whether there is none so far. */
  get empty(): boolean {
    return this.#found.size === 0;
  }

  /** Everything found: file by file as they were read first, each in the order of its text. */
  list(): Diagnostic[] {
    const sources = [...this.#sources];
    const file = ({ at }: Diagnostic) =>
      at.line === undefined ? Infinity : sources.indexOf(at.source);
    const line = ({ at }: Diagnostic) => at.line ?? Infinity;
    const column = ({ at }: Diagnostic) => at.column ?? Infinity;
    return [...this.#found.values()].sort((a, b) =>
      Math.sign(file(a) - file(b)) || Math.sign(line(a) - line(b)) ||
      Math.sign(column(a) - column(b)) || 0
    );
  }

  /** Adds the error that stopped the loading, however many there are. */
  addLast({ at, code, message }: LimitError): void {
    this.#sources.add(at.source);
    this.#found.set(code, { at, code, message });
  }

  /** Throws a {@linkcode WorkflowError} with everything found, if anything was. */
  throwIfAny(): void {
    if (!this.empty) throw new WorkflowError(this.list());
  }
}

/** Characters of a message: a hostile file's names may be of any length. */
const LONGEST_MESSAGE = 2000;

/** A text on one line, not too long, that changes nothing about the terminal it is printed on. */
function printable(text: string): string {
  if (text.length > LONGEST_MESSAGE) return printable(`${text.slice(0, LONGEST_MESSAGE - 1)}…`);
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** So many names are listed at most. */
const LONGEST_LIST = 30;

/** `; did you mean "x"? (valid: x, y)`, as far as there is something to say. */
export function suggest(word: string, valid: readonly string[]): string {
  const close = nearest(word, valid);
  const hint = close === undefined ? "" : `; did you mean "${close}"?`;
  if (valid.length === 0) return hint;
  const rest = valid.length > LONGEST_LIST ? `, and ${valid.length - LONGEST_LIST} more` : "";
  return `${hint} (valid: ${valid.slice(0, LONGEST_LIST).join(", ")}${rest})`;
}
