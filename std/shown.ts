/**
 * A value in a message.
 * @module
 */

/** The value as JSON, or as text where it has none, as cycles and BigInts have; cut to `most` characters. */
export function shown(value: unknown, most = 80): string {
  const text = textOf(value);
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function textOf(value: unknown): string {
  try {
    if (typeof value === "number" || typeof value === "bigint") return String(value);
    return JSON.stringify(value) ?? String(value);
  } catch {
    // A cycle, a BigInt within, or a toJSON of one's own.
    return Object.prototype.toString.call(value);
  }
}
