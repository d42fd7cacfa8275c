/**
 * Workflow file → {@linkcode Workflow}, or everything that is wrong with it.
 * @module
 */
import { basename, dirname, resolve as resolvePath } from "node:path";
import { Diagnostics, suggest, WorkflowError } from "./diagnostics.ts";
import { topologicalOrder } from "./graph.ts";
import { reportIssues, type Subject } from "./issues.ts";
import type { StageModule } from "./module.ts";
import { applyOverrides } from "./overrides.ts";
import { resolve } from "./resolve.ts";
import { StageLoader } from "./stage_loader.ts";
import { parseLeniently, workflowSyntax } from "./syntax.ts";
import { child, isBroken, type MapNode, plain, type TreeNode } from "./tree.ts";
import { importUserModules } from "./user_modules.ts";
import type { DeclaredSecret, StageInstance, Workflow } from "./workflow.ts";
import { parseYaml } from "./yaml_tree.ts";

/** How to load a workflow. */
export interface LoadOptions {
  /** The stage modules that `uses` can name. */
  readonly stages: ReadonlyMap<string, StageModule>;
  /** Changes to the file's values, as `stages.rl.with.steps=500`; the value is YAML. */
  readonly overrides?: readonly string[];
}

/**
 * Reads, checks and expands a workflow file; imports the user's modules it names.
 * @throws WorkflowError with every error at its token
 */
export async function loadWorkflow(
  file: string,
  options: LoadOptions,
): Promise<Workflow> {
  const diagnostics = new Diagnostics();
  const text = await readText(file);
  const folder = resolvePath(dirname(file));
  const parsed = parseYaml(text, file, diagnostics);
  if (parsed === undefined) {
    diagnostics.throwIfAny();
    throw new Error(`${file} has no contents and no errors`);
  }
  const { tree, changed } = applyOverrides(
    parsed,
    options.overrides ?? [],
    diagnostics,
  );
  const root = await importUserModules(tree, folder, diagnostics);
  const subject = {
    name: "the workflow",
    word: "key",
    tree: root,
    top: { source: file, line: 1, column: 1 },
    schema: workflowSyntax,
  };
  const fields = checkSyntax(subject, diagnostics);
  const seed = fields.seed ?? 1;
  const secrets = declaredSecrets(root);
  const instances = await loadStages(root, { seed, secrets }, folder, options, diagnostics);
  diagnostics.throwIfAny();
  return {
    name: fields.name ?? basename(file).replace(/\.ya?ml$/, ""),
    description: fields.description ?? "",
    file,
    folder,
    text,
    seed,
    secrets,
    overrides: changed,
    instances,
  };
}

function checkSyntax(subject: Subject, diagnostics: Diagnostics) {
  const value = plain(subject.tree);
  const parsed = workflowSyntax.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  reportIssues(parsed.error.issues, subject, diagnostics);
  return parseLeniently(workflowSyntax.shape, value);
}

/** Every name in the list, wrong ones too, so that references to them are not reported again. */
function declaredSecrets(root: TreeNode): DeclaredSecret[] {
  const list = child(root, "secrets")?.value;
  if (list?.kind !== "list") return [];
  return list.items.map((item) => ({ name: String(plain(item)), at: item.at }));
}

async function loadStages(
  root: TreeNode,
  { seed, secrets }: { seed: number; secrets: readonly DeclaredSecret[] },
  folder: string,
  options: LoadOptions,
  diagnostics: Diagnostics,
): Promise<StageInstance[]> {
  const stages = mapAt(root, "stages");
  const vars = mapAt(root, "vars");
  const secretNames = new Set(secrets.map(({ name }) => name));
  const loader = new StageLoader({
    entries: stages?.entries ?? new Map(),
    modules: options.stages,
    vars,
    secrets: secretNames,
    seed,
    diagnostics,
  });
  const instances = loader.load();
  checkVariables(vars, loader, diagnostics);
  await checkPaths(loader, folder, diagnostics);
  const graph = loader.stageGraph();
  const sorted = topologicalOrder(graph);
  if ("circle" in sorted) {
    const [from = "", to = ""] = sorted.circle;
    const at = loader.edgePosition(from, to);
    if (at !== undefined) {
      diagnostics.add(
        at,
        "cycle",
        `stages need each other: ${sorted.circle.join(" → ")}`,
      );
    }
    return [];
  }
  return sorted.order.flatMap((stage) => instances.filter((instance) => instance.stage === stage));
}

/** Variables nobody uses are checked too, but for matrix values, which only their users have. */
function checkVariables(
  vars: MapNode | undefined,
  loader: StageLoader,
  diagnostics: Diagnostics,
): void {
  if (vars === undefined) return;
  const found = new Diagnostics();
  const { seed, secrets } = loader.sources;
  const scope = { vars, seed, secrets, matrix: undefined, stages: loader.signatures };
  resolve(vars, scope, found);
  for (const { at, code, message } of found.list()) {
    if (code !== "unknown-matrix") diagnostics.add(at, code, message);
  }
}

async function checkPaths(
  loader: StageLoader,
  folder: string,
  diagnostics: Diagnostics,
): Promise<void> {
  for (const { path, node } of loader.paths) {
    const exists = await Deno.stat(resolvePath(folder, path)).then(
      () => true,
      () => false,
    );
    if (exists || isBroken(node)) continue;
    diagnostics.add(
      node.at,
      "path-not-found",
      `there is no file or folder ${
        JSON.stringify(path)
      } (paths are relative to the workflow file)`,
    );
  }
}

function mapAt(root: TreeNode, key: string): MapNode | undefined {
  const node = child(root, key)?.value;
  return node?.kind === "map" ? node : undefined;
}

async function readText(file: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound
      ? `there is no such file${await suggestFile(file)}`
      : error instanceof Error
      ? error.message
      : String(error);
    throw new WorkflowError([
      { at: { source: file }, code: "file-not-found", message: reason },
    ]);
  }
}

async function suggestFile(file: string): Promise<string> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(dirname(file))) {
      if (/\.ya?ml$/.test(name)) names.push(name);
    }
  } catch {
    return `, nor a folder ${dirname(file)}`;
  }
  return suggest(basename(file), names.sort());
}
