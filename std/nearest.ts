/**
 * "Did you mean": the known word nearest to a mistyped one.
 * @module
 */

/** Nobody mistypes a longer word, and comparing costs the product of both lengths. */
const LONGEST = 100;

/** What to say of a name that is none of those that are known: `expected a split of taxi (…), got "tst"; did you mean …?` */
export function unknownName(what: string, name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  return `expected ${what} (${known.join(", ")}), got ${JSON.stringify(name)}${
    meant === undefined ? "" : `; did you mean "${meant}"?`
  }`;
}

/** The candidate that takes the fewest edits to reach, if those are few for the word's length; else undefined. */
export function nearest(
  word: string,
  candidates: Iterable<string>,
): string | undefined {
  if (word.length > LONGEST) return undefined;
  let best: string | undefined;
  let fewest = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    // Each edit changes the length by one at most.
    if (Math.abs(word.length - candidate.length) >= fewest) continue;
    const edits = editsBetween(word.toLowerCase(), candidate.toLowerCase());
    if (edits < fewest) {
      fewest = edits;
      best = candidate;
    }
  }
  return best;
}

/** Insertions, deletions, substitutions and swaps of neighbours that turn one word into the other. */
function editsBetween(from: string, to: string): number {
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1] ? 0 : 1;
      const swapped = row > 1 && column > 1 &&
        from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current.push(Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + same,
        swapped ? (before[column - 2] ?? 0) + 1 : Infinity,
      ));
    }
    before = last;
    last = current;
  }
  return last[to.length] ?? 0;
}
