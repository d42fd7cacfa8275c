/**
 * Every line of the original engine's transcripts, said again by ours: feedback, admissible commands, score,
 * ending.
 */
import { assert, assertEquals } from "../../../std/assert.ts";
import { alfworldNames } from "../../../envs/alfworld/names.ts";
import { TextGame } from "../../../envs/textworld/game.ts";
import { parseDomain, parseProblem } from "../../../envs/textworld/parse_pddl.ts";
import { available, note, type Transcript, transcripts } from "./data.ts";

function replay({ rows, texts, file }: Transcript): number {
  const game = new TextGame(texts, alfworldNames);
  let state = game.start;
  for (const [index, row] of rows.entries()) {
    const outcome = row.kind === "reset"
      ? { state: game.start, feedback: game.intro() }
      : game.obey(row.command as string, state);
    state = outcome.state;
    const won = game.won(state);
    const said = {
      feedback: outcome.feedback,
      admissible: [...game.commands(state).keys()],
      won,
      ...(row.kind === "step" ? { score: won ? 1 : 0, done: won } : {}),
    };
    const { kind: _kind, command, feedback, admissible, won: theirs, score, done } = row;
    const original = {
      feedback,
      admissible,
      won: theirs,
      ...(row.kind === "step" ? { score, done } : {}),
    };
    assertEquals(said, original, `${file}, line ${index + 2}, command ${command}`);
  }
  return rows.length;
}

for (const version of ["orig", "head0.5.0"] as const) {
  Deno.test({
    name: `ALFWorld's answers turn by turn, ${version}${note}`,
    ignore: !available,
    fn() {
      const lines = transcripts(version).map(replay).reduce((sum, count) => sum + count, 0);
      assert(lines > 1000, `only ${lines} lines were compared`);
    },
  });
}

Deno.test({
  name: `ALFWorld's names of all objects${note}`,
  ignore: !available,
  fn() {
    for (const { texts, names } of transcripts("orig")) {
      const problem = parseProblem(texts.problem, parseDomain(texts.domain));
      const ours = alfworldNames(problem);
      assertEquals(
        Object.entries(names).filter(([id, name]) => ours.get(id) !== name),
        [],
      );
    }
  },
});
