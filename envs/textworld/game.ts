/**
 * A game: a problem with a grammar. It is never changed by being played; who plays holds a {@linkcode State}.
 * @module
 */
import { Applicable } from "./applicable.ts";
import { achieved, type GroundProblem, groundProblem, type Operator } from "./ground.ts";
import type { Grammar } from "./grammar.ts";
import { parseGrammar } from "./parse_grammar.ts";
import { parseDomain, parseProblem } from "./parse_pddl.ts";
import type { Domain, Problem } from "./pddl.ts";
import { Recent } from "./recent.ts";
import { Speaker } from "./render.ts";
import { changedState, makeBits, type State } from "./state.ts";

/** What a game is made of. */
export interface GameTexts {
  /** PDDL domain. */
  readonly domain: string;
  /** PDDL problem of it. */
  readonly problem: string;
  /** `.twl2` grammar. */
  readonly grammar: string;
  /** What is to be done, in place of what the grammar's rule `task` says. */
  readonly task?: string;
  /** Names the texts in messages, as a path would; default "game". */
  readonly source?: string;
}

/** What the objects of a problem are called, by id. */
export type Naming = (problem: Problem) => ReadonlyMap<string, string>;

/** The answer to a command that is not possible. */
export const NOTHING_HAPPENS = "Nothing happens.";

/** What a command came to. */
export interface Outcome {
  /** The situation afterwards. */
  readonly state: State;
  /** What is said of it. */
  readonly feedback: string;
  /** The operator that was used; undefined where the command was not possible. */
  readonly operator: Operator | undefined;
}

/** Texts that many games share are read once. */
const KEPT = 8;
const domains = new Recent<Domain>(KEPT);
const grammars = new Recent<Grammar>(KEPT);

function withTask(grammar: Grammar, task: string): Grammar {
  const rule = [{ condition: undefined, sentence: [{ kind: "text", text: task }] }] as const;
  return { ...grammar, rules: new Map([...grammar.rules, ["task", rule]]) };
}

/** A game that can be played from any of its situations. */
export class TextGame {
  /** The problem behind it, for planners. */
  readonly ground: GroundProblem;
  /** The situation it begins with. */
  readonly start: State;
  /** What objects are called, by id. */
  readonly names: ReadonlyMap<string, string>;
  readonly #words: Grammar;
  readonly #speaker: Speaker;
  readonly #applicable: Applicable;

  /**
   * Reads the texts. Throws a TextGameError where they cannot be understood, and an Error where an action
   * of the domain that can be used has no words in the grammar.
   */
  constructor(texts: GameTexts, naming: Naming) {
    const { source = "game" } = texts;
    const domain = domains.get(
      texts.domain,
      () => parseDomain(texts.domain, `${source}, domain`),
    );
    const problem = parseProblem(texts.problem, domain, `${source}, problem`);
    const words = grammars.get(
      texts.grammar,
      () => parseGrammar(texts.grammar, `${source}, grammar`),
    );
    this.#words = texts.task === undefined ? words : withTask(words, texts.task);
    this.ground = groundProblem(domain, problem);
    const { statics, facts, operators, init } = this.ground;
    this.start = { facts: init, deleted: makeBits(facts.count) };
    this.names = naming(problem);
    this.#speaker = new Speaker(this.#words, statics, facts, this.names);
    this.#applicable = new Applicable(operators, facts.count);
    const speechless = operators.find(({ action }) => !this.#words.actions.has(action));
    if (speechless !== undefined) {
      throw new Error(
        `${source}: the grammar has no action "${speechless.action}", which the domain has (it has: ${
          [...this.#words.actions.keys()].join(", ")
        })`,
      );
    }
  }

  /** What is said at the beginning. */
  intro(): string {
    return this.#speaker.rule("intro", this.start, new Map());
  }

  /** What is to be done, where the grammar has a rule `task`; else empty. */
  task(): string {
    return this.#speaker.hasRule("task") ? this.#speaker.rule("task", this.start, new Map()) : "";
  }

  /** The commands that are possible, sorted by code units, each with the first operator it stands for. */
  commands(state: State): Map<string, Operator> {
    const found = new Map<string, Operator>();
    for (const operator of this.#applicable.in(state.facts)) {
      const command = this.command(operator, state);
      if (!found.has(command)) found.set(command, operator);
    }
    return new Map([...found].sort(([a], [b]) => a < b ? -1 : 1));
  }

  /** The command that stands for an operator. */
  command(operator: Operator, state: State): string {
    const words = this.#words.actions.get(operator.action);
    return this.#speaker.sentence(words?.command ?? [], state, speakingOf(operator));
  }

  /** Obeys a command, where it is one of those possible in `state`; else nothing happens. */
  obey(command: string, state: State, possible = this.commands(state)): Outcome {
    const operator = possible.get(command.trim());
    if (operator === undefined) return { state, feedback: NOTHING_HAPPENS, operator };
    const after = changedState(state, operator.changes);
    const words = this.#words.actions.get(operator.action);
    const feedback = this.#speaker.sentence(words?.feedback ?? [], after, speakingOf(operator));
    return { state: after, feedback, operator };
  }

  /** True where the goal is achieved. */
  won(state: State): boolean {
    return achieved(this.ground, state.facts);
  }
}

function speakingOf({ binding }: Operator): Map<string, string> {
  return new Map([...binding].map(([name, object]) => [name.slice(1), object]));
}
