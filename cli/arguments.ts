/**
 * Arguments of the subcommands: what is not declared is an error, with a suggestion.
 * @module
 */
import { suggest } from "../engine/diagnostics.ts";
import { parseArgs } from "../std/cli.ts";

/** Arguments that cannot be understood. The message says what to change. */
export class UsageError extends Error {
  /** The class's name, for messages. */
  override readonly name = "UsageError";
}

/** Options of a subcommand. */
export interface ArgumentSpec {
  /** How to call it, for messages. */
  readonly usage: string;
  /** Options that are there or not. */
  readonly flags?: readonly string[];
  /** Options that take a text. */
  readonly texts?: readonly string[];
  /** Options that take a text and may come several times. */
  readonly lists?: readonly string[];
  /** How many arguments there are beside the options, at least and at most. */
  readonly positional: readonly [number, number];
}

/** Arguments that were understood. */
export interface Arguments {
  /** Arguments that are no options. */
  readonly positional: readonly string[];
  /** Whether a flag was given. */
  flag(name: string): boolean;
  /** An option's text, if it was given. */
  text(name: string): string | undefined;
  /** All texts of an option. */
  list(name: string): readonly string[];
}

/**
 * Reads arguments. Where `--help` is among them, prints the usage and returns undefined.
 * @throws UsageError
 */
export function readArguments(args: readonly string[], spec: ArgumentSpec): Arguments | undefined {
  const { flags = [], texts = [], lists = [] } = spec;
  const known = [...flags, ...texts, ...lists, "help"];
  const parsed = parseArgs(args, {
    boolean: [...flags, "help"],
    string: [...texts, ...lists, "_"],
    collect: lists,
    unknown: (argument, key) => {
      if (key === undefined) return true;
      const name = argument.split("=")[0] ?? argument;
      const valid = known.map((option) => `--${option}`);
      throw new UsageError(`there is no option ${name}${suggest(name, valid)}`);
    },
  });
  if (parsed["help"] === true) {
    console.log(spec.usage);
    return undefined;
  }
  for (const name of [...texts, ...lists]) {
    const values: unknown[] = [parsed[name]].flat();
    if (values.includes("")) throw new UsageError(`--${name} needs a value\n${spec.usage}`);
  }
  const positional = parsed._.map(String);
  const [least, most] = spec.positional;
  if (positional.length < least || positional.length > most) {
    const said = positional.length > most
      ? `what is "${positional[most]}"?`
      : "an argument is missing";
    throw new UsageError(`${said}\n${spec.usage}`);
  }
  return {
    positional,
    flag: (name) => parsed[name] === true,
    text: (name) => typeof parsed[name] === "string" ? parsed[name] : undefined,
    list: (name) => [parsed[name] ?? []].flat().map(String),
  };
}
