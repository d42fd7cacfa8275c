/**
 * Games told in text: a PDDL problem played through a grammar, as TextWorld plays ALFWorld.
 *
 * A game's way from texts to sentences:
 *
 * - `symbols.ts` parentheses and words with their places; `parse_terms.ts`, `parse_pddl.ts` domains and problems;
 *   `pddl.ts` what they say, as data
 * - `statics.ts` what never changes, indexed; `join.ts` bindings of variables; `condition.ts` conditions without
 *   variables; `facts.ts` facts by number; `ground.ts` operators
 * - `state.ts` a situation and its changes; `applicable.ts` which operators can be used now
 * - `grammar.ts` rules and sentences as data; `parse_sentence.ts`, `parse_grammar.ts` how they are read;
 *   `render.ts` how they are said
 * - `game.ts` all that as one game: commands, feedback, goal
 * - `relaxed_problem.ts`, `heuristic.ts`, `heap.ts`, `planner.ts` the expert's plans
 * - `guide.ts`, `remark.ts` the teacher: its plan kept through an episode, and its comments
 * - `labels.ts`, `environment.ts` games behind the Environment interface; `recent.ts` keeps those read lately
 *
 * Here is the engine alone. Games come from elsewhere: original ones from `alfworld/`, generated ones from
 * `household/`.
 * @module
 */
export {
  type GameSource,
  type SourcedGame,
  TextEnvironment,
  type TextOptions,
  textOptions,
} from "./environment.ts";
export { type GameTexts, type Naming, NOTHING_HAPPENS, type Outcome, TextGame } from "./game.ts";
export { Planner } from "./planner.ts";
export { TextGameError } from "./symbols.ts";
