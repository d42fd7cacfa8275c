/**
 * Commands on offer with their labels.
 * @module
 */
import { LABELS } from "../labels.ts";

/** Commands with the first labels, in order. Throws a RangeError where there are more commands than labels. */
export function labelled(commands: readonly string[]): { label: string; text: string }[] {
  const most = LABELS.length;
  if (commands.length > most) {
    throw new RangeError(
      `${commands.length} commands are possible, more than the ${most} labels there are; play a game with fewer objects`,
    );
  }
  return commands.map((text, i) => ({ label: LABELS[i] as string, text }));
}
