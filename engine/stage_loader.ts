/**
 * The stages of a workflow file: their keys, their matrix, their `with`, and what they need.
 * @module
 */
import { mayRun, readCondition } from "./conditions.ts";
import { type Diagnostics, type Position, suggest } from "./diagnostics.ts";
import type { Graph } from "./graph.ts";
import { markPaths } from "./inputs.ts";
import { reportIssues, type Subject } from "./issues.ts";
import { checkNames, type Combination, expandMatrix } from "./matrix.ts";
import type { OutputDeclaration, StageModule } from "./module.ts";
import { resolve } from "./resolve.ts";
import type { Scope, StageSignature } from "./scope.ts";
import { strict } from "./schemas.ts";
import { chooseModule, type ChosenModule } from "./stage_module.ts";
import { parseLeniently, seedSyntax, type StageSyntax, stageSyntax } from "./syntax.ts";
import { child, type Entry, type MapNode, plain, type ScalarNode, type TreeNode } from "./tree.ts";
import type { Condition, StageInstance } from "./workflow.ts";

/** What the loader has to work with. */
export interface StageSources {
  /** The file's map `stages`. */
  readonly entries: ReadonlyMap<string, Entry>;
  /** Modules by name. */
  readonly modules: ReadonlyMap<string, StageModule>;
  /** The file's map `vars`. */
  readonly vars: MapNode | undefined;
  /** Names of the workflow's secrets. */
  readonly secrets: ReadonlySet<string>;
  /** The workflow's seed. */
  readonly seed: number;
  /** Gets what is wrong. */
  readonly diagnostics: Diagnostics;
}

/** A stage whose `with` was not looked at yet. */
interface Draft {
  readonly name: string;
  readonly entry: Entry;
  readonly syntax: StageSyntax;
  /** The stage's keys with references to variables replaced, `with`, `if` and `seed` aside. */
  readonly tree: TreeNode;
  readonly chosen: ChosenModule | undefined;
  readonly combinations: readonly Combination[];
  /** Names that any of the combinations has. */
  readonly matrixNames: ReadonlySet<string>;
}

/** The output every stage has, written by the engine. */
const METRICS: OutputDeclaration = {
  kind: "metrics",
  description: "What the stage reported with metric(), one step a line.",
};

/** Loads every stage of a file; used once. */
export class StageLoader {
  /** What references may name. */
  readonly signatures = new Map<string, StageSignature>();
  /** Literal paths that stand for artifacts. */
  readonly paths: { path: string; node: ScalarNode }[] = [];
  readonly #edges = new Map<string, Map<string, Position>>();

  /** Keeps what it needs; {@linkcode load} does the work. */
  constructor(readonly sources: StageSources) {}

  /** Every instance that could be read, in the order of the file; what is wrong goes to the diagnostics. */
  load(): StageInstance[] {
    const drafts = [...this.sources.entries].map(([name, entry]) => this.#draft(name, entry));
    for (const draft of drafts) {
      const { name, chosen, tree } = draft;
      this.#edges.set(name, new Map());
      this.signatures.set(name, {
        instances: this.#readable(draft).map(({ suffix }) => name + suffix),
        isMatrix: child(tree, "matrix") !== undefined,
        outputs: chosen && { ...chosen.module.outputs, metrics: METRICS },
      });
    }
    for (const draft of drafts) this.#connect(draft);
    return drafts.flatMap((draft) =>
      draft.combinations.flatMap((combination) => this.#instance(draft, combination) ?? [])
    );
  }

  /** Which stage needs which. */
  stageGraph(): Graph {
    return new Map(
      [...this.#edges].map(([name, edges]) => [name, new Set(edges.keys())]),
    );
  }

  /** The token that makes one stage need another. */
  edgePosition(from: string, to: string): Position | undefined {
    return this.#edges.get(from)?.get(to);
  }

  #draft(name: string, entry: Entry): Draft {
    const { modules, diagnostics } = this.sources;
    const tree = this.#ownKeys(entry.value);
    const subject: Subject = {
      name: `stage "${name}"`,
      word: "key",
      tree,
      top: entry.key,
      schema: stageSyntax,
    };
    const value = plain(tree);
    const parsed = stageSyntax.safeParse(value, { reportInput: true });
    if (!parsed.success) {
      reportIssues(parsed.error.issues, subject, diagnostics);
    }
    const syntax: StageSyntax = parsed.success
      ? parsed.data
      : parseLeniently(stageSyntax.shape, value);
    const usesNode = child(tree, "uses")?.value;
    const chosen = usesNode?.kind === "scalar" && !usesNode.broken
      ? chooseModule(syntax.uses, usesNode.at, modules, diagnostics)
      : undefined;
    checkNames(child(tree, "matrix")?.value, name, diagnostics);
    const matrix = syntax.matrix && child(tree, "matrix")?.value;
    const combinations = expandMatrix(matrix, diagnostics);
    const names = combinations.flatMap(({ values }) => [...values?.keys() ?? []]);
    return { name, entry, syntax, tree, chosen, combinations, matrixNames: new Set(names) };
  }

  /** The stage's keys; references in `with`, `if` and `seed` wait until the instance is known. */
  #ownKeys(node: TreeNode): TreeNode {
    if (node.kind !== "map") return node;
    const scope: Scope = {
      vars: this.sources.vars,
      seed: this.sources.seed,
      matrix: undefined,
      stages: undefined,
    };
    const entries = [...node.entries].map(([key, entry]) => {
      const value = ["with", "if", "seed"].includes(key)
        ? entry.value
        : resolve(entry.value, scope, this.sources.diagnostics);
      return [key, { ...entry, value }] as const;
    });
    return { ...node, entries: new Map(entries) };
  }

  #connect({ name, tree }: Draft): void {
    const node = child(tree, "needs")?.value;
    const items = node?.kind === "list" ? node.items : node ? [node] : [];
    for (const item of items) {
      const needed = plain(item);
      if (typeof needed !== "string") continue;
      if (this.signatures.has(needed)) {
        this.#edges.get(name)?.set(needed, item.at);
        continue;
      }
      this.sources.diagnostics.add(
        item.at,
        "unknown-stage",
        `there is no stage "${needed}"${suggest(needed, [...this.signatures.keys()])}`,
      );
    }
  }

