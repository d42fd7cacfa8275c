/**
 * The stages of one file, and of the files they include: what they need, and the instances they make.
 *
 * `get` and `prepare` look at everything that is written; `assemble` then tells what each instance
 * needs, once nothing was found to need itself.
 * @module
 */
import { Diagnostics, type Position, suggest } from "./diagnostics.ts";
import { topologicalOrder } from "./graph.ts";
import { readOutputs } from "./include.ts";
import { type FileStages, Inclusion, type Within } from "./inclusion.ts";
import { IncludedFile } from "./included_file.ts";
import { resolve } from "./resolve.ts";
import type { OutputSignature, Scope, StageNames, StageSignature } from "./scope.ts";
import { type Draft, type FileContext, type Load, readStage, type Variant } from "./stage_draft.ts";
import { parseInput, readsOf, resolveWith, type Surroundings } from "./stage_instance.ts";
import type { ChosenModule } from "./stage_module.ts";
import { moduleSignature, type Signature } from "./stage_signature.ts";
import { child, type Entry, mapAt, plain } from "./tree.ts";
import type { StageInstance } from "./workflow.ts";

/** A stage whose module and matrix are known. */
interface Stage {
  readonly draft: Draft;
  readonly signature: Signature;
  /** Where it includes a file: what it makes of each of its instances. */
  readonly inclusions: readonly Inclusion[] | undefined;
}

/** An instance whose `with` was found to be right. */
interface Prepared extends ChosenModule {
  readonly variant: Variant;
  readonly values: unknown;
  readonly input: unknown;
  readonly reads: ReadonlySet<string>;
}

/** Loads the stages of a file, once for each time it is included. */
export class StageLoader implements StageNames, FileStages {
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #stages = new Map<string, Stage>();
  /** Stages that are being read: one that is asked for meanwhile needs itself. */
  readonly #open = new Set<string>();
  readonly #edges = new Map<string, Map<string, Position>>();
  readonly #prepared = new Map<string, Prepared[]>();
  #order: readonly string[] = [];
  #outputs: ReadonlyMap<string, OutputSignature> | undefined;

  /** Keeps what it needs; {@linkcode prepare} and {@linkcode assemble} do the work. */
  constructor(readonly context: FileContext, readonly load: Load) {
    this.#entries = mapAt(context.file.root, "stages")?.entries ?? new Map();
  }

  /** Names of the file's stages. */
  keys(): Iterable<string> {
    return this.#entries.keys();
  }

  /** What other stages see of a stage; undefined where there is none of that name. */
  get(name: string): StageSignature | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    if (this.#open.has(name)) return { outputs: undefined };
    return this.#stage(name, entry).signature;
  }

  /** What a stage that includes the file sees of each stage in it. */
  signatures(): Signature[] {
    return [...this.#entries].map(([name, entry]) => this.#stage(name, entry).signature);
  }

  /** What the file leaves, by name. */
  outputs(): ReadonlyMap<string, OutputSignature> {
    const { context, load } = this;
    return this.#outputs ??= readOutputs(context.file, this.#fileScope(), load);
  }

  /** Checks everything that is written; what is wrong goes to the diagnostics. */
  prepare(): void {
    for (const [name, entry] of this.#entries) this.#connect(this.#stage(name, entry).draft);
    for (const { draft, inclusions } of this.#stages.values()) {
      const instances = draft.variants.flatMap((variant) => this.#prepare(draft, variant) ?? []);
      this.#prepared.set(draft.name, instances);
      inclusions?.forEach((inclusion) => inclusion.stages.prepare());
    }
    this.outputs();
    this.#checkVariables();
    this.#sort();
  }

  /** Every instance, each behind those it needs. */
  assemble(within: Within): StageInstance[] {
    return this.#order.flatMap((name) => {
      const { draft, inclusions } = this.#stages.get(name)!;
      if (inclusions === undefined) {
        return this.#prepared.get(name)!.map((prepared) => this.#instance(draft, prepared, within));
      }
      return inclusions.flatMap((inclusion) => {
        const needs = { waits: this.#waits(draft), outcomes: this.#outcomes(draft) };
        return inclusion.assemble(draft, needs, within);
      });
    });
  }

  #stage(name: string, entry: Entry): Stage {
    const known = this.#stages.get(name);
    if (known !== undefined) return known;
    this.#open.add(name);
    this.#edges.set(name, new Map());
    const draft = readStage(name, entry, this.context, this.load);
    const { uses } = draft;
    const inclusions = uses instanceof IncludedFile
      ? Inclusion.ofStage(draft, uses, {
        ...this.#surroundings(name),
        open: (context) => new StageLoader(context, this.load),
      })
      : undefined;
    const signature = inclusions === undefined
      ? moduleSignature(draft, this.context.prefix)
      : Inclusion.signature(draft, inclusions);
    this.#open.delete(name);
    const stage = { draft, signature, inclusions };
    this.#stages.set(name, stage);
    return stage;
  }

  #surroundings(name: string): Surroundings {
    const { context, load } = this;
    const edges = this.#edges.get(name);
    const onReference = (stage: string, at: Position) => {
      if (!edges?.has(stage)) edges?.set(stage, at);
    };
    return { context, load, stages: this, onReference };
  }

