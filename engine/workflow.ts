/**
 * A workflow that was found to be right: what the planner and the runner work on.
 * @module
 */
import type { Position } from "./diagnostics.ts";
import type { StageModule } from "./module.ts";

/** What the `if` of a stage says, for each way in which what it needs can end. */
export interface Condition {
  /** As it was written, for messages. */
  readonly text: string;
  /** Whether the instance runs where all it needs has succeeded. */
  readonly success: boolean;
  /** Whether it runs where something it needs, near or far, has failed. */
  readonly failure: boolean;
  /** Whether it runs where something it needs was skipped and nothing failed. */
  readonly skipped: boolean;
}

/** What must be so for an instance to run: of the stage itself, or of one that includes its file. */
export interface Gate {
  /** Its `if`; undefined where it has none: what it needs must then have succeeded. */
  readonly condition: Condition | undefined;
  /** Instances whose end matters. */
  readonly needs: readonly string[];
}

/** How often an instance is tried, and how long it waits between attempts. */
export interface Retry {
  /** At least 1. */
  readonly attempts: number;
  /** Seconds before the second attempt; each later wait is twice as long, less up to half by chance. */
  readonly delay: number;
  /** Seconds that no wait exceeds. */
  readonly maxDelay: number;
}

/** One instance of a stage: the stage itself, or its copy for one combination of its matrix. */
export interface StageInstance {
  /** `rl (seed=2)`, or the stage's name where it has no matrix; `outer (seed=2)/rl` in an included file. */
  readonly name: string;
  /** Name of the stage in the file, behind those of the stages that include it: `outer/rl`. */
  readonly stage: string;
  /** The module that does the work. */
  readonly module: StageModule;
  /** The module's name, or its path as the file has it. */
  readonly uses: string;
  /** `file:` URL of the module's source. */
  readonly url: string;
  /** Values of `with`, references in place: what the module's schema is given once artifacts are known. */
  readonly values: unknown;
  /** The same as the schema gives it, references still in place: what the cache key is made of. */
  readonly input: unknown;
  /** Instances whose outputs it reads. */
  readonly reads: readonly string[];
  /** Instances that must be over before it begins, those it reads included. */
  readonly needs: readonly string[];
  /** Everything random in the stage comes from it. */
  readonly seed: number;
  /** Of the stages that include it, the outermost first, then its own. */
  readonly gates: readonly Gate[];
  /** How often it is tried. */
  readonly retry: Retry;
  /** Seconds after which an attempt is stopped. */
  readonly timeout: number | undefined;
  /** False where its results are never taken from the cache. */
  readonly cache: boolean;
  /** True where its failure does not make the run fail. */
  readonly continueOnError: boolean;
  /** True where its failure does not stop stages of the same file that only need it. */
  readonly tolerated: boolean;
}

/** A secret that a workflow declares. */
export interface DeclaredSecret {
  /** Name of the variable of the environment. */
  readonly name: string;
  /** Where it is declared. */
  readonly at: Position;
}

/** A whole workflow. */
export interface Workflow {
  /** Its name, or the file's. */
  readonly name: string;
  /** What it is for; may be empty. */
  readonly description: string;
  /** Path of the file as it was given. */
  readonly file: string;
  /** Absolute path of the file's folder: what the literal paths of instances are relative to. */
  readonly folder: string;
  /** The file's text. */
  readonly text: string;
  /** Texts of the files it includes, by path. */
  readonly included: Readonly<Record<string, string>>;
  /** The seed of every stage that has none of its own. */
  readonly seed: number;
  /** Variables of the environment that stages are given. */
  readonly secrets: readonly DeclaredSecret[];
  /** What the command line changed: path → value. */
  readonly overrides: Readonly<Record<string, unknown>>;
  /** Every instance, each behind those it needs. */
  readonly instances: readonly StageInstance[];
}
