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
import { type Command, isReading, type Walk } from "./walk.ts";

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

/** How the situation is told. */
export interface Telling {
  /** Whether listed names carry the labels of their commands. */
  readonly labels: boolean;
}

/** What the player is shown. `done` are the texts of the commands to tell, oldest first; `printed` may be empty. */
export function observe(
  walk: Walk,
  question: string,
  done: readonly string[],
  printed: string,
  offers: readonly Offer[],
  { labels }: Telling,
): Observation {
  const listing = listingOf(walk, labels ? offers : []);
  const lines = [question, `In /${walk.folder.path}: ${listing}`];
  if (printed !== "") lines.push(printed);
  return {
    history: done.length === 0 ? "" : `Did ${done.join(", ")}.\n`,
    state: lines.join("\n"),
    actions: offers.map(({ label, command }) => ({ label, text: command.text })),
  };
}

/** The names of the page; each with the label of its first command among `offers`, where it has one. */
function listingOf(walk: Walk, offers: readonly Offer[]): string {
  const page = walk.page();
  if (page === undefined) return "not listed";
  const { number, count, folders, files } = page;
  const names = [
    ...folders.map((folder) =>
      `${quote(folder.name)}/` +
      labelOf(offers, (command) => command.verb === "cd" && command.folder === folder)
    ),
    ...files.map((file) =>
      quote(file.name) +
      labelOf(offers, (command) => isReading(command) && command.file === file)
    ),
  ];
  const place = count === 1 ? "" : ` (page ${number + 1} of ${count})`;
  return (names.length === 0 ? "nothing" : names.join(offers.length === 0 ? " " : ", ")) + place;
}

/** A space and the label of the first command that `names` it; nothing where none does. */
function labelOf(offers: readonly Offer[], names: (command: Command) => boolean): string {
  const offer = offers.find(({ command }) => names(command));
  return offer === undefined ? "" : ` ${offer.label}`;
}

/** A name with a space in it would look like two. */
function quote(name: string): string {
  return name.includes(" ") ? `"${name}"` : name;
}
