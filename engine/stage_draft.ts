/**
 * A stage as its file has it: its keys, its matrix, its seeds and conditions; its `with` comes later.
 * @module
 */
import type { FoundPath } from "./inputs.ts";
import { readCondition } from "./conditions.ts";
import type { Diagnostics, Position } from "./diagnostics.ts";
import { IncludedFile } from "./included_file.ts";
import { reportIssues } from "./issues.ts";
import type { Budget } from "./limits.ts";
import { checkNames, checkUses, type Combination, expandMatrix } from "./matrix.ts";
import type { StageModule } from "./module.ts";
import { resolve } from "./resolve.ts";
import type { Scope } from "./scope.ts";
import { chooseModule, type ChosenModule } from "./stage_module.ts";
import { parseLeniently, seedSyntax, type StageSyntax, stageSyntax } from "./syntax.ts";
import { child, type Entry, isAbsent, type MapNode, plain, type TreeNode } from "./tree.ts";
import type { Condition } from "./workflow.ts";
import type { WorkflowFile } from "./workflow_file.ts";

/** What the whole workflow shares while it is loaded. */
export interface Load {
  /** Stage modules by name. */
  readonly modules: ReadonlyMap<string, StageModule>;
  /** Gets what is wrong. */
  readonly diagnostics: Diagnostics;
  /** Counts what the files grow into. */
  readonly budget: Budget;
  /** A path that a file has as a reference from the workflow's own folder; told of the node that has it. */
  readonly path: FoundPath;
}

/** One file, as the workflow itself or as one of its stages includes it. */
export interface FileContext {
  /** The file. */
  readonly file: WorkflowFile;
  /** Its map `vars`. */
  readonly vars: MapNode | undefined;
  /** Names of the secrets it declares. */
  readonly secrets: ReadonlySet<string>;
  /** What it was given, by name. */
  readonly inputs: ReadonlyMap<string, TreeNode>;
  /** The seed of every stage that has none of its own. */
  readonly seed: number;
  /** What stands before the names of its instances: nothing, or `outer (seed=1)/`. */
  readonly prefix: string;
  /** What stands before the names of its stages: nothing, or `outer/`. */
  readonly stagePrefix: string;
  /** How many files include it, one inside another. */
  readonly depth: number;
}

/** One instance of a stage that is not looked at further yet. */
export interface Variant extends Combination {
  /** Its seed. */
  readonly seed: number;
  /** Whether the stage says so itself, or its matrix. */
  readonly hasOwnSeed: boolean;
  /** Its `if`. */
  readonly condition: Condition | undefined;
}

/** A stage whose `with` was not looked at yet. */
export interface Draft {
  /** Its name in the file. */
  readonly name: string;
  /** Where it stands. */
  readonly entry: Entry;
  /** Its keys as far as they are right. */
  readonly syntax: StageSyntax;
  /** The stage's keys with references to variables replaced, `with`, `if` and `seed` aside. */
  readonly tree: TreeNode;
  /** What does its work; undefined where that is wrong, which is reported. */
  readonly uses: ChosenModule | IncludedFile | undefined;
  /** Its instances; one without a matrix. */
  readonly variants: readonly Variant[];
  /** Names that any of the matrix's combinations has. */
  readonly matrixNames: ReadonlySet<string>;
  /** Whether it has a matrix that is wrong. */
  readonly isMatrixWrong: boolean;
}

/** Reads a stage's own keys. */
export function readStage(name: string, entry: Entry, context: FileContext, load: Load): Draft {
  const { diagnostics, budget } = load;
  const tree = ownKeys(entry.value, context, load);
  const value = plain(tree);
  const parsed = stageSyntax.safeParse(value, { reportInput: true });
  if (!parsed.success) {
    reportIssues(parsed.error.issues, {
      name: `stage "${name}"`,
      word: "key",
      tree,
      top: entry.key,
      schema: stageSyntax,
    }, diagnostics);
  }
  const syntax: StageSyntax = parsed.success
    ? parsed.data
    : parseLeniently(stageSyntax.shape, value);
  const matrix = readMatrix(name, { syntax, tree, entry }, context, diagnostics);
  const combinations = matrix ?? [{ suffix: "", values: undefined }];
  budget.addInstances(entry.key, combinations.length);
  const matrixNames = new Set(combinations.flatMap(({ values }) => [...values?.keys() ?? []]));
  const uses = whatItUses(syntax, tree, load);
  const isMatrixWrong = matrix === undefined;
  const draft = { name, entry, syntax, tree, uses, matrixNames, isMatrixWrong };
  const variants = combinations.map((combination) => {
    const seed = seedOf(draft, combination, context, load);
    const scope = scopeOf(draft, { ...combination, ...seed }, context, load);
    return { ...combination, ...seed, condition: conditionOf(draft, scope, diagnostics) };
  });
  return { ...draft, variants };
}

