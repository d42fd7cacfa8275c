/**
 * Checkpoints of a collection: the rows of whole rounds and what the reflection agent remembers, so that
 * comments which a teacher took its time for, or was paid for, are not asked for again.
 *
 * Random streams follow from the seed and an episode's number, so they are not in it; one that goes on from a
 * checkpoint leaves the same bytes as one that was never stopped.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import type { ReflectionAgent } from "../agents/agent.ts";
import { CheckpointClock } from "./checkpoint_clock.ts";
import type { CheckpointOptions } from "./checkpoints.ts";
import {
  DatasetError,
  type PolicyRow,
  readPolicyRows,
  readReflectionRows,
  type ReflectionRow,
  writeRows,
} from "./dataset.ts";

/** What the first episodes gave. */
export interface Gathered {
  /** How many episodes that were. */
  episodes: number;
  /** Those that achieved the task. */
  successes: number;
  /** Those with a planted mistake. */
  negatives: number;
  /** Steps of all of them. */
  steps: number;
  /** One row an action, planted mistakes left out. */
  readonly policy: PolicyRow[];
  /** One row a situation. */
  readonly reflection: ReflectionRow[];
}

const FORMAT = 1;
const count = z.int().min(0);
const fileSchema = z.strictObject({
  format: z.literal(FORMAT),
  ...{ episodes: count, successes: count, negatives: count, steps: count },
  agent: z.unknown().optional(),
});

/** Saves one collection, and gives back what was saved of it. */
export class CollectionCheckpoints {
  readonly #options: CheckpointOptions | undefined;
  readonly #agent: ReflectionAgent;
  readonly #clock = new CheckpointClock();
  /** The agent's memory at the end of the latest round. */
  #memory: unknown;
  /** Episodes in the newest checkpoint. */
  #saved = 0;

  /** Touches nothing; without options, nothing is saved. `every` counts episodes. */
  constructor(options: CheckpointOptions | undefined, agent: ReflectionAgent) {
    this.#options = options;
    this.#agent = agent;
  }

  /** What the newest checkpoint has, the agent's memory put back; undefined where there is none that can be read. */
  async resume(): Promise<Gathered | undefined> {
    const folder = await this.#options?.store.latest();
    if (this.#options === undefined || folder === undefined) return undefined;
    try {
      const gathered = await this.#read(folder);
      this.#saved = gathered.episodes;
      this.#options.log(`goes on from the checkpoint of episode ${gathered.episodes}`);
      return gathered;
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.#options.log(`begins anew: the checkpoint is malformed (${error.message})`);
      await this.#options.store.clear();
      return undefined;
    }
  }

  /** To be called at the end of each round: saves where it is time to. */
  async offer(gathered: Gathered): Promise<void> {
    this.#memory = this.#agent.state?.();
    const every = this.#options?.every;
    const isDue = every === undefined
      ? this.#clock.isDue
      : gathered.episodes - this.#saved >= every;
    if (isDue) await this.#save(gathered);
  }

  /**
   * Saves what a collection that fails or is stopped has of whole rounds. Never throws: something else is wrong
   * already.
   */
  async keep(gathered: Gathered): Promise<void> {
    if (gathered.episodes === this.#saved) return;
    try {
      await this.#save(gathered);
    } catch (error) {
      this.#options?.log(
        `${gathered.episodes - this.#saved} episodes could not be saved: ${wordsOf(error)}`,
      );
    }
  }

  async #save(gathered: Gathered): Promise<void> {
    const { episodes } = gathered;
    await this.#clock.time(async () => {
      await this.#options?.store.save(episodes, (folder) => this.#write(folder, gathered));
    });
    this.#saved = episodes;
  }

  async #write(folder: string, { policy, reflection, ...counts }: Gathered): Promise<void> {
    await writeRows(join(folder, "policy.jsonl"), policy);
    await writeRows(join(folder, "reflection.jsonl"), reflection);
    const file = { format: FORMAT, ...counts, agent: this.#memory };
    await Deno.writeTextFile(join(folder, "collection.json"), JSON.stringify(file));
  }

  async #read(folder: string): Promise<Gathered> {
    const text = await Deno.readTextFile(join(folder, "collection.json"));
    try {
      const { format: _, agent, ...counts } = fileSchema.parse(JSON.parse(text));
      const policy = await readPolicyRows(join(folder, "policy.jsonl"));
      const reflection = await readReflectionRows(join(folder, "reflection.jsonl"));
      if (agent !== undefined) this.#agent.restore?.(agent);
      return { ...counts, policy, reflection };
    } catch (error) {
      // A dataset that could not be read, for too many open files, say, is none that is wrong.
      if (error instanceof DatasetError && error.cause !== undefined) throw error;
      throw new MalformedError(wordsOf(error), { cause: error });
    }
  }
}

/** A checkpoint that was read, and is none. */
class MalformedError extends Error {}

function wordsOf(error: unknown): string {
  if (error instanceof z.ZodError) return z.prettifyError(error);
  return error instanceof Error ? error.message : String(error);
}
