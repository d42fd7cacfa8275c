import { assertEquals, assertRejects } from "../../std/assert.ts";
import {
  readResults,
  type Results,
  type Transcript,
  writeResults,
} from "../../training/results.ts";

const results: Results = {
  name: "sft",
  env: "taxi",
  task: "pickup",
  seed: 1,
  split: "test",
  horizon: 15,
  episodes: [{ seed: 7, success: true, return: 0.85, steps: 1 }],
};
const transcript: Transcript = {
  seed: 7,
  success: true,
  return: 0.85,
  steps: [{
    prompt: "At row 1.\n # Action:",
    reflection: "",
    label: "4",
    action: "pick up",
    reward: 0.85,
  }],
};

Deno.test("results: what is written is read back", async () => {
  const folder = `${await Deno.makeTempDir()}/new/results`;
  await writeResults(folder, results, [transcript, transcript]);
  assertEquals(await readResults(folder), {
    results,
    transcripts: [transcript, transcript],
  });
});

Deno.test("results: no episodes, or a return that is no number, is refused when written", async () => {
  const folder = await Deno.makeTempDir();
  await assertRejects(
    () => writeResults(folder, { ...results, episodes: [] }, []),
    Error,
    "episodes",
  );
  const episode = { seed: 7, success: true, return: NaN, steps: 1 };
  await assertRejects(
    () => writeResults(folder, { ...results, episodes: [episode] }, []),
    Error,
    "episodes[0].return",
  );
});

Deno.test("results: errors name the file, the line and the key", async () => {
  const folder = await Deno.makeTempDir();
  await assertRejects(() => readResults(folder), Error, "results.json");
  await writeResults(folder, results, [transcript]);
  await Deno.writeTextFile(
    `${folder}/transcripts.jsonl`,
    JSON.stringify(transcript) + '\n{"seed":7}\n',
  );
  await assertRejects(() => readResults(folder), Error, "transcripts.jsonl:2");
});
