/**
 * The environments that come with this program, by name.
 * @module
 */
import { autoExplore } from "./auto-explore/auto_explore.ts";
import type { EnvironmentModule } from "./environment.ts";
import { alfworld } from "./alfworld/alfworld.ts";
import { frozenLake } from "./frozen-lake/frozen_lake.ts";
import { household } from "./household/household.ts";
import { taxi } from "./taxi/taxi.ts";

/** The environments a workflow can name, by name. */
export const environments: ReadonlyMap<string, EnvironmentModule> = new Map(
  ([taxi, frozenLake, autoExplore, household, alfworld] as readonly EnvironmentModule[]).map((
    module,
  ) => [module.name, module]),
);
