/**
 * `--only` and `--force`: stages named on the command line.
 * @module
 */
import { suggest, WorkflowError } from "./diagnostics.ts";
import { withNeeds } from "./graph.ts";
import type { Workflow } from "./workflow.ts";

/** Which instances are wanted, and which run whatever the cache has. */
export interface Selection {
  /** The stage that was asked for and the names of all it needs; undefined where everything is wanted. */
  readonly only: { stage: string; names: ReadonlySet<string> } | undefined;
  /** Instances that run in any case. */
  readonly force: ReadonlySet<string>;
}

/**
 * Reads the names of stages, or of single instances.
 * @throws WorkflowError for a name the workflow does not have
 */
export function select(
  workflow: Workflow,
  only: string | undefined,
  force: readonly string[],
): Selection {
  const graph = new Map(
    workflow.instances.map(({ name, needs }) => [name, new Set(needs)]),
  );
  return {
    only: only === undefined ? undefined : {
      stage: only,
      names: withNeeds(graph, find(workflow, only, "--only")),
    },
    force: new Set(force.flatMap((name) => find(workflow, name, "--force"))),
  };
}

/** Whether an instance, its stage, or a stage that includes its file has this name. */
export function isNamed(instance: string, stage: string, name: string): boolean {
  return [instance, stage].some((own) => own === name || own.startsWith(`${name}/`));
}

function find(workflow: Workflow, name: string, option: string): string[] {
  const { instances } = workflow;
  const found = instances.filter((instance) => isNamed(instance.name, instance.stage, name));
  if (found.length > 0) return found.map((instance) => instance.name);
  const stages = [...new Set(instances.map(({ stage }) => stage))];
  throw new WorkflowError([{
    at: { source: `${option} ${name}` },
    code: "unknown-stage",
    message: `there is no stage "${name}"${suggest(name, stages)}`,
  }]);
}
