/**
 * Reading PDDL texts: a domain, and a problem of it.
 * @module
 */
import type { Action, Domain, Formula, Problem, Typed } from "./pddl.ts";
import { ALWAYS, ANYTHING } from "./pddl.ts";
import {
  asList,
  asWord,
  checkTerms,
  fault,
  readAtom,
  readEffects,
  readFormula,
  type Reading,
  readTyped,
} from "./parse_terms.ts";
import { isList, type List, readSymbols, show, type Symbol } from "./symbols.ts";

/**
 * Reads a domain. `source` names the text in messages.
 * Throws a TextGameError at what cannot be understood: typed STRIPS with `and or not imply exists forall =
 * when` can; derived predicates, durations and preferences cannot. Numeric effects are ignored.
 */
export function parseDomain(text: string, source = "domain"): Domain {
  const { name, sections } = readDefinition(text, source, "domain");
  const types = readTypeTree(source, sections.filter(({ key }) => key === ":types"));
  let reading: Reading = { source, types, predicates: new Map() };
  const constants = sections.filter(({ key }) => key === ":constants")
    .flatMap(({ list }) => readTyped(reading, list.items.slice(1)));
  const predicates = new Map<string, number>();
  for (const { list } of sections.filter(({ key }) => key === ":predicates")) {
    for (const item of list.items.slice(1)) {
      const declared = asList(reading, item, list, "a predicate");
      const head = asWord(reading, declared.items[0], declared, "a predicate");
      predicates.set(head.word, readTyped(reading, declared.items.slice(1)).length);
    }
  }
  reading = { ...reading, predicates };
  const actions: Action[] = [];
  for (const { key, list } of sections) {
    if (key === ":action") {
      const action = readAction(reading, list);
      if (actions.some(({ name }) => name === action.name)) {
        throw fault(reading, list, `there is an action "${action.name}" already`);
      }
      actions.push(action);
    } else if (!KNOWN_IN_DOMAIN.has(key)) {
      throw fault(reading, list, `a domain cannot have "${key}" here; ${SUPPORTED}`);
    }
  }
  return { name, types, constants, predicates, actions };
}

const KNOWN_IN_DOMAIN = new Set([
  ":requirements",
  ":types",
  ":constants",
  ":predicates",
  ":functions",
]);
const SUPPORTED =
  "supported are :requirements, :types, :constants, :predicates, :functions, :action";

/**
 * Reads a problem of a domain. `source` names the text in messages.
 * Throws a TextGameError at what cannot be understood, at unknown predicates, types and objects, and without a goal.
 */
export function parseProblem(text: string, domain: Domain, source = "problem"): Problem {
  const { name, sections, whole } = readDefinition(text, source, "problem");
  const known = new Set(domain.constants.map(({ name }) => name));
  const reading: Reading = {
    source,
    types: domain.types,
    predicates: domain.predicates,
    objects: known,
  };
  const objects: Typed[] = [];
  const init: Problem["init"][number][] = [];
  let goal: List | undefined;
  for (const { key, list } of sections) {
    if (key === ":objects") {
      for (const object of readTyped(reading, list.items.slice(1))) {
        if (!known.has(object.name)) objects.push(object);
        known.add(object.name);
      }
    } else if (key === ":init") {
      for (const item of list.items.slice(1)) {
        const fact = asList(reading, item, list, "a fact");
        const head = fact.items[0];
        if (head !== undefined && !isList(head) && head.word === "=") continue;
        const atom = readAtom(reading, fact);
        checkTerms(reading, fact, atom.terms, new Set());
        init.push(atom);
      }
    } else if (key === ":goal") {
      if (goal !== undefined) throw fault(reading, list, "there is a goal already");
      goal = list;
    } else if (key !== ":domain" && key !== ":metric" && key !== ":requirements") {
      throw fault(reading, list, `a problem cannot have "${key}" here`);
    }
  }
  if (goal === undefined) throw fault(reading, whole, "a problem needs a goal: (:goal CONDITION)");
  return { name, objects, init, goal: readGoal(reading, goal) };
}

function readGoal(reading: Reading, list: List): Formula {
  const [, condition, extra] = list.items;
  if (extra !== undefined) {
    throw fault(reading, extra, "expected one condition behind :goal; several belong in (and …)");
  }
  return readFormula(reading, condition, list, new Set());
}

interface Section {
  readonly key: string;
  readonly list: List;
}

function readDefinition(
  text: string,
  source: string,
  noun: "domain" | "problem",
): { name: string; sections: Section[]; whole: List } {
  const whole = readSymbols(text, source);
  const at = { source };
  const define = asWord(at, whole.items[0], whole, '"define"');
  if (define.word !== "define") throw fault(at, define, `expected "define", got ${show(define)}`);
  const title = asList(at, whole.items[1], whole, `(${noun} NAME)`);
  const kind = asWord(at, title.items[0], title, `"${noun}"`);
  if (kind.word !== noun) throw fault(at, kind, `expected a ${noun}, got a ${kind.word}`);
  const sections = whole.items.slice(2).map((item) => {
    const list = asList(at, item, whole, "a section");
    return { key: asWord(at, list.items[0], list, "a word like :objects").word, list };
  });
  return { name: asWord(at, title.items[1], title, "a name").word, sections, whole };
}

function readTypeTree(source: string, sections: readonly Section[]): Map<string, string> {
  const reading: Reading = {
    source,
    types: undefined,
    predicates: new Map(),
  };
  const tree = new Map<string, string>();
  for (const { list } of sections) {
    for (const { name, types } of readTyped(reading, list.items.slice(1))) {
      if (name !== ANYTHING) tree.set(name, types[0] ?? ANYTHING);
      for (const above of types) {
        if (above !== ANYTHING && !tree.has(above)) tree.set(above, ANYTHING);
      }
    }
  }
  return tree;
}

function readAction(reading: Reading, list: List): Action {
  const name = asWord(reading, list.items[1], list, "the action's name");
  const parts = new Map<string, Symbol | undefined>();
  for (let i = 2; i < list.items.length; i += 2) {
    const key = asWord(reading, list.items[i], list, ":parameters, :precondition or :effect");
    if (![":parameters", ":precondition", ":effect"].includes(key.word)) {
      throw fault(
        reading,
        key,
        `expected :parameters, :precondition or :effect, got ${show(key)}`,
      );
    }
    if (parts.has(key.word)) {
      throw fault(reading, key, `action "${name.word}" has ${key.word} already`);
    }
    parts.set(key.word, list.items[i + 1]);
  }
  const given = parts.get(":parameters");
  const parameters = given === undefined
    ? []
    : readTyped(reading, asList(reading, given, list, "parameters").items);
  const bound = new Set(parameters.map(({ name }) => name));
  const condition = parts.get(":precondition");
  return {
    name: name.word,
    parameters,
    precondition: condition === undefined ? ALWAYS : readFormula(reading, condition, list, bound),
    effects: readEffects(reading, parts.get(":effect"), list, bound),
  };
}
