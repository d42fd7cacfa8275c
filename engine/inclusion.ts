/**
 * A workflow file as a stage includes it: `uses: ./other.yaml`, once for each combination of a matrix.
 * @module
 */
import { mayHold } from "./conditions.ts";
import { giveInputs } from "./include.ts";
import type { IncludedFile } from "./included_file.ts";
import { LimitError } from "./diagnostics.ts";
import { MAX_INCLUDE_DEPTH } from "./limits.ts";
import type { OutputSignature } from "./scope.ts";
import type { Draft, FileContext, Variant } from "./stage_draft.ts";
import { readsOf, resolveWith, type Surroundings } from "./stage_instance.ts";
import { hasMatrix, type Signature } from "./stage_signature.ts";
import { child } from "./tree.ts";
import type { Gate, StageInstance } from "./workflow.ts";
import { fileContext, type WorkflowFile } from "./workflow_file.ts";

/** Keys that say how one piece of work is done: a workflow is none. */
const REFUSED = ["retry", "timeout"];

/** What an including stage needs itself. */
interface Needs {
  /** Instances that must be over first. */
  readonly waits: readonly string[];
  /** Those whose end matters. */
  readonly outcomes: readonly string[];
}

/** What the stages that include a file say of all the stages in it. */
export interface Within {
  /** Of the including stages, the outermost first. */
  readonly gates: readonly Gate[];
  /** Instances that must be over before any stage of the file begins. */
  readonly needs: readonly string[];
  /** False where no result is taken from the cache. */
  readonly cache: boolean;
  /** True where no failure makes the run fail. */
  readonly continueOnError: boolean;
}

/** The stages of one included file. */
export interface FileStages {
  /** What the including stage sees of each. */
  signatures(): Signature[];
  /** What the file leaves, by name. */
  outputs(): ReadonlyMap<string, OutputSignature>;
  /** Checks everything that is written. */
  prepare(): void;
  /** Every instance, each behind those it needs. */
  assemble(within: Within): StageInstance[];
}

/** Where the including stage stands, and how the stages of a file are loaded. */
interface Outside extends Surroundings {
  readonly open: (context: FileContext) => FileStages;
}

/** One instance of an including stage. */
export class Inclusion {
  private constructor(
    readonly variant: Variant,
    /** The file's stages. */
    readonly stages: FileStages,
    /** Instances whose outputs it gives to the file. */
    readonly reads: ReadonlySet<string>,
  ) {}

  /** One for each instance of the stage; none where the file could not be read. */
  static ofStage(
    draft: Draft,
    { file }: IncludedFile,
    surroundings: Outside,
  ): Inclusion[] {
    if (file === undefined) return [];
    const { context, load } = surroundings;
    const { name, entry, tree, variants } = draft;
    for (const key of REFUSED) {
      const at = child(tree, key)?.key;
      const message = `stage "${name}" includes a workflow, which has no "${key}" as a whole: ` +
        `give it to the stages of ${file.path}`;
      if (at !== undefined) load.diagnostics.add(at, "unknown-key", message);
    }
    if (context.depth >= MAX_INCLUDE_DEPTH) {
      const message = `workflow files may be included at most ${MAX_INCLUDE_DEPTH} levels deep`;
      throw new LimitError(entry.key, "too-deep", message);
    }
    return variants.map((variant) =>
      load.budget.include(
        entry.key,
        () => Inclusion.#read(draft, variant, file, surroundings),
      )
    );
  }

  static #read(draft: Draft, variant: Variant, file: WorkflowFile, surroundings: Outside) {
    const { context, load } = surroundings;
    const { name, entry, tree } = draft;
    const given = resolveWith(draft, variant, surroundings) ??
      { kind: "map", entries: new Map(), at: entry.key } as const;
    const top = child(tree, "with")?.key ?? entry.key;
    const inputs = giveInputs(file, { name: `stage "${name}"`, given, top }, load);
    const own = fileContext(file, inputs);
    const inner: FileContext = {
      ...own,
      seed: variant.hasOwnSeed ? variant.seed : own.seed ?? variant.seed,
      prefix: `${context.prefix}${name}${variant.suffix}/`,
      stagePrefix: `${context.stagePrefix}${name}/`,
      depth: context.depth + 1,
    };
    return new Inclusion(variant, surroundings.open(inner), readsOf(given));
  }

  /** What the other stages of the file see of an including stage. */
  static signature(draft: Draft, inclusions: readonly Inclusion[]): Signature {
    const all = inclusions.map(({ variant, stages }) => {
      const signatures = stages.signatures();
      return { condition: variant.condition, signatures, outputs: stages.outputs() };
    });
    const wanted = all.filter(({ condition }) => mayHold(condition));
    const seen = wanted.length > 0 ? wanted : all;
    const inner = seen.flatMap(({ signatures }) => signatures);
    const running = inner.filter(({ mayRun }) => mayRun);
    const expected = seen.filter(({ condition }) => condition?.success ?? true)
      .flatMap(({ signatures }) => signatures.flatMap((signature) => signature.expected));
    const outputs = new Map<string, OutputSignature>();
    for (const name of all[0]?.outputs.keys() ?? []) {
      const parts = seen.flatMap((one) => one.outputs.get(name) ?? []);
      outputs.set(name, {
        references: parts.flatMap(({ references }) => references),
        isList: hasMatrix(draft) || parts.some(({ isList }) => isList),
      });
    }
    return {
      instances: (running.length > 0 ? running : inner).flatMap(({ instances }) => instances),
      expected,
      mayRun: wanted.length > 0 && running.length > 0,
      outputs: inclusions.length === 0 ? undefined : outputs,
    };
  }

  /** The file's instances, under the conditions of the including stage. */
  assemble({ syntax }: Draft, { waits, outcomes }: Needs, within: Within): StageInstance[] {
    const { condition } = this.variant;
    // Stages of the file wait for what they read themselves, unless the condition asks of all of it.
    const asks = condition !== undefined && (condition.failure || condition.skipped);
    const reads = asks ? [...this.reads] : [];
    return this.stages.assemble({
      gates: [...within.gates, { condition, needs: [...outcomes, ...reads] }],
      needs: [...within.needs, ...waits, ...reads],
      cache: within.cache && (syntax.cache ?? true),
      continueOnError: within.continueOnError || (syntax["continue-on-error"] ?? false),
    });
  }
}
