/**
 * A workflow's stages and what passes between them, for drawings.
 * @module
 */
import type { Artifact } from "./artifact.ts";
import { mayRun } from "./conditions.ts";
import { placeArtifacts } from "./inputs.ts";
import type { Workflow } from "./workflow.ts";

/** A stage in a drawing. */
export interface StageNode {
  /** Name of the stage. */
  readonly name: string;
  /** The module: `sft`. */
  readonly uses: string;
  /** Instances that may run. */
  readonly instances: number;
  /** Instances its matrix has, 1 without a matrix. */
  readonly combinations: number;
}

/** What makes one stage wait for another. */
export interface StageEdge {
  /** The stage that is over first. */
  readonly from: string;
  /** The stage that waits. */
  readonly to: string;
  /** Outputs that are read; none where the stage only needs the other to be over. */
  readonly outputs: readonly string[];
}

/** Stages in the order they run, and the edges between them. */
export interface StageGraph {
  /** Each behind those it needs. */
  readonly nodes: readonly StageNode[];
  /** In the order of the stages that wait. */
  readonly edges: readonly StageEdge[];
}

/** The graph of a workflow's stages: the instances of a matrix are one node. */
export function stageGraph({ instances }: Workflow): StageGraph {
  const stageOf = new Map(instances.map(({ name, stage }) => [name, stage]));
  const nodes = new Map<string, StageNode>();
  const edges = new Map<string, { from: string; to: string; outputs: Set<string> }>();
  for (const instance of instances) {
    const { stage, uses, needs, values } = instance;
    const before = nodes.get(stage);
    nodes.set(stage, {
      name: stage,
      uses,
      instances: (before?.instances ?? 0) + (mayRun(instance) ? 1 : 0),
      combinations: (before?.combinations ?? 0) + 1,
    });
    const edgeFrom = (name: string) => {
      const from = stageOf.get(name) ?? name;
      const key = JSON.stringify([from, stage]);
      const edge = edges.get(key) ?? { from, to: stage, outputs: new Set() };
      edges.set(key, edge);
      return edge;
    };
    needs.forEach(edgeFrom);
    placeArtifacts(values, (reference) => {
      if (reference.instance !== undefined) {
        edgeFrom(reference.instance).outputs.add(reference.output);
      }
      return reference as unknown as Artifact;
    });
  }
  return {
    nodes: [...nodes.values()],
    edges: [...edges.values()].map((edge) => ({ ...edge, outputs: [...edge.outputs] })),
  };
}

/** A node's second line: `uses rl, 3 instances`. */
export function nodeNote({ uses, instances, combinations }: StageNode): string {
  if (instances === 0) return `uses ${uses}, skipped`;
  if (combinations === 1) return `uses ${uses}`;
  const count = instances === combinations ? `${instances}` : `${instances} of ${combinations}`;
  return `uses ${uses}, ${count} instances`;
}
