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

/** The marker without its last sign also begins the policy's list of actions. */
const REFLECTION_END = ACTION_MARKER.slice(0, -1);

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

/** True once a text that a reflection model writes goes on to the actions. */
export function endsReflection(text: string): boolean {
  return text.includes(REFLECTION_END);
}

/** What is before the actions, without the spaces around it. */
export function cutReflection(text: string): string {
  const end = text.indexOf(REFLECTION_END);
  return (end < 0 ? text : text.slice(0, end)).trim();
}

/** The completion's text as tokens see it: one space, then the label. */
export function labelText(label: string): string {
  return ` ${label}`;
}
