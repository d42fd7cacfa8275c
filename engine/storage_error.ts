/**
 * What went wrong with the disk or the index, where, and what to do about it.
 * @module
 */

/** The disk or the index did not do as asked; the message says what happened, where and what to do. */
export class StorageError extends Error {
  /** The class's name, for messages. */
  override readonly name = "StorageError";
}

/** Code of the operating system → what it means, and what to do. */
const CAUSES: Readonly<Record<string, string>> = {
  ENOSPC:
    "the disk is full. Free some space (`deno task runs prune --dry-run` shows what could go), then run the same command again",
  EDQUOT:
    "your disk quota is used up. Free some space (`deno task runs prune --dry-run` shows what could go), then run the same command again",
  EROFS: "the file system is read-only. Make it writable, or choose another folder with --runs",
  EACCES: "permission denied. Get the right to write there, or choose another folder with --runs",
  EPERM: "not permitted. Get the right to write there, or choose another folder with --runs",
  ENOTDIR:
    "a part of this path is a file, not a folder. Move the file away, or choose another folder with --runs",
  EEXIST:
    "there is a file where a folder is needed. Move the file away, or choose another folder with --runs",
  EMFILE: "too many files are open. Raise the limit (ulimit -n 4096), then run the same again",
  ENFILE: "the machine has too many files open. Close some programs, then run the same again",
  EIO: "the disk reported an error. Look at the system's log; the disk may be failing",
};

/** Message of SQLite → what it means, and what to do. */
const INDEX_CAUSES: readonly (readonly [RegExp, string])[] = [
  [
    /locked|busy/i,
    "another process has kept it locked for over 10 s. Wait for that process or end it, then run the same command again",
  ],
  [/readonly/i, CAUSES["EROFS"] ?? ""],
  [/disk is full/i, CAUSES["ENOSPC"] ?? ""],
  [
    /unable to open/i,
    "it cannot be opened. Look at who may read and write it and its folder, or choose another folder with --runs",
  ],
  [/I\/O error/i, CAUSES["EIO"] ?? ""],
];

/**
 * The error to throw in place of one that came from the disk or the index.
 *
 * @param error What was thrown; a {@linkcode StorageError} is given back as it is.
 * @param action What was not done: "publish an artifact".
 * @param path Where.
 */
export function storageError(error: unknown, action: string, path: string): StorageError {
  if (error instanceof StorageError) return error;
  const said = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  const known = code === "ERR_SQLITE_ERROR"
    ? INDEX_CAUSES.find(([pattern]) => pattern.test(said))?.[1]
    : CAUSES[code ?? ""];
  const why = known === undefined ? said : `${known} (${said})`;
  return new StorageError(`could not ${action} ${path}: ${why}`, { cause: error });
}

/** Codes that are about the machine, whoever meets them; the others may be a stage's own doing. */
const MACHINE_CODES = ["ENOSPC", "EDQUOT", "EMFILE", "ENFILE", "EIO"];

/** What a stage threw, in words; and what to do, where the machine is to blame. */
export function messageOf(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  const code = codeOf(error) ?? "";
  return MACHINE_CODES.includes(code) ? `${said}: ${CAUSES[code]}` : said;
}

/** Whether the operating system or the index threw it, rather than the program. */
export function isStorageFailure(error: unknown): boolean {
  const code = codeOf(error);
  return error instanceof StorageError || code === "ERR_SQLITE_ERROR" ||
    Object.hasOwn(CAUSES, code ?? "");
}

/** `ENOSPC`; undefined where the error has no code. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
