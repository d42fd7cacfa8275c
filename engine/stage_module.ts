/**
 * The `uses` of a stage: a registered module, or the user's own.
 * @module
 */
import { type Diagnostics, type Position, suggest } from "./diagnostics.ts";
import type { StageModule } from "./module.ts";
import { shapeProblem } from "./schemas.ts";
import { isModulePath, UserModule } from "./user_module.ts";

/** The module that does a stage's work. */
export interface ChosenModule {
  /** The module. */
  readonly module: StageModule;
  /** Its name, or its path as the file has it. */
  readonly uses: string;
  /** `file:` URL of its source. */
  readonly url: string;
}

/** The module that a stage names; undefined where there is none, which is reported. */
export function chooseModule(
  uses: string | UserModule | undefined,
  at: Position,
  modules: ReadonlyMap<string, StageModule>,
  diagnostics: Diagnostics,
): ChosenModule | undefined {
  if (uses instanceof UserModule) {
    const problem = stageProblem(uses.exported);
    if (problem === undefined) {
      const module = uses.exported as StageModule;
      return { module, uses: uses.specifier, url: uses.url };
    }
    diagnostics.add(
      at,
      "module-shape",
      `${uses.specifier} is no stage module: ${problem}`,
    );
    return undefined;
  }
  if (uses === undefined) return undefined;
  const module = modules.get(uses);
  if (module !== undefined) return { module, uses, url: module.url };
  const message = isModulePath(uses)
    ? `a path must stand under "uses" itself, not behind a reference: uses: ${uses}`
    : `no stage module is named "${uses}"${suggest(uses, [...modules.keys()])}`;
  diagnostics.add(at, "unknown-module", message);
  return undefined;
}

function stageProblem(exported: unknown): string | undefined {
  const problem = shapeProblem(exported, ["run"]);
  if (problem !== undefined || !(exported instanceof Object)) return problem;
  const outputs: unknown = Reflect.get(exported, "outputs");
  const isRight = outputs instanceof Object &&
    Object.values(outputs).every((output) => output instanceof Object && "kind" in output);
  if (!isRight) {
    return "its default export lacks outputs (a map of { kind, description })";
  }
  if ("metrics" in outputs) {
    return 'the output "metrics" is the engine\'s own: use another name';
  }
  return undefined;
}
