/**
 * The teacher's comment, as a player would think it: whether the last step was a mistake, what is known of
 * the place, and so what to do next. It says nothing that the best command does not say.
 * @module
 */
import type { Command } from "./walk.ts";

/** The command before. */
export interface Last {
  /** What was done. */
  readonly command: Command;
  /** True where it did not lead nearer to the answer. */
  readonly mistaken: boolean;
  /** True where it showed a file that is not it. */
  readonly isMiss: boolean;
}

/** What the comment is about. */
export interface Situation {
  /** The best next command. */
  readonly best: Command;
  /** The command before, if it is shown to the player. */
  readonly last: Last | undefined;
  /** True where the current folder has been listed, at least in part. */
  readonly listed: boolean;
}

/** The comment on a situation. */
export function remarkOn({ best, last, listed }: Situation): string {
  const regret = last?.mistaken ? `${regretOf(last)} ` : "";
  return regret + resolveOf(best, listed);
}

function regretOf({ command, isMiss }: Last): string {
  switch (command.verb) {
    case "cd":
      return command.text === "cd .."
        ? "I should not have gone up."
        : `${command.folder.name} is wrong.`;
    case "ls":
      return "I had seen that.";
    case "id":
    case "exit":
      return "That was wrong.";
    default:
      return isMiss ? `${command.file.name} is not it.` : "I had read that.";
  }
}

function resolveOf(best: Command, listed: boolean): string {
  switch (best.verb) {
    case "ls":
      return listed ? "It is not among these, so ls again." : "I have not looked here, so ls.";
    case "cd":
      return best.text === "cd .."
        ? "It is not below, so cd .."
        : `It may be below, so ${best.text}.`;
    case "id":
      return `That answers it, so ${best.text}.`;
    case "exit":
      return "I give up, so exit.";
    default:
      return `It may be this, so ${best.text}.`;
  }
}