  #connect({ name, tree }: Draft): void {
    const node = child(tree, "needs")?.value;
    const items = node?.kind === "list" ? node.items : node ? [node] : [];
    for (const item of items) {
      const needed = plain(item);
      if (typeof needed !== "string") continue;
      if (this.#entries.has(needed)) {
        this.#edges.get(name)?.set(needed, item.at);
        continue;
      }
      this.load.diagnostics.add(
        item.at,
        "unknown-stage",
        `there is no stage "${needed}"${suggest(needed, [...this.#entries.keys()])}`,
      );
    }
  }

  #prepare(draft: Draft, variant: Variant): Prepared | undefined {
    const { uses } = draft;
    if (uses instanceof IncludedFile) return undefined;
    const tree = resolveWith(draft, variant, this.#surroundings(draft.name));
    if (uses === undefined || tree === undefined) return undefined;
    const parsed = parseInput(draft, uses, tree, this.load);
    return parsed && { ...uses, ...parsed, variant, reads: readsOf(tree) };
  }

  #fileScope(): Scope {
    const { vars, seed, secrets, inputs } = this.context;
    const { budget } = this.load;
    return { vars, inputs, seed, secrets, matrix: undefined, stages: this, budget };
  }

  /** Variables nobody uses are checked too, but for matrix values, which only their users have. */
  #checkVariables(): void {
    const { vars } = this.context;
    if (vars === undefined) return;
    const found = new Diagnostics();
    resolve(vars, this.#fileScope(), found);
    for (const { at, code, message } of found.list()) {
      if (code !== "unknown-matrix") this.load.diagnostics.add(at, code, message);
    }
  }

  #sort(): void {
    const graph = new Map(
      [...this.#entries.keys()].map((name) => [name, new Set(this.#edges.get(name)?.keys())]),
    );
    const sorted = topologicalOrder(graph);
    if ("order" in sorted) {
      this.#order = sorted.order;
      return;
    }
    const [from = "", to = ""] = sorted.circle;
    const at = this.#edges.get(from)?.get(to);
    if (at === undefined) return;
    const message = `stages need each other: ${sorted.circle.join(" → ")}`;
    this.load.diagnostics.add(at, "cycle", message);
  }

  /** Names of the stages that a stage says it needs, those it only reads aside. */
  #needed({ syntax }: Draft): Stage[] {
    return [syntax.needs ?? []].flat().flatMap((name) => this.#stages.get(name) ?? []);
  }

  /** The instances that must be over before a stage begins, by its `needs`. */
  #waits(draft: Draft): string[] {
    return this.#needed(draft).flatMap(({ signature }) => signature.instances);
  }

  /** Those of them whose end matters to it. */
  #outcomes(draft: Draft): string[] {
    return this.#needed(draft).flatMap((needed) => {
      const { inclusions, signature } = needed;
      if (inclusions === undefined || !signature.mayRun) return signature.instances;
      // Whatever fails inside, it is over; only what keeps the whole of it from running matters.
      if (needed.draft.syntax["continue-on-error"]) return this.#outcomes(needed.draft);
      return signature.expected.length > 0 ? signature.expected : signature.instances;
    });
  }

  #instance(draft: Draft, { variant, reads, ...prepared }: Prepared, within: Within) {
    const { name, syntax } = draft;
    const { prefix, stagePrefix } = this.context;
    const own = { condition: variant.condition, needs: [...this.#outcomes(draft), ...reads] };
    const continueOnError = syntax["continue-on-error"] ?? false;
    return {
      ...prepared,
      name: prefix + name + variant.suffix,
      stage: stagePrefix + name,
      reads: [...reads],
      needs: [...new Set([...within.needs, ...this.#waits(draft), ...reads])],
      seed: variant.seed,
      gates: [...within.gates, own],
      retry: {
        attempts: syntax.retry?.attempts ?? 1,
        delay: syntax.retry?.delay ?? 1,
        maxDelay: syntax.retry?.["max-delay"] ?? 60,
      },
      timeout: syntax.timeout,
      cache: within.cache && (syntax.cache ?? true),
      continueOnError: within.continueOnError || continueOnError,
      tolerated: continueOnError,
    };
  }
}
