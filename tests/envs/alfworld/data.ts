/**
 * Original ALFWorld games and what the original engine answered on them, kept beside the repository.
 */
import type { GameTexts } from "../../../envs/textworld/game.ts";

const root = new URL("../../../../shared/data/alfworld/", import.meta.url).pathname;

/** Folder that holds the splits. */
export const gamesFolder = `${root}games`;

function present(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** True where the data is there. */
export const available = present(gamesFolder) && present(`${root}transcripts`);
/** Put behind a test's name, to say why it did not run. */
export const note = available ? "" : " (ignored: ../shared/data/alfworld is not there)";

/** A line of a transcript. */
export interface Row {
  readonly kind: "reset" | "step";
  readonly command?: string;
  readonly feedback: string;
  readonly admissible: string[];
  readonly won: boolean;
  readonly score?: number;
  readonly done?: boolean;
}

/** One transcript with its game. */
export interface Transcript {
  readonly file: string;
  /** Path of the game's folder below {@linkcode gamesFolder}. */
  readonly id: string;
  readonly version: "orig" | "head0.5.0";
  readonly names: Readonly<Record<string, string>>;
  readonly plan: readonly string[];
  readonly rows: readonly Row[];
  readonly texts: GameTexts;
}

/** All transcripts of one version of the logic. */
export function transcripts(version: Transcript["version"]): Transcript[] {
  const files = [...Deno.readDirSync(`${root}transcripts`)].map(({ name }) => name)
    .filter((name) => name.endsWith(`.${version}.jsonl`)).sort();
  return files.map((file) => {
    const [meta, ...rows] = Deno.readTextFileSync(`${root}transcripts/${file}`).trim().split("\n")
      .map((line) => JSON.parse(line));
    const game = JSON.parse(Deno.readTextFileSync(`${gamesFolder}/${meta.game}`));
    const original = {
      domain: game.pddl_domain,
      problem: game.pddl_problem,
      grammar: game.grammar,
      source: file,
    };
    return {
      file,
      id: meta.game.replace(/\/[^/]*$/, ""),
      version,
      names: meta.names,
      plan: meta.plan,
      rows,
      texts: version === "orig" ? original : newerTexts(original, rows),
    };
  });
}

/**
 * The game as version 0.5.0 tells it, made from its own texts by the differences that are known: a sink is no
 * place to clean in (its basin is), arrival names the furniture, put became move, and there is help, whose words
 * are those of the transcript's first answer to it.
 */
function newerTexts(texts: GameTexts, rows: readonly Row[]): GameTexts {
  const help = rows.find(({ command }) => command === "help")?.feedback;
  const domain = changed(texts.domain, [
    ["(receptacleType ?r SinkType)", ""],
    [
      "(:action inventory",
      "(:action help :parameters (?a - agent) :precondition () :effect (checked ?a))\n(:action inventory",
    ],
  ]);
  const grammar = changed(texts.grammar, [
    ["You arrive at {lend.name}.", "You arrive at {r.name}."],
    ["You put the {o.name} in/on the {r.name}.", "You move the {o.name} to the {r.name}."],
    [
      '"put {o} in/on {r}";\n    feedback :: "#PutObject.',
      '"move {o} to {r}";\n    feedback :: "#PutObject.',
    ],
    [
      "action look {",
      `action help {
         template :: "help"; feedback :: "#help.feedback#";
         grammar :: """${JSON.stringify({ "help.feedback": [{ rhs: help }] })}""";
       }\naction look {`,
    ],
  ]);
  return { ...texts, domain, grammar };
}

function changed(text: string, changes: readonly (readonly [string, string])[]): string {
  return changes.reduce((now, [from, to]) => {
    if (!now.includes(from)) throw new Error(`expected ${JSON.stringify(from)} in the game`);
    return now.replace(from, to);
  }, text);
}
