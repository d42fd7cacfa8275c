/**
 * What references may name at some place of a workflow file.
 * @module
 */
import type { ArtifactReference } from "./artifact.ts";
import type { Position } from "./diagnostics.ts";
import type { Budget } from "./limits.ts";
import type { MapNode, TreeNode } from "./tree.ts";

/** What other stages see of an output. */
export interface OutputSignature {
  /** One for each instance that may run, in matrix order. */
  readonly references: readonly ArtifactReference[];
  /** Whether a reference to it is a list. */
  readonly isList: boolean;
}

/** What other stages see of a stage. */
export interface StageSignature {
  /** What it leaves, by name; undefined where that is unknown, which is reported elsewhere. */
  readonly outputs: ReadonlyMap<string, OutputSignature> | undefined;
}

/** The stages of a file, as references find them. */
export interface StageNames {
  /** What is seen of a stage; undefined where there is none of that name. */
  get(name: string): StageSignature | undefined;
  /** Every name. */
  keys(): Iterable<string>;
}

/** What references may name at some place of the file. */
export interface Scope {
  /** The top-level map `vars`. */
  readonly vars: MapNode | undefined;
  /** What the file was given, by name; undefined where that means nothing. */
  readonly inputs: ReadonlyMap<string, TreeNode> | undefined;
  /** In an input's default, every input of the file: those not in `inputs` are declared below. */
  readonly declaredInputs?: ReadonlyMap<string, unknown>;
  /** The seed that holds here; undefined where there is none yet. */
  readonly seed: number | undefined;
  /** Values of this instance's matrix; undefined where matrix values mean nothing. */
  readonly matrix: ReadonlyMap<string, TreeNode> | undefined;
  /** Names that any combination of the matrix has. */
  readonly matrixNames?: ReadonlySet<string>;
  /** True where the matrix is wrong, which is reported: nothing more is said of its values. */
  readonly isMatrixWrong?: boolean;
  /** Every stage; undefined where outputs mean nothing. */
  readonly stages: StageNames | undefined;
  /** Names of the secrets; undefined where they mean nothing. */
  readonly secrets?: ReadonlySet<string> | undefined;
  /** Told of each output that is named. */
  readonly onReference?: (stage: string, at: Position) => void;
  /** Counts what references are replaced by. */
  readonly budget: Budget;
}
