/**
 * Which episodes a report shows in full.
 * @module
 */
import type { Transcript } from "../../training/results.ts";

/** Transcripts of one results artifact. */
export interface MethodTranscripts {
  /** Method. */
  readonly name: string;
  /** Environment. */
  readonly env: string;
  /** Task of the environment. */
  readonly task: string;
  /** Which starts the episodes were drawn from. */
  readonly split: string;
  /** The episodes it kept in full. */
  readonly transcripts: readonly Transcript[];
}

/** An episode to show, and why it was picked. */
export interface PickedTranscript {
  /** Method. */
  readonly method: string;
  /** Environment. */
  readonly env: string;
  /** Task of the environment. */
  readonly task: string;
  /** Which starts it was drawn from. */
  readonly split: string;
  /** In a few words, for the reader. */
  readonly why: string;
  /** The episode. */
  readonly transcript: Transcript;
}

interface Candidate {
  readonly source: MethodTranscripts;
  readonly transcript: Transcript;
}

/**
 * Picks up to three episodes: a typical success of the method listed first, another method's
 * failure (from the same start where there is one, so that the two can be compared), and the
 * longest failure of the method listed first.
 *
 * The same input gives the same choice.
 */
export function pickTranscripts(
  methods: readonly MethodTranscripts[],
): PickedTranscript[] {
  const main = methods[0]?.name;
  const all = methods.flatMap((source) =>
    source.transcripts.map((transcript) => ({ source, transcript }))
  );
  const own = all.filter((one) => one.source.name === main);
  const others = all.filter((one) => one.source.name !== main);
  const failures = others.filter((one) => !one.transcript.success);
  const wins = own.filter((one) => one.transcript.success);

  const contrasted = wins.filter((win) => failures.some((failure) => sameStart(win, failure)));
  const success = typical(contrasted.length > 0 ? contrasted : wins);
  const twin = success && failures.find((one) => sameStart(success, one));
  const picked: (PickedTranscript | undefined)[] = [
    success && show(success, "a typical success"),
    twin
      ? show(twin, "the same start, failed")
      : failures[0] && show(failures[0], "a failure to compare with"),
  ];
  const ownFailure = longest(own.filter((one) => !one.transcript.success));
  picked.push(ownFailure && show(ownFailure, "a failure"));
  const found = picked.filter((one) => one !== undefined);
  const fallback = all[0];
  return found.length === 0 && fallback ? [show(fallback, "")] : found;
}

function sameStart(one: Candidate, other: Candidate): boolean {
  return one.source.env === other.source.env &&
    one.source.task === other.source.task &&
    one.source.split === other.source.split &&
    one.transcript.seed === other.transcript.seed;
}

/** The one of median length; of several, the one listed first. */
function typical(candidates: readonly Candidate[]): Candidate | undefined {
  const byLength = candidates.toSorted((a, b) => length(a) - length(b));
  return byLength[Math.floor((byLength.length - 1) / 2)];
}

function longest(candidates: readonly Candidate[]): Candidate | undefined {
  return candidates.toSorted((a, b) => length(b) - length(a))[0];
}

function length(candidate: Candidate): number {
  return candidate.transcript.steps.length;
}

function show(
  { source, transcript }: Candidate,
  why: string,
): PickedTranscript {
  return {
    method: source.name,
    env: source.env,
    task: source.task,
    split: source.split,
    why,
    transcript,
  };
}
