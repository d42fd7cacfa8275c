/**
 * A workflow file that a stage names: `uses: ./other.yaml`.
 * @module
 */
import type { WorkflowFile } from "./workflow_file.ts";

/** Stands in a workflow's values where the file was named. */
export class IncludedFile {
  /** Created by the loader once the file is read. */
  constructor(
    /** As the including file names it. */
    readonly specifier: string,
    /** What was read; undefined where that failed, which is reported. */
    readonly file: WorkflowFile | undefined,
  ) {}
}

/** True for a path that names a workflow file rather than a module. */
export function isWorkflowPath(specifier: string): boolean {
  return /^(\.{1,2}\/|\/).*\.ya?ml$/.test(specifier);
}
