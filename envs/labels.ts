/**
 * The labels actions are enumerated with: "0" to "199", then letters (Reflect-RL, section 3.1).
 * @module
 */

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** Every label, in order. An observation with n actions uses the first n of them, in any order. */
export const LABELS: readonly string[] = [
  ...Array.from({ length: 200 }, (_, i) => String(i)),
  ...LETTERS,
];

const positions = new Map(LABELS.map((label, position) => [label, position]));

/** Position of a label in {@linkcode LABELS}. Throws a RangeError for anything else. */
export function labelPosition(label: string): number {
  const position = positions.get(label);
  if (position === undefined) {
    throw new RangeError(
      `expected an action label "0" to "199" or a letter, got ${JSON.stringify(label)}`,
    );
  }
  return position;
}

/**
 * Throws a RangeError unless the labels of `actions` are the first n of {@linkcode LABELS}, n being 1
 * or more.
 */
export function checkLabels(
  actions: readonly { readonly label: string }[],
): void {
  if (actions.length < 1 || actions.length > LABELS.length) {
    throw new RangeError(
      `an observation must offer 1 to ${LABELS.length} actions, which is as many as there are ` +
        `labels; got ${actions.length}`,
    );
  }
  const seen = new Set(actions.map(({ label }) => label));
  for (let i = 0; i < actions.length; i++) {
    if (!seen.has(LABELS[i]!)) {
      throw new RangeError(
        `${actions.length} actions must carry the labels ${LABELS[0]} to ` +
          `${LABELS[actions.length - 1]}, each once; got ${[...seen].join(", ")}`,
      );
    }
  }
}
