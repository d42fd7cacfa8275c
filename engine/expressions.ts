/**
 * Expressions are data, never code: `${{ vars.model.preset }}` names a value and nothing else.
 * @module
 */

/** A text and the references in it. */
export type Template = readonly (string | Reference)[];

/** What stands between `${{` and `}}`. */
export interface Reference {
  /** The words between the dots: `["stages", "policy", "outputs", "model"]`. */
  readonly path: readonly string[];
  /** As it was written, trimmed. */
  readonly text: string;
}

/** An expression that cannot be read; `index` counts the expressions of the text from 0. */
export class ExpressionError extends Error {
  /** Creates one. */
  constructor(message: string, readonly index: number) {
    super(message);
  }
}

/** Splits a text into literal parts and references. Throws an {@linkcode ExpressionError}. */
export function parseTemplate(text: string): Template {
  const parts: (string | Reference)[] = [];
  let rest = text;
  for (let index = 0;; index++) {
    const start = rest.indexOf("${{");
    if (start === -1) break;
    const end = rest.indexOf("}}", start);
    if (end === -1) {
      throw new ExpressionError('"${{" has no closing "}}"', index);
    }
    if (start > 0) parts.push(rest.slice(0, start));
    parts.push(parseReference(rest.slice(start + 3, end).trim(), index));
    rest = rest.slice(end + 2);
  }
  if (rest !== "") parts.push(rest);
  return parts;
}

const FORMS = "seed, vars.NAME, matrix.NAME or stages.NAME.outputs.OUTPUT";

function parseReference(text: string, index: number): Reference {
  if (/^[A-Za-z_][\w-]*(\.[\w-]+)*$/.test(text)) {
    return { path: text.split("."), text };
  }
  const got = text === "" ? "nothing" : `"${text}"`;
  throw new ExpressionError(`expected ${FORMS}, got ${got}`, index);
}
