/**
 * The environments that come with this program, by name.
 * @module
 */
import type { EnvironmentModule } from "./environment.ts";
import { frozenLake } from "./frozen-lake/frozen_lake.ts";
import { taxi } from "./taxi/taxi.ts";

/** The environments a workflow can name, by name. */
export const environments: ReadonlyMap<string, EnvironmentModule> = new Map(
  ([taxi, frozenLake] as readonly EnvironmentModule[]).map((module) => [module.name, module]),
);
