/**
 * Workflows of several files, for tests of including.
 * @module
 */
import { join } from "node:path";
import { loadWorkflow, WorkflowError } from "../../engine/engine.ts";
import type { StageInstance } from "../../engine/workflow.ts";
import { assertRejects } from "../../std/assert.ts";
import { stages } from "./modules.ts";
import { Workspace } from "./workspace.ts";

/** A workflow file to include: trains on what it is given. */
export const ARM = `
description: trains on what it is given
inputs:
  dataset: { kind: dataset, description: what it imitates }
  steps: { type: number, default: 3 }
  note: { type: string, required: false }
outputs:
  model: "\${{ stages.train.outputs.model }}"
  report: { description: what it made, value: "\${{ stages.extra.outputs.data }}" }
vars: { size: 2 }
stages:
  train:
    uses: train
    with:
      dataset: "\${{ inputs.dataset }}"
      steps: "\${{ inputs.steps }}"
      note: "\${{ inputs.note }}"
  extra: { uses: make, needs: train, with: { size: "\${{ vars.size }}" } }
`;

/** A workflow that includes it as `arm.yaml`, once for each of two seeds. */
export const MAIN = `
name: main
vars: { size: 5 }
stages:
  demos: { uses: make, with: { size: "\${{ vars.size }}" } }
  arm:
    uses: ./arm.yaml
    matrix: { seed: [7, 8] }
    with: { dataset: "\${{ stages.demos.outputs.data }}" }
  compare:
    uses: play
    with: { env: taxi, models: ["\${{ stages.arm.outputs.model }}"] }
  end: { uses: make, needs: arm, with: { size: 1 } }
`;

/** A workspace with these files, `flow.yaml` among them. */
export async function withFiles(files: Record<string, string>): Promise<Workspace> {
  const { "flow.yaml": flow = "", ...others } = files;
  const work = await Workspace.with(flow);
  for (const [name, text] of Object.entries(others)) {
    await Deno.mkdir(join(work.folder, name, ".."), { recursive: true });
    await work.write(name, text);
  }
  return work;
}

/** The instances of a workflow, by name. */
export async function load(
  files: Record<string, string>,
  overrides: string[] = [],
): Promise<Map<string, StageInstance>> {
  await using work = await withFiles(files);
  const { instances } = await loadWorkflow(work.file, { stages, overrides });
  return new Map(instances.map((instance) => [instance.name, instance]));
}

/** The errors of a workflow, the folder of its files left out. */
export async function errorsOf(files: Record<string, string>, overrides: string[] = []) {
  await using work = await withFiles(files);
  const error = await assertRejects(
    () => loadWorkflow(work.file, { stages, overrides }),
    WorkflowError,
  );
  return error.message.replaceAll(`${work.folder}/`, "").split("\n");
}
