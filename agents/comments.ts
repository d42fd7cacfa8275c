/**
 * Asking a reflection agent, whoever wrote it.
 * @module
 */
import type { Observation } from "../envs/environment.ts";
import { shown } from "../std/shown.ts";
import type { ReflectionAgent, ReflectOptions } from "./agent.ts";

/** One comment on each observation. Throws a TypeError where the agent gives anything but a text for each. */
export async function commentsOn(
  agent: ReflectionAgent,
  batch: readonly Observation[],
  options: ReflectOptions,
): Promise<string[]> {
  if (typeof agent.reflect !== "function") {
    throw new TypeError("what the reflection agent's make() gave has no function reflect");
  }
  const comments: unknown = await agent.reflect(batch, options);
  if (!Array.isArray(comments) || comments.length !== batch.length) {
    throw new TypeError(
      `the reflection agent gave ${
        Array.isArray(comments) ? `${comments.length} comments` : shown(comments)
      } on ${batch.length} observations; it must give a list with one each`,
    );
  }
  const wrong = comments.findIndex((comment) => typeof comment !== "string");
  if (wrong >= 0) {
    throw new TypeError(
      `the reflection agent's comment on observation ${wrong + 1} of ${batch.length} is no text: ${
        shown(comments[wrong])
      }`,
    );
  }
  return comments;
}
