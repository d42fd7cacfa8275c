/**
 * The alphabet and the words of GPT-2's byte-level tokenizers: every byte is written as one
 * printable character, and text is cut into words before anything is merged.
 * @module
 */

/** Text → the words merges stay within, as GPT-2 cuts it. Together they are the whole text. */
export function splitWords(text: string): string[] {
  return text.match(
    /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu,
  ) ?? [];
}

/**
 * The character that stands for each byte value. Printable ones stand for themselves; the others
 * (a space, control characters) borrow characters from 256 upwards, so a space is "Ġ".
 */
export const BYTE_CHARACTERS: readonly string[] = (() => {
  const printable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) ||
    byte >= 0xae;
  let borrowed = 256;
  return Array.from(
    { length: 256 },
    (_, byte) => String.fromCodePoint(printable(byte) ? byte : borrowed++),
  );
})();

const encoder = new TextEncoder();

/** The UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}