  #instance(
    draft: Draft,
    combination: Combination,
  ): StageInstance | undefined {
    const { name, syntax, chosen } = draft;
    const seed = this.#seed(draft, combination);
    const condition = this.#condition(draft, combination, seed);
    const reads = new Set<string>();
    const tree = this.#withTree(draft, combination, seed, reads);
    if (chosen === undefined || tree === undefined) return undefined;
    const input = this.#parseInput(draft, chosen, tree);
    if (input === undefined) return undefined;
    const instancesOf = (stages: Iterable<string>) =>
      [...stages].flatMap((stage) => this.signatures.get(stage)?.instances ?? []);
    return {
      name: name + combination.suffix,
      stage: name,
      ...chosen,
      ...input,
      reads: instancesOf(reads),
      needs: instancesOf(this.#edges.get(name)?.keys() ?? []),
      seed,
      condition,
      retry: {
        attempts: syntax.retry?.attempts ?? 1,
        delay: syntax.retry?.delay ?? 1,
        maxDelay: syntax.retry?.["max-delay"] ?? 60,
      },
      timeout: syntax.timeout,
      cache: syntax.cache ?? true,
      continueOnError: syntax["continue-on-error"] ?? false,
    };
  }

  /**
   * The combinations that later stages read: those whose `if` lets them run. Where it lets none, all:
   * what reads them is then skipped and says why.
   */
  #readable(draft: Draft): readonly Combination[] {
    const wanted = draft.combinations.filter((combination) => {
      const seed = this.#seed(draft, combination);
      return mayRun({ condition: this.#condition(draft, combination, seed) });
    });
    return wanted.length > 0 ? wanted : draft.combinations;
  }

  #condition(
    { name, tree, matrixNames }: Draft,
    { values }: Combination,
    seed: number,
  ): Condition | undefined {
    const node = child(tree, "if")?.value;
    if (node === undefined) return undefined;
    const { vars, diagnostics } = this.sources;
    const scope: Scope = { vars, seed, matrix: values, matrixNames, stages: undefined };
    return readCondition(node, name, scope, diagnostics);
  }

  #seed({ name, entry, tree, matrixNames }: Draft, { values }: Combination): number {
    const { seed, vars, diagnostics } = this.sources;
    const given = values?.get("seed") ?? child(tree, "seed")?.value;
    if (given === undefined) return seed;
    const scope: Scope = { vars, seed, matrix: values, matrixNames, stages: undefined };
    const node: MapNode = {
      kind: "map",
      at: given.at,
      entries: new Map([["seed", {
        key: given.at,
        value: resolve(given, scope, diagnostics),
      }]]),
    };
    const parsed = seedSyntax.safeParse(plain(node), { reportInput: true });
    if (parsed.success) return parsed.data.seed;
    reportIssues(parsed.error.issues, {
      name: `stage "${name}"`,
      word: "key",
      tree: node,
      top: entry.key,
      schema: seedSyntax,
    }, diagnostics);
    return seed;
  }

  /** The instance's `with`, every reference replaced; undefined where it is no map. */
  #withTree(
    { name, entry, tree, matrixNames }: Draft,
    { values }: Combination,
    seed: number,
    reads: Set<string>,
  ): TreeNode | undefined {
    const { diagnostics, vars } = this.sources;
    const node: TreeNode = child(tree, "with")?.value ??
      { kind: "map", entries: new Map(), at: entry.key };
    const resolved = resolve(node, {
      vars,
      seed,
      matrix: values,
      matrixNames,
      secrets: this.sources.secrets,
      stages: this.signatures,
      onReference: (stage, at) => {
        reads.add(stage);
        const edges = this.#edges.get(name);
        if (!edges?.has(stage)) edges?.set(stage, at);
      },
    }, diagnostics);
    if (resolved.kind === "map") return resolved;
    if (resolved.kind === "list" || !resolved.broken) {
      diagnostics.add(
        node.at,
        "wrong-type",
        `"with" of stage "${name}": expected a map of inputs`,
      );
    }
    return undefined;
  }

  #parseInput(
    { name, entry, tree }: Draft,
    { module }: ChosenModule,
    given: TreeNode,
  ): { values: unknown; input: unknown } | undefined {
    const schema = strict(module.with);
    const marked = markPaths(schema, given, (path, node) => {
      this.paths.push({ path, node });
    });
    const values = plain(marked);
    const parsed = schema.safeParse(values, { reportInput: true });
    if (parsed.success) return { values, input: parsed.data };
    reportIssues(parsed.error.issues, {
      name: `stage "${name}"`,
      word: "input",
      tree: marked,
      top: child(tree, "with")?.key ?? entry.key,
      schema,
    }, this.sources.diagnostics);
    return undefined;
  }
}
