/**
 * The teacher's comment, as a player would think it: whether the last action was of use, what is to be achieved
 * next, and so what to do.
 *
 * The teacher knows where everything is, the player does not: what is to be achieved next is only said where the
 * player is shown all it speaks of. Elsewhere the comment says that the thing is not in sight, and where to go.
 * @module
 */
import type { Advice } from "./guide.ts";
import type { TextGame } from "./game.ts";
import type { Operator } from "./ground.ts";
import type { State } from "./state.ts";

/** What a comment is made of. */
export interface Remarked {
  /** The game that is played. */
  readonly game: TextGame;
  /** The situation. */
  readonly state: State;
  /** What the teacher thinks of it. */
  readonly advice: Advice;
  /** The text the player is shown. */
  readonly shown: string;
  /** Actions that only lead to others, such as going and opening. */
  readonly ways: ReadonlySet<string>;
  /** True where the player is shown the last action. */
  readonly remembers: boolean;
}

/** The comment; undefined where the teacher has no plan or nothing is left to do. */
export function remarkOn(remarked: Remarked): string | undefined {
  const { game, state, advice, ways, remembers } = remarked;
  const [next] = advice.plan ?? [];
  if (next === undefined) return undefined;
  const aim = advice.plan?.find(({ action }) => !ways.has(action)) ?? next;
  return [
    remembers && advice.mistaken ? "That did not help." : "",
    aim === next ? "" : purpose(remarked, aim),
    `So I ${game.command(next, state)}.`,
  ].filter((sentence) => sentence !== "").join(" ");
}

function purpose({ game, state, shown }: Remarked, aim: Operator): string {
  const command = game.command(aim, state);
  const objects = [...aim.binding.values()].map((id) => game.names.get(id)?.trim() ?? "")
    .filter((name) => name !== "" && mentions(command, name));
  return objects.every((name) => mentions(shown, name))
    ? `I want to ${command}.`
    : "What I need is not in sight.";
}

/** True where a text holds a name that is not part of a longer word. */
function mentions(text: string, name: string): boolean {
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const around = (text[at - 1] ?? " ") + (text[at + name.length] ?? " ");
    if (!/\w/.test(around)) return true;
  }
  return false;
}
