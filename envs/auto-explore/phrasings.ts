/**
 * How a fact is asked for: several ways for each kind, so that a player learns what is asked and not how.
 * @module
 */
import type { Fact, FactKind } from "./facts.ts";

type Phrasing = (name: string, words: string) => string;

const PHRASINGS: Readonly<Record<FactKind, readonly Phrasing[]>> = {
  function: [
    (name) => `Which file defines the function ${name}?`,
    (name) => `Where is ${name}() implemented?`,
    (name) => `I want to change what ${name} does. Which file is it in?`,
    (_, words) => `Where is the function ${words}?`,
  ],
  class: [
    (name) => `Which file has the class ${name}?`,
    (name) => `Where is ${name} declared?`,
    (name) => `I want to add a method to ${name}. Which file?`,
    (_, words) => `Where is the class ${words}?`,
  ],
  type: [
    (name) => `Which file declares the type ${name}?`,
    (name) => `Where is ${name} declared?`,
    (name) => `I want to add a field to ${name}. Which file?`,
    (_, words) => `Where is the type ${words}?`,
  ],
  constant: [
    (name) => `Which file sets ${name}?`,
    (name) => `Where does the constant ${name} come from?`,
    (name) => `I want another value of ${name}. Which file?`,
    (_, words) => `Where is the constant ${words}?`,
  ],
  about: [
    (name) => `Which file is about this: ${name}?`,
    (name) => `Where is the code for this? ${name}`,
    (name) => `Find the file that says "${name}".`,
  ],
  docstring: [
    (name) => `What does this: ${name}?`,
    (name) => `Where is this: ${name}?`,
    (name) => `Which file has this: ${name}?`,
  ],
  heading: [
    (name) => `Which document has a section "${name}"?`,
    (name) => `Where can I read about ${name}?`,
    (name) => `Find the chapter ${name}.`,
  ],
  key: [
    (name) => `Which file sets the key ${name}?`,
    (name) => `Where is ${name} configured?`,
    (name) => `I want to change ${name}. In which configuration?`,
  ],
  column: [
    (name) => `Which table has a column ${name}?`,
    (name) => `Where are the data on ${name}?`,
    (name) => `Find the table with ${name}.`,
  ],
};

const CODE: ReadonlySet<FactKind> = new Set(["function", "class", "type", "constant"]);

/**
 * All ways to ask which file a fact is in, each once. `plain` puts what is asked for in lower case, names of
 * code as their words.
 */
export function phrasingsOf({ kind, name }: Fact, plain = false): string[] {
  const words = wordsOf(name);
  const plainName = CODE.has(kind) ? words : name.toLowerCase();
  return [...new Set(PHRASINGS[kind].map((phrase) => phrase(plain ? plainName : name, words)))];
}

/**
 * A question of anybody in the form of plain ones: "Where is readConfig?" becomes "Where is read config?". It is
 * not known which words are names of code, so that every one that looks like one is taken apart.
 */
export function putPlainly(question: string): string {
  return question.replace(/[\p{L}_][\p{L}\p{N}_]*/gu, (word, offset) => {
    const begins = offset === 0 || /[.!?] $/.test(question.slice(offset - 2, offset));
    if (begins && /^\p{Lu}\p{Ll}*$/u.test(word)) return word;
    return (/^\w+$/.test(word) && wordsOf(word)) || word.toLowerCase();
  });
}

/** A name's words in lower case: `PolicyInput`, `policy_input` and `policyInput` are all "policy input". */
export function wordsOf(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .replace(/[_\W]+/g, " ")
    .trim()
    .toLowerCase();
}