/** The combinations of a stage's matrix; undefined where it is wrong. */
function readMatrix(
  name: string,
  { syntax, tree, entry }: Pick<Draft, "syntax" | "tree" | "entry">,
  { file }: FileContext,
  diagnostics: Diagnostics,
): Combination[] | undefined {
  const node = child(tree, "matrix")?.value;
  checkNames(node, name, diagnostics);
  if (node === undefined) return [{ suffix: "", values: undefined }];
  if (syntax.matrix === undefined || node.kind !== "map") return undefined;
  const combinations = expandMatrix(node, diagnostics);
  const places = ["with", "if", "seed"].map((key) => child(entry.value, key)?.value);
  if (combinations) checkUses(node, name, places, file.matrixMentions, diagnostics);
  return combinations;
}

/** What references of an instance may name, outputs and secrets aside. */
export function scopeOf(
  { matrixNames, isMatrixWrong }: Pick<Draft, "matrixNames" | "isMatrixWrong">,
  { values, seed }: Pick<Variant, "values" | "seed">,
  { vars, inputs }: FileContext,
  { budget }: Load,
): Scope {
  return {
    vars,
    inputs,
    seed,
    matrix: values,
    matrixNames,
    isMatrixWrong,
    stages: undefined,
    budget,
  };
}

/** The stage's keys; references in `with`, `if` and `seed` wait until the instance is known. */
function ownKeys(node: TreeNode, context: FileContext, load: Load): TreeNode {
  if (node.kind !== "map") return node;
  const scope: Scope = {
    vars: context.vars,
    inputs: context.inputs,
    seed: context.seed,
    matrix: undefined,
    stages: undefined,
    budget: load.budget,
  };
  const entries = [...node.entries].flatMap(([key, entry]) => {
    const value = ["with", "if", "seed"].includes(key)
      ? entry.value
      : resolve(entry.value, scope, load.diagnostics);
    return isAbsent(value) ? [] : [[key, { ...entry, value }] as const];
  });
  return { ...node, entries: new Map(entries) };
}

function whatItUses(
  { uses }: StageSyntax,
  tree: TreeNode,
  { modules, diagnostics }: Load,
): Draft["uses"] {
  const node = child(tree, "uses")?.value;
  if (node?.kind !== "scalar" || node.broken) return undefined;
  if (uses instanceof IncludedFile) return uses;
  return chooseModule(uses, node.at, modules, diagnostics);
}

function conditionOf(
  { name, tree }: Pick<Draft, "name" | "tree">,
  scope: Scope,
  diagnostics: Diagnostics,
): Condition | undefined {
  const node = child(tree, "if")?.value;
  return node && readCondition(node, name, scope, diagnostics);
}

function seedOf(
  draft: Omit<Draft, "variants">,
  { values }: Combination,
  context: FileContext,
  load: Load,
): Pick<Variant, "seed" | "hasOwnSeed"> {
  const { name, entry, tree } = draft;
  const { seed } = context;
  const inherited = { seed, hasOwnSeed: false };
  const given = values?.get("seed") ?? child(tree, "seed")?.value;
  if (given === undefined) return inherited;
  const value = resolve(given, scopeOf(draft, { values, seed }, context, load), load.diagnostics);
  if (isAbsent(value)) return inherited;
  const parsed = seedSyntax.safeParse({ seed: plain(value) }, { reportInput: true });
  if (parsed.success) return { seed: parsed.data.seed, hasOwnSeed: true };
  reportIssues(parsed.error.issues, {
    name: `stage "${name}"`,
    word: "key",
    tree: seedTree(value, given.at),
    top: entry.key,
    schema: seedSyntax,
  }, load.diagnostics);
  return inherited;
}

function seedTree(value: TreeNode, at: Position): MapNode {
  return { kind: "map", at, entries: new Map([["seed", { key: at, value }]]) };
}
