/**
 * What a reference names, variables aside: those are expressions themselves (`resolve.ts`).
 * @module
 */
import { type Position, suggest } from "./diagnostics.ts";
import { FUNCTIONS } from "./evaluate.ts";
import type { Reference } from "./expressions.ts";
import type { Scope } from "./scope.ts";
import { secretPlaceholder } from "./secrets.ts";
import { descend, plain, type ScalarNode, sizeOf, type TreeNode } from "./tree.ts";

/** Why a reference names nothing. */
interface Problem {
  readonly code: string;
  readonly message: string;
}

/** Where a reference stands: itself, and the text that holds it. */
interface Place {
  readonly at: Position;
  readonly from: Position;
}

/** The value that a reference names, or what is wrong with it. */
export function lookUp(reference: Reference, scope: Scope, place: Place): TreeNode | Problem {
  const [root] = reference.path;
  if (root === "stages") return findOutput(reference, scope, place);
  if (root === "inputs") return findInput(reference, scope, place);
  if (root === "matrix") return findMatrixValue(reference, scope, place);
  if (root === "secrets") return findSecret(reference, scope, place);
  if (root === "seed" && reference.path.length === 1) {
    return scope.seed === undefined
      ? misuse('"seed" cannot be used here')
      : { kind: "scalar", value: scope.seed, at: place.from };
  }
  const hint = FUNCTIONS.includes(reference.text)
    ? `: the function is written ${reference.text}()`
    : suggest(root ?? "", ["seed", "vars", "inputs", "matrix", "stages", "secrets"]);
  return misuse(`"${reference.text}" names nothing${hint}`);
}

function misuse(message: string): Problem {
  return { code: "bad-expression", message };
}

function findInput(
  { path, text }: Reference,
  { inputs, declaredInputs, budget }: Scope,
  { at }: Place,
): TreeNode | Problem {
  const [, name = "", ...inner] = path;
  if (inputs === undefined) return misuse(`"${text}" cannot be used here`);
  const value = inputs.get(name);
  if (value === undefined && declaredInputs?.has(name)) {
    return misuse(`the default of an input can name only inputs declared above it, not "${name}"`);
  }
  if (value === undefined) {
    const names = [...(declaredInputs ?? inputs).keys()];
    const hint = names.length === 0 ? ": the workflow has no inputs" : suggest(name, names);
    return { code: "unknown-input", message: `there is no input "${name}"${hint}` };
  }
  const found = value.kind === "scalar" && value.broken ? value : descend(value, inner);
  if (found !== undefined) {
    budget.addValues(at, sizeOf(found));
    return found;
  }
  const message = `the input "${name}" has nothing at "${inner.join(".")}" (in "${text}")`;
  return { code: "unknown-input", message };
}

function findMatrixValue(
  { path }: Reference,
  { matrix, matrixNames, isMatrixWrong }: Scope,
  { at }: Place,
): TreeNode | Problem {
  const name = path.slice(1).join(".");
  if (isMatrixWrong) return { kind: "scalar", value: null, at, broken: true };
  const value = matrix?.get(name);
  if (value !== undefined) return value;
  const names = [...matrixNames ?? matrix?.keys() ?? []];
  const own = [...matrix ?? []].map(([key, item]) => `${key}=${plain(item)}`).join(", ");
  const message = matrix === undefined
    ? `"matrix.${name}" can be used only in a stage that has a matrix`
    : names.includes(name)
    ? `the combination (${own}) of the matrix has no "${name}": add it under "include"`
    : `the matrix has no "${name}"${suggest(name, names)}`;
  return { code: "unknown-matrix", message };
}

function findSecret(
  { path, text }: Reference,
  { secrets }: Scope,
  { from }: Place,
): TreeNode | Problem {
  const name = path.slice(1).join(".");
  if (secrets === undefined) {
    return misuse(`"${text}" cannot be used here: secrets are for the "with" of a stage`);
  }
  if (secrets.has(name)) return { kind: "scalar", value: secretPlaceholder(name), at: from };
  const hint = secrets.size > 0 ? suggest(name, [...secrets]) : "";
  const message = `the workflow declares no secret "${name}"${hint}: name it under "secrets"`;
  return { code: "unknown-secret", message };
}

function findOutput(
  { path, text }: Reference,
  { stages, onReference, budget }: Scope,
  { at, from }: Place,
): TreeNode | Problem {
  const [, name = "", word, output = "", ...rest] = path;
  if (stages === undefined) {
    return misuse(
      `"${text}" cannot be used here: outputs are known only once the stage has run`,
    );
  }
  if (word !== "outputs" || output === "" || rest.length > 0) {
    return misuse(`expected stages.NAME.outputs.OUTPUT, got "${text}"`);
  }
  const stage = stages.get(name);
  if (stage === undefined) {
    const message = `there is no stage "${name}"${suggest(name, [...stages.keys()])}`;
    return { code: "unknown-stage", message };
  }
  onReference?.(name, at);
  // Why nothing is known of it is reported where it stands.
  if (stage.outputs === undefined) return { kind: "scalar", value: null, at, broken: true };
  const found = stage.outputs.get(output);
  if (found === undefined) {
    const names = [...stage.outputs.keys()];
    const hint = names.length === 0 ? ", nor any other" : suggest(output, names);
    return { code: "unknown-output", message: `stage "${name}" has no output "${output}"${hint}` };
  }
  budget.addValues(at, found.references.length);
  const items = found.references.map((value): ScalarNode => ({ kind: "scalar", value, at: from }));
  const [only] = items;
  if (found.isList) return { kind: "list", items, at: from };
  return only ?? { kind: "scalar", value: null, at, broken: true };
}
