/**
 * Workflow → plan: which instances run, which are cached, which are skipped, and why.
 * @module
 */
import type { ArtifactStore } from "./artifact_store.ts";
import type { KeyMaker, KeyParts } from "./cache_key.ts";
import { type Loss, SkipRules } from "./conditions.ts";
import { differences, summarize } from "./reasons.ts";
import type { CommittedResult, ResultIndex } from "./result_index.ts";
import type { Selection } from "./selection.ts";
import type { StageInstance, Workflow } from "./workflow.ts";

/** What is to be done with an instance. */
export interface Decision {
  /** The instance. */
  readonly instance: StageInstance;
  /** `run` may still turn into cached where the reason is "will check after …". */
  readonly state: "run" | "cached" | "skipped";
  /** Why, in a few words. */
  readonly reason: string;
  /** The parts of its cache key; undefined where it is skipped. */
  readonly parts: KeyParts | undefined;
  /** The earlier result, where it is cached. */
  readonly result: CommittedResult | undefined;
}

/** Hashes of outputs known so far: instance → output → SHA-256. */
export type KnownOutputs = ReadonlyMap<
  string,
  Readonly<Record<string, string>>
>;

/** Decides on the instances of one workflow. */
export class Planner {
  readonly #rules: SkipRules;

  /** Plans against what the store has. */
  constructor(
    readonly workflow: Workflow,
    readonly keys: KeyMaker,
    readonly index: ResultIndex,
    readonly artifacts: ArtifactStore,
    readonly selection: Selection,
  ) {
    this.#rules = new SkipRules(workflow.instances);
  }

  /** A decision on every instance, in the order they will run. Computes nothing. */
  async plan(): Promise<Decision[]> {
    return await this.index.reading(() => this.#decideAll());
  }

  async #decideAll(): Promise<Decision[]> {
    const known = new Map<string, Readonly<Record<string, string>>>();
    const losses = new Map<string, Loss>();
    const decisions: Decision[] = [];
    for (const instance of this.workflow.instances) {
      const decision = await this.decide(instance, known, losses);
      decisions.push(decision);
      if (decision.state === "skipped") losses.set(instance.name, "was skipped");
      if (decision.result) known.set(instance.name, hashesOf(decision.result));
    }
    return decisions;
  }

  /** A decision on one instance, given the outputs that are known and the instances without result. */
  async decide(
    instance: StageInstance,
    known: KnownOutputs,
    losses: ReadonlyMap<string, Loss>,
  ): Promise<Decision> {
    const unwanted = this.#unwanted(instance) ??
      this.#rules.whySkipped(instance, losses);
    if (unwanted !== undefined) {
      return {
        instance,
        state: "skipped",
        reason: unwanted,
        parts: undefined,
        result: undefined,
      };
    }
    const parts = await this.keys.parts(
      instance,
      (from, output) => known.get(from)?.[output],
    );
    const run = (reason: string): Decision => ({
      instance,
      state: "run",
      reason,
      parts,
      result: undefined,
    });
    if (this.selection.force.has(instance.name)) return run("--force");
    if (!instance.cache) return run("cache: false");
    if (parts.obstacle !== undefined) {
      return run(`cannot be cached: ${parts.obstacle}`);
    }
    const result = parts.key === undefined ? undefined : this.index.byKey(parts.key);
    if (result === undefined) return run(this.#whyNoResult(instance, parts));
    for (const { hash } of Object.values(result.outputs)) {
      if (!await this.artifacts.has(hash)) {
        return run("the earlier result is gone");
      }
    }
    return { instance, state: "cached", reason: "same inputs", parts, result };
  }

  /** Why an instance is not even looked at; undefined where it is wanted. */
  #unwanted({ name }: StageInstance): string | undefined {
    const { only } = this.selection;
    return only === undefined || only.names.has(name)
      ? undefined
      : `not needed for --only ${only.stage}`;
  }

  #whyNoResult(instance: StageInstance, parts: KeyParts): string {
    const before = this.index.newest(this.workflow.name, instance.name);
    if (before === undefined) return "no earlier result";
    const found = differences(before.components, parts);
    if (found.length > 0) return summarize(found);
    if (parts.pending.length > 0) {
      return `will check after ${parts.pending.join(", ")}`;
    }
    return "the earlier result was not kept";
  }
}

/** Output name → SHA-256. */
export function hashesOf(
  { outputs }: Pick<CommittedResult, "outputs">,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { hash }]) => [name, hash]),
  );
}
