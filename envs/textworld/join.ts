/**
 * Bindings of variables that a condition leaves possible, found by joining the facts that never change, like
 * the tables of a database, instead of trying every combination of objects.
 * @module
 */
import { type Binding, type Ground, groundFormula } from "./condition.ts";
import { type Atom, type Formula, freeVariables, type Typed } from "./pddl.ts";

interface Test {
  readonly formula: Formula;
  readonly variables: ReadonlySet<string>;
}

interface Search {
  readonly ground: Ground;
  readonly types: ReadonlyMap<string, readonly string[]>;
  readonly binding: Map<string, string>;
  readonly visit: (binding: Binding) => void;
}

/**
 * Calls `visit` with every binding of `variables`, added to `binding`, except those under which `formula` is
 * false whatever is done. The order depends on the texts alone. The binding changes after the call: copy it.
 */
export function forEachMatch(
  ground: Ground,
  variables: readonly Typed[],
  formula: Formula,
  binding: Binding,
  visit: (binding: Binding) => void,
): void {
  const own = new Map(binding);
  for (const { name } of variables) own.delete(name);
  const search = {
    ground,
    types: new Map(variables.map(({ name, types }) => [name, types])),
    binding: own,
    visit,
  };
  const tables: Atom[] = [];
  const tests: Test[] = [];
  for (const part of conjuncts(formula)) {
    if (!ground.statics.decides(part)) continue;
    if (part.kind === "atom") tables.push(part.atom);
    else tests.push({ formula: part, variables: freeVariables(part) });
  }
  extend(search, tables, tests);
}

/** The parts of a formula that must all hold. */
export function conjuncts(formula: Formula): Formula[] {
  return formula.kind === "and" ? formula.parts.flatMap(conjuncts) : [formula];
}

function extend(search: Search, tables: readonly Atom[], tests: readonly Test[]): void {
  const { ground, types, binding } = search;
  const open: Test[] = [];
  for (const test of tests) {
    if ([...test.variables].some((name) => !binding.has(name))) open.push(test);
    else if (groundFormula(ground, test.formula, binding).length === 0) return;
  }
  const table = smallest(search, tables);
  if (table !== undefined) {
    const rest = tables.filter((other) => other !== table);
    for (const row of ground.statics.candidates(table, binding)) {
      const bound = unify(search, table, row);
      if (bound !== undefined) extend(search, rest, open);
      for (const name of bound ?? []) binding.delete(name);
    }
    return;
  }
  const name = nextVariable(search, open);
  if (name === undefined) return search.visit(binding);
  const wanted = types.get(name) ?? [];
  for (const object of new Set(wanted.flatMap((type) => [...ground.statics.objects(type)]))) {
    binding.set(name, object);
    extend(search, [], open);
  }
  binding.delete(name);
}

function smallest({ ground, binding }: Search, tables: readonly Atom[]): Atom | undefined {
  let best: Atom | undefined;
  let fewest = Infinity;
  for (const table of tables) {
    const size = ground.statics.candidates(table, binding).length;
    if (size >= fewest) continue;
    best = table;
    fewest = size;
  }
  return best;
}

/** A variable that is still free: first one that completes a test, which then spares the others many turns. */
function nextVariable({ types, binding }: Search, tests: readonly Test[]): string | undefined {
  const free = [...types.keys()].filter((name) => !binding.has(name));
  const lone = free.find((name) =>
    tests.some(({ variables }) =>
      variables.has(name) && [...variables].every((other) => other === name || binding.has(other))
    )
  );
  return lone ?? free[0];
}

/** Binds the atom's variables to a row; gives those newly bound, or undefined (and binds none) where they differ. */
function unify(
  { ground, types, binding }: Search,
  { terms }: Atom,
  row: readonly string[],
): string[] | undefined {
  const bound: string[] = [];
  const fits = terms.every((term, i) => {
    const object = row[i] as string;
    if (!term.startsWith("?")) return term === object;
    const before = binding.get(term);
    if (before !== undefined) return before === object;
    if (!ground.statics.hasType(object, types.get(term) ?? [])) return false;
    binding.set(term, object);
    bound.push(term);
    return true;
  });
  if (fits) return bound;
  for (const name of bound) binding.delete(name);
  return undefined;
}
