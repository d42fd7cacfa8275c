/**
 * What references may name at some place of a workflow file.
 * @module
 */
import type { Position } from "./diagnostics.ts";
import type { OutputDeclaration } from "./module.ts";
import type { MapNode, TreeNode } from "./tree.ts";

/** What other stages see of a stage. */
export interface StageSignature {
  /** Names of its instances, in matrix order. */
  readonly instances: readonly string[];
  /** Whether it has a matrix: a reference to it is then a list. */
  readonly isMatrix: boolean;
  /** What it leaves; undefined where its module is unknown, which is reported elsewhere. */
  readonly outputs: Readonly<Record<string, OutputDeclaration>> | undefined;
}

/** What references may name at some place of the file. */
export interface Scope {
  /** The top-level map `vars`. */
  readonly vars: MapNode | undefined;
  /** The seed that holds here; undefined where there is none yet. */
  readonly seed: number | undefined;
  /** Values of this instance's matrix; undefined where matrix values mean nothing. */
  readonly matrix: ReadonlyMap<string, TreeNode> | undefined;
  /** Names that any combination of the matrix has. */
  readonly matrixNames?: ReadonlySet<string>;
  /** Every stage; undefined where outputs mean nothing. */
  readonly stages: ReadonlyMap<string, StageSignature> | undefined;
  /** Names of the secrets; undefined where they mean nothing. */
  readonly secrets?: ReadonlySet<string> | undefined;
  /** Told of each output that is named. */
  readonly onReference?: (stage: string, at: Position) => void;
}
