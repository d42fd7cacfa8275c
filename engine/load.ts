/**
 * Workflow file → {@linkcode Workflow}, or everything that is wrong with it.
 * @module
 */
import { basename, isAbsolute, relative, resolve as resolvePath } from "node:path";
import { ArtifactReference, type Fingerprint } from "./artifact.ts";
import { Diagnostics, LimitError } from "./diagnostics.ts";
import { defaultInputs } from "./include.ts";
import { Budget } from "./limits.ts";
import type { StageModule } from "./module.ts";
import { isPackageFolder, packageFolder } from "./package_folder.ts";
import type { Load } from "./stage_draft.ts";
import { StageLoader } from "./stage_loader.ts";
import { isBroken, type ScalarNode } from "./tree.ts";
import type { DeclaredSecret, StageInstance, Workflow } from "./workflow.ts";
import {
  declaredSecrets,
  fileContext,
  type WorkflowFile,
  WorkflowReader,
} from "./workflow_file.ts";

/** How to load a workflow. */
export interface LoadOptions {
  /** The stage modules that `uses` can name. */
  readonly stages: ReadonlyMap<string, StageModule>;
  /** Changes to the file's values, as `stages.rl.with.steps=500`; the value is YAML. */
  readonly overrides?: readonly string[];
}

/** The seed of a workflow that states none. */
const SEED = 1;

/**
 * Reads, checks and expands a workflow file and the files it includes; imports the user's modules
 * they name.
 * @throws WorkflowError with every error at its token
 */
export async function loadWorkflow(file: string, options: LoadOptions): Promise<Workflow> {
  const diagnostics = new Diagnostics();
  try {
    const workflow = await load(file, options, diagnostics);
    if (workflow !== undefined && diagnostics.empty) return workflow;
  } catch (error) {
    if (!(error instanceof LimitError)) throw error;
    diagnostics.addLast(error);
  }
  diagnostics.throwIfAny();
  throw new Error(`${file} has no contents and no errors`);
}

/** The workflow; something else where anything is wrong, which is in the diagnostics. */
async function load(
  file: string,
  options: LoadOptions,
  diagnostics: Diagnostics,
): Promise<Workflow | undefined> {
  const reader = new WorkflowReader(diagnostics);
  const read = await reader.read(file, options.overrides ?? []);
  if (read === undefined) return undefined;
  const { file: root, changed } = read;
  const instances = await loadStages(root, reader.files, options, diagnostics);
  const { text, folder, fields } = root;
  const included = [...reader.files.values()].filter(({ path }) => path !== file);
  return {
    name: fields.name ?? basename(file).replace(/\.ya?ml$/, ""),
    description: fields.description ?? "",
    file,
    folder,
    text,
    included: Object.fromEntries(included.map((one) => [one.path, one.text])),
    seed: fields.seed ?? SEED,
    secrets: allSecrets([root, ...included]),
    overrides: changed,
    instances,
  };
}

/** The secrets of all files, each once. */
function allSecrets(files: readonly WorkflowFile[]): DeclaredSecret[] {
  const secrets = new Map<string, DeclaredSecret>();
  for (const secret of files.flatMap(declaredSecrets)) {
    if (!secrets.has(secret.name)) secrets.set(secret.name, secret);
  }
  return [...secrets.values()];
}

async function loadStages(
  file: WorkflowFile,
  files: ReadonlyMap<string, WorkflowFile>,
  { stages }: LoadOptions,
  diagnostics: Diagnostics,
): Promise<StageInstance[]> {
  const paths = new Paths(file, files);
  const load: Load = {
    modules: stages,
    diagnostics,
    budget: new Budget(),
    path: (...found) => paths.reference(...found),
  };
  const own = fileContext(file, defaultInputs(file, load));
  const context = { ...own, seed: own.seed ?? SEED, prefix: "", stagePrefix: "", depth: 0 };
  const loader = new StageLoader(context, load);
  loader.prepare();
  await paths.check(diagnostics);
  if (!diagnostics.empty) return [];
  return loader.assemble({ gates: [], needs: [], cache: true, continueOnError: false });
}

/** Literal paths that stand for artifacts; each is relative to the file it was written in. */
class Paths {
  readonly #found = new Map<string, ScalarNode[]>();

  constructor(readonly workflow: WorkflowFile, readonly files: ReadonlyMap<string, WorkflowFile>) {}

  /** The path as the workflow's own folder reaches it, so that it is the same wherever it is written. */
  reference(path: string, node: ScalarNode, fingerprint?: Fingerprint): ArtifactReference {
    const { folder } = this.files.get(node.at.source) ?? this.workflow;
    const isOwn = isAbsolute(path) || isPackageFolder(path) || folder === this.workflow.folder;
    const reached = isOwn
      ? installedOr(path)
      : relative(this.workflow.folder, resolvePath(folder, path));
    const nodes = this.#found.get(reached) ?? [];
    nodes.push(node);
    this.#found.set(reached, nodes);
    return new ArtifactReference(undefined, undefined, reached, fingerprint);
  }

  /** Reports the paths at which nothing lies. */
  async check(diagnostics: Diagnostics): Promise<void> {
    for (const [path, nodes] of this.#found) {
      if (await isThere(resolvePath(this.workflow.folder, path))) continue;
      for (const node of nodes.filter((node) => !isBroken(node))) {
        diagnostics.add(node.at, "path-not-found", notFound(String(node.value)));
      }
    }
  }
}

function isThere(path: string): Promise<boolean> {
  return Deno.stat(path).then(() => true, () => false);
}

/** Why nothing can be read there. */
function notFound(path: string): string {
  return isPackageFolder(path)
    ? `${JSON.stringify(path)} names no module of an installed package ` +
      "(expected npm:PACKAGE, or npm:PACKAGE/MODULE for the folder of one of its modules)"
    : `there is no file or folder ${
      JSON.stringify(path)
    } (paths are relative to the workflow file)`;
}

/** A package's folder, where that is what is named and it is installed; else the path as it is. */
function installedOr(path: string): string {
  if (!isPackageFolder(path)) return path;
  try {
    return packageFolder(path);
  } catch {
    return path;
  }
}
