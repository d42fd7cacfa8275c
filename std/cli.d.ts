/** What {@linkcode parseArgs} takes, as far as it is used here. */
export interface ParseOptions {
  /** Names that are true or false. */
  readonly boolean?: readonly string[];
  /** Names that take a text. */
  readonly string?: readonly string[];
  /** Names that may come several times. */
  readonly collect?: readonly string[];
  /** Called for every argument that is not declared; false leaves it out. */
  readonly unknown?: (
    argument: string,
    key?: string,
    value?: unknown,
  ) => unknown;
}
/** What {@linkcode parseArgs} gives. */
export interface ParsedArguments {
  /** Arguments that are not options. */
  readonly _: readonly (string | number)[];
  /** An option's value; a list for those that are collected. */
  readonly [option: string]: unknown;
}
/** Reads command-line arguments. */
export declare function parseArgs(
  args: readonly string[],
  options?: ParseOptions,
): ParsedArguments;
