/**
 * One episode: a walk with a question, what each command costs, how it ends, and its state as JSON.
 *
 * What a step costs, before scaling: 1, 1 more for a warning it prints and 2 for an error. An end without
 * success also costs the steps that were left, 1 each. A file's own words are no warnings.
 * @module
 */
import { z } from "zod";
import { deriveSeed } from "../../std/random.ts";
import type { Info, Observation } from "../environment.ts";
import type { ExploreOptions } from "./options.ts";
import type { Place } from "./places.ts";
import { nextCommand } from "./plan.ts";
import { observe, type Offer, offersOf } from "./prompt.ts";
import { type Last, remarkOn } from "./remark.ts";
import type { TreeFile } from "./tree.ts";
import { type Command, isReading, Walk } from "./walk.ts";

/** How an episode starts. */
export interface Start {
  /** Number of the question. */
  readonly question: number;
  /** Which of its wordings. */
  readonly text: number;
  /** Draws the files that are left out; null leaves out none. */
  readonly hidden: number | null;
  /** Draws the order of the commands; null keeps it. */
  readonly order: number | null;
}

/** An `info.state`: the start, and the commands since. */
export interface State extends Start {
  /** Texts of the commands, oldest first. */
  readonly commands: string[];
}

const drawn = z.int().min(0).nullable();

/** Schema of a state. */
export const stateSchema: z.ZodType<State> = z.strictObject({
  question: z.int().min(0),
  text: z.int().min(0),
  hidden: drawn,
  order: drawn,
  commands: z.array(z.string()),
});

/** What a command did to the episode. */
export interface Taken {
  /** What it costs, before scaling. */
  readonly cost: number;
  /** True where it identified a target. */
  readonly success: boolean;
  /** True where it was the episode's own end. */
  readonly terminated: boolean;
}

/** An episode under way. */
export class Episode {
  /** Commands with their labels, as they are offered now. */
  offers: readonly Offer[] = [];
  /** True after the end. */
  over = false;
  readonly #place: Place;
  readonly #start: Start;
  readonly #options: ExploreOptions;
  readonly #text: string;
  readonly #walk: Walk;
  readonly #commands: string[] = [];
  #last: Last | undefined;
  #printed = "";
  #answer: TreeFile | undefined;

  /** Throws a RangeError where the question has no such wording. */
  constructor(place: Place, start: Start, options: ExploreOptions) {
    const { texts, targets } = place.question;
    const text = texts[start.text];
    if (text === undefined) {
      throw new RangeError(
        `expected a wording from 0 to ${
          texts.length - 1
        } of question ${start.question}, got ${start.text}`,
      );
    }
    const { hidden } = start;
    const share = hidden === null ? 0 : shareLeftOut(options.leaveOut, hidden);
    this.#place = place;
    this.#start = start;
    this.#options = options;
    this.#text = text;
    this.#walk = new Walk(
      place.tree,
      options,
      (file) =>
        hidden !== null && !targets.includes(file) &&
        deriveSeed(hidden, file.index) / 2 ** 32 < share,
    );
    this.#offer();
  }

  /** Does what a command says. */
  take(command: Command): Taken {
    const { targets } = this.#place.question;
    const mistaken = isMistaken(command, this.best(), targets);
    const { output, warnings, errors } = this.#walk.take(command);
    this.#commands.push(command.text);
    const isMiss = isReading(command) && !targets.includes(command.file);
    this.#last = { command, mistaken, isMiss };
    this.#printed = isReading(command) || output !== "" ? `${command.text}: ${output}` : "";
    const left = this.#options.horizon - this.#commands.length;
    const terminated = command.verb === "id" || command.verb === "exit";
    let cost = 1 + warnings + 2 * errors;
    if (command.verb === "id") {
      this.#answer = command.file;
      if (!this.#success()) {
        this.#printed = `${command.text}: Error: not the file.`;
        cost += 2;
      }
    }
    if (terminated && !this.#success()) cost += left;
    this.over = terminated || left <= 0;
    this.#offer();
    return { cost, success: this.#success(), terminated };
  }

  /** The best command; undefined after the end, and where no target is known. */
  best(): Command | undefined {
    const left = this.#options.horizon - this.#commands.length;
    return this.over ? undefined : nextCommand(this.#walk, this.#place.question.targets, left);
  }

  /** The teacher's comment; undefined where there is no best command. */
  remark(): string | undefined {
    const best = this.best();
    if (best === undefined) return undefined;
    const isShown = this.#options.historyLength > 0 || this.#printed !== "";
    const remark = remarkOn({
      best,
      last: isShown ? this.#last : undefined,
      listed: this.#walk.page() !== undefined,
    });
    if (!this.#options.labels) return remark;
    // The words before the label are those before the policy's own answer.
    const offer = this.offers.find(({ command }) => command.text === best.text);
    return `${remark} Action: ${offer?.label}`;
  }

  /** Labels that read another file where the best command reads a target. */
  mistakes(): string[] {
    const best = this.best();
    if (best === undefined || !isReading(best)) return [];
    const { targets } = this.#place.question;
    return this.offers.filter(({ command }) =>
      isReading(command) && command.verb === best.verb && !targets.includes(command.file)
    ).map(({ label }) => label);
  }

  /** What the player sees. */
  observe(): Observation {
    const { historyLength } = this.#options;
    const done = historyLength === 0 ? [] : this.#commands.slice(-historyLength);
    return observe(this.#walk, this.#text, done, this.#printed, this.offers, this.#options);
  }

  /** What metrics and checks need. */
  info(): Info {
    const { question: { kind, depth, targets, path } } = this.#place;
    return {
      success: this.#success(),
      state: { ...this.#start, commands: [...this.#commands] },
      question: this.#text,
      kind,
      depth,
      targets: targets.map((target) => target.path),
      path: [...path],
      answer: this.#answer?.path ?? null,
    };
  }

  #success(): boolean {
    return this.#answer !== undefined && this.#place.question.targets.includes(this.#answer);
  }

  #offer(): void {
    const { order } = this.#start;
    const seed = order === null ? undefined : deriveSeed(order, this.#commands.length);
    this.offers = offersOf(this.#walk, seed);
  }
}

/** False for the best command, and for what is as good: another way to read a target, a folder on the way to another. */
function isMistaken(
  command: Command,
  best: Command | undefined,
  targets: readonly TreeFile[],
): boolean {
  if (best === undefined || command.text === best.text) return false;
  if (isReading(command)) return !isReading(best) || !targets.includes(command.file);
  return !(command.verb === "cd" && command.text !== "cd .." && best.verb === "cd" &&
    targets.some(({ path }) => path.startsWith(`${command.folder.path}/`)));
}

/** How likely a file that is no target is left out of the episode that `hidden` draws. */
function shareLeftOut(leaveOut: ExploreOptions["leaveOut"], hidden: number): number {
  if (typeof leaveOut === "number") return leaveOut;
  const [least, most] = leaveOut;
  return least + (most - least) * deriveSeed(hidden) / 2 ** 32;
}
