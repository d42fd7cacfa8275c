/**
 * The one place where prompts are composed (Reflect-RL, section 3.1 and figure 2).
 *
 * Reflection model: history, state, ` # Analyze:` and then its comment.
 * Policy: history, state, [` # Analyze:` and the comment,] the enumerated actions, ` # Action:` and
 * then one label.
 * @module
 */
import type { Observation } from "../envs/environment.ts";

/** Marks where the reflection begins. */
export const ANALYZE_MARKER = " # Analyze:";
/** Marks where the policy answers. A reflection is cut here. */
export const ACTION_MARKER = " # Action:";

/** What the reflection model reads. Its completion is `" " + reflection`. */
export function composeReflectionPrompt(observation: Observation): string {
  return observation.history + observation.state + ANALYZE_MARKER;
}

/** What the policy reads; without a reflection the marker is left out too. Its completion is `" " + label`. */
export function composePolicyPrompt(
  observation: Observation,
  reflection: string,
): string {
  const comment = reflection === "" ? "" : `${ANALYZE_MARKER} ${reflection}`;
  const actions = observation.actions.map(({ label, text }) => ` ${label} ${text}`).join("");
  return observation.history + observation.state + comment + " # Actions:" +
    actions + ACTION_MARKER;
}

/** The completion's text as tokens see it: one space, then the label. */
export function labelText(label: string): string {
  return ` ${label}`;
}
