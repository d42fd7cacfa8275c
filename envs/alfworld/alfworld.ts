/**
 * ALFWorld: household tasks told in text, played from the original game files as the original engine plays them.
 *
 * - `library.ts` the game folders on disk
 * - `names.ts` what objects are called
 * - `task_text.ts` task sentences, for grammars that leave the goal open
 * - this file: the environment behind its options
 *
 * The engine is in `textworld/`. Nothing of ALFWorld is shipped here: the games are the user's own download
 * (`pip install alfworld` and `alfworld-download`, which says where it puts them).
 * @module
 */
import { z } from "zod";
import { type Artifact, artifact, artifactPath } from "../../engine/artifact.ts";
import type { EnvironmentModule } from "../environment.ts";
import { TextEnvironment, type TextOptions, textOptions } from "../textworld/environment.ts";
import { ANY_TASK, HELD_OUT, Library, type LibraryOptions } from "./library.ts";
import { TASK_TYPES } from "./task_text.ts";

const VARIABLE = "ALFWORLD_DATA";

/** Options of ALFWorld, defaults filled in. */
export interface AlfworldOptions extends TextOptions {
  /** What to achieve where `reset` names no task; default `all`. */
  readonly task: string;
  /** Folder of the games; default `$ALFWORLD_DATA`. */
  readonly data?: Artifact | string | undefined;
  /** PDDL domain to use in place of the games' own. */
  readonly domain?: Artifact | string | undefined;
  /** `.twl2` grammar to use in place of the games' own. */
  readonly grammar?: Artifact | string | undefined;
}

const tasks = [...TASK_TYPES, ANY_TASK];

const alfworldOptions = z.strictObject({
  task: z.enum(tasks as [string, ...string[]]).default(ANY_TASK).describe(
    "What to achieve; `reset({ task })` overrides it.",
  ),
  data: artifact("alfworld").optional().describe(
    "Folder of the games: one with train, valid_seen and valid_unseen, or one that holds it as json_2.1.1; left out: $ALFWORLD_DATA, of which cached results take no notice.",
  ),
  domain: artifact("pddl").optional().describe(
    "PDDL domain in place of the games' own; needed where a folder has no game.tw-pddl.",
  ),
  grammar: artifact("twl2").optional().describe(
    "Grammar in place of the games' own; needed where a folder has no game.tw-pddl.",
  ),
  ...textOptions,
});

const libraries = new Map<string, Library>();

/** The library of these options; environments with the same ones share it. */
function libraryOf(options: LibraryOptions): Library {
  const key = JSON.stringify(options);
  let library = libraries.get(key);
  if (library === undefined) {
    library = new Library(options);
    libraries.set(key, library);
  }
  return library;
}

function dataFolder(): string {
  const allowed = Deno.permissions.querySync({ name: "env", variable: VARIABLE }).state;
  const folder = allowed === "granted" ? Deno.env.get(VARIABLE) : undefined;
  if (folder !== undefined && folder !== "") return folder;
  throw new Error(
    `the environment "alfworld" needs ALFWorld's games: download them (pip install alfworld; alfworld-download) and give their folder with the option "data", or set ${VARIABLE} to it${
      allowed === "granted" ? "" : ` and allow it to be read (--allow-env=${VARIABLE})`
    }`,
  );
}

function make(options: AlfworldOptions): TextEnvironment {
  const path = (value: Artifact | string | undefined) =>
    value === undefined ? undefined : artifactPath(value);
  const library = libraryOf({
    data: path(options.data) ?? dataFolder(),
    domain: path(options.domain),
    grammar: path(options.grammar),
  });
  return new TextEnvironment(library, options);
}

/** ALFWorld as a workflow names it. */
export const alfworld: EnvironmentModule<AlfworldOptions> = {
  name: "alfworld",
  version: "1",
  description:
    "ALFWorld's original games, answered as the original engine does; the games are the user's own download.",
  with: alfworldOptions,
  tasks,
  splits: HELD_OUT,
  permissions: ({ data }) => data === undefined ? { env: [VARIABLE], read: [dataFolder()] } : {},
  make,
};
