/**
 * What the stages of a file see of one another, and what the including stage sees of them.
 * @module
 */
import { ArtifactReference } from "./artifact.ts";
import { mayHold } from "./conditions.ts";
import { IncludedFile } from "./included_file.ts";
import type { OutputDeclaration } from "./module.ts";
import type { OutputSignature, StageSignature } from "./scope.ts";
import type { Draft, Variant } from "./stage_draft.ts";
import { child } from "./tree.ts";

/** A stage as those around it see it. */
export interface Signature extends StageSignature {
  /** Names of the instances that may run; of all where none may. */
  readonly instances: readonly string[];
  /** Names of those that run where all goes well: clean-up for failures is not among them. */
  readonly expected: readonly string[];
  /** Whether any instance may run. */
  readonly mayRun: boolean;
}

/** The output every stage has, written by the engine. */
const METRICS: OutputDeclaration = {
  kind: "metrics",
  description: "What the stage reported with metric(), one step a line.",
};

/** What is seen of a stage that uses a module. */
export function moduleSignature(draft: Draft, prefix: string): Signature {
  const { name, uses } = draft;
  const nameOf = ({ suffix }: Variant) => prefix + name + suffix;
  const instances = readable(draft).map(nameOf);
  const isList = hasMatrix(draft);
  const outputs = new Map<string, OutputSignature>();
  if (uses !== undefined && !(uses instanceof IncludedFile)) {
    for (const [output, { kind }] of Object.entries({ ...uses.module.outputs, metrics: METRICS })) {
      const references = instances.map((instance) => new ArtifactReference(kind, instance, output));
      outputs.set(output, { references, isList });
    }
  }
  const expected = draft.variants.filter(({ condition }) => condition?.success ?? true);
  return {
    instances,
    expected: expected.map(nameOf),
    mayRun: draft.variants.some(({ condition }) => mayHold(condition)),
    outputs: uses && outputs,
  };
}

/** Whether references to the stage are lists. */
export function hasMatrix({ tree }: Draft): boolean {
  return child(tree, "matrix") !== undefined;
}

/**
 * The instances that later stages read: those whose `if` lets them run. Where it lets none, all: what
 * reads them is then skipped and says why.
 */
export function readable({ variants }: Draft): readonly Variant[] {
  const wanted = variants.filter(({ condition }) => mayHold(condition));
  return wanted.length > 0 ? wanted : variants;
}
