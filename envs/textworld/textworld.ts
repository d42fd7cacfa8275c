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
 *
 * Here is the engine alone. Games come from elsewhere: original ones from `alfworld/`, generated ones from
 * `household/`.
 * @module
 */
export { type GameTexts, type Naming, NOTHING_HAPPENS, type Outcome, TextGame } from "./game.ts";
export { TextGameError } from "./symbols.ts";
