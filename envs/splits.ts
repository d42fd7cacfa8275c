/**
 * Splits: which starts an episode may have.
 *
 * Every environment knows `train`, `test` (kept from training) and `all`; a module's `splits` are further ones,
 * kept from training as well, such as the questions for validation.
 * @module
 */
import { unknownName } from "../std/nearest.ts";

/** The splits that every environment has. */
export const COMMON_SPLITS = ["train", "test", "all"] as const;

/** A split that every environment has. */
export type CommonSplit = typeof COMMON_SPLITS[number];

/** All splits of a module, the common ones first. */
export function splitsOf(module: { readonly splits?: readonly string[] | undefined }): string[] {
  return [...COMMON_SPLITS, ...(module.splits ?? [])];
}

/**
 * The split of this name, `all` where none is named; `further` are those beside the common ones.
 * Throws a RangeError where `name`, an environment, has none such.
 */
export function splitNamed<Further extends string = never>(
  name: string,
  split: string | undefined,
  further: readonly Further[] = [],
): CommonSplit | Further {
  if (split === undefined) return "all";
  const splits = [...COMMON_SPLITS, ...further];
  const found = splits.find((known) => known === split);
  if (found !== undefined) return found;
  throw new RangeError(unknownName(`a split of ${name}`, split, splits));
}
