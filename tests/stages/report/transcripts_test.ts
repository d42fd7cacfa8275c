/** Which episodes a report shows in full. */
import { pickTranscripts } from "../../../stages/report/transcripts.ts";
import { assertEquals } from "../../../std/assert.ts";
import type { Transcript } from "../../../training/results.ts";

function told(seed: number, success: boolean, steps: number): Transcript {
  const step = {
    prompt: "",
    reflection: "",
    label: "0",
    action: "",
    reward: 0,
  };
  return { seed, success, return: 0, steps: Array(steps).fill(step) };
}

Deno.test("pickTranscripts: a success, its twin that failed, and a failure of its own", () => {
  const place = { env: "taxi", task: "pickup", split: "test" };
  const picked = pickTranscripts([
    {
      name: "main",
      ...place,
      transcripts: [
        told(1, true, 2),
        told(2, true, 9),
        told(3, false, 4),
        told(4, false, 15),
      ],
    },
    {
      name: "other",
      ...place,
      transcripts: [told(1, true, 3), told(5, false, 1), told(2, false, 15)],
    },
  ]);
  assertEquals(
    picked.map((one) => [one.method, one.transcript.seed, one.why]),
    [
      ["main", 2, "a typical success"],
      ["other", 2, "the same start, failed"],
      ["main", 4, "a failure"],
    ],
  );
});

Deno.test("pickTranscripts: the same seed in another split is another start", () => {
  const place = { env: "taxi", task: "pickup" };
  const picked = pickTranscripts([
    { name: "main", ...place, split: "seen", transcripts: [told(1, true, 2)] },
    { name: "other", ...place, split: "unseen", transcripts: [told(1, false, 2)] },
  ]);
  assertEquals(picked.map(({ split, why }) => [split, why]), [
    ["seen", "a typical success"],
    ["unseen", "a failure to compare with"],
  ]);
});

Deno.test("pickTranscripts: makes do with what there is", () => {
  const one = { name: "main", env: "taxi", task: "pickup", split: "test" };
  assertEquals(pickTranscripts([{ ...one, transcripts: [] }]), []);
  const wins = pickTranscripts([{
    ...one,
    transcripts: [told(1, true, 9), told(2, true, 3), told(3, true, 5)],
  }]);
  assertEquals(wins.map((picked) => picked.transcript.seed), [3]);
});
