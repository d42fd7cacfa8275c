/**
 * What the player reads: the question, the folder with the names listed in it, what was printed last, and
 * the commands there are.
 *
 * `Did ls, cd taxi.` / `Where is decode() implemented?` / `In /taxi: dynamics.ts plan.ts (page 1 of 2)` /
 * `cat plan.ts: Shortest ways to the goal …`, each a line. The names stand in the situation although the
 * commands have them too: a reflection model is not shown the commands.
 * @module
 */
import type { Observation } from "../environment.ts";
import { Random } from "../../std/random.ts";
import type { Command, Walk } from "./walk.ts";

/** A command as it is offered. */
export interface Offer {
  /** What the player answers. */
  readonly label: string;
  /** What is done then. */
  readonly command: Command;
}

/** The commands with their labels; `shuffleSeed` puts them into a random order. */
export function offersOf(walk: Walk, shuffleSeed?: number): Offer[] {
  const commands = walk.commands();
  const order = shuffleSeed === undefined ? commands : new Random(shuffleSeed).shuffle(commands);
  return order.map((command, index) => ({ label: String(index), command }));
}

/** What the player is shown. `done` are the texts of the commands to tell, oldest first; `printed` may be empty. */
export function observe(
  walk: Walk,
  question: string,
  done: readonly string[],
  printed: string,
  offers: readonly Offer[],
): Observation {
  const lines = [question, `In /${walk.folder.path}: ${listingOf(walk)}`];
  if (printed !== "") lines.push(printed);
  return {
    history: done.length === 0 ? "" : `Did ${done.join(", ")}.\n`,
    state: lines.join("\n"),
    actions: offers.map(({ label, command }) => ({ label, text: command.text })),
  };
}

function listingOf(walk: Walk): string {
  const page = walk.page();
  if (page === undefined) return "not listed";
  const { number, count, folders, files } = page;
  const names = [
    ...folders.map(({ name }) => `${quote(name)}/`),
    ...files.map(({ name }) => quote(name)),
  ];
  const place = count === 1 ? "" : ` (page ${number + 1} of ${count})`;
  return (names.length === 0 ? "nothing" : names.join(" ")) + place;
}

/** A name with a space in it would look like two. */
function quote(name: string): string {
  return name.includes(" ") ? `"${name}"` : name;
}
