/**
 * Labels of the commands on offer, in the order agents expect: "0" to "199", then letters.
 * @module
 */

const NUMBERS = 200;
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** Commands with the first labels, in order. Throws a RangeError where there are more commands than labels. */
export function labelled(commands: readonly string[]): { label: string; text: string }[] {
  const most = NUMBERS + LETTERS.length;
  if (commands.length > most) {
    throw new RangeError(
      `${commands.length} commands are possible, more than the ${most} labels there are; play a game with fewer objects`,
    );
  }
  return commands.map((text, i) => ({
    label: i < NUMBERS ? String(i) : LETTERS[i - NUMBERS] as string,
    text,
  }));
}
