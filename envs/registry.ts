/**
 * The environments that come with this program, by name.
 * @module
 */
import { autoExplore } from "./auto-explore/auto_explore.ts";
import type { EnvironmentModule } from "./environment.ts";
import { taxi } from "./taxi/taxi.ts";

/** The environments a workflow can name, by name. */
export const environments: ReadonlyMap<string, EnvironmentModule> = new Map(
  ([taxi, autoExplore] as readonly EnvironmentModule[]).map((module) => [module.name, module]),
);
