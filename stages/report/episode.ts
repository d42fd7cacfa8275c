/**
 * One whole episode as text.
 * @module
 */
import { html } from "hono/html";
import type { Transcript, TranscriptStep } from "../../training/results.ts";
import type { PickedTranscript } from "./transcripts.ts";
import { place, signed } from "./words.ts";

/** Escaped HTML, perhaps still being put together. */
export type Markup = ReturnType<typeof html>;

/** A collapsible block; its first line tells method, outcome and why it is shown. */
export function episode(picked: PickedTranscript, open: boolean): Markup {
  const { transcript } = picked;
  const why = picked.why === "" ? "" : ` · ${picked.why}`;
  return html`
    <details ${open ? "open" : ""}>
      <summary><b>${picked.method}</b> <span class="why">${place(
        picked,
      )}${picked.split === "test" ? "" : `, ${picked.split}`}, seed ${transcript
        .seed}${why}</span> <span class="fate">${outcome(
          transcript,
        )}</span></summary>
      <ol class="steps">${transcript.steps.map(step)}</ol>
    </details>
  `;
}

function outcome(transcript: Transcript): string {
  const count = transcript.steps.length;
  return `${transcript.success ? "✓ succeeded" : "✗ failed"} after ${count} ${
    count === 1 ? "step" : "steps"
  }, return ${signed(transcript.return, 2)}`;
}

function step(one: TranscriptStep, index: number): Markup {
  return html`<li><span class="number">${index + 1}</span><div>${
    prompt(one)
  }<div class="act"><span>→ ${one.action} <code>${one.label}</code></span><span>${
    signed(one.reward, 2)
  }</span></div></div></li>`;
}

/** The prompt with the reflection marked where it stands in it; before the action where it does not. */
function prompt({ prompt, reflection }: TranscriptStep): Markup {
  const at = reflection === "" ? -1 : prompt.lastIndexOf(reflection);
  if (at === -1) {
    const apart = reflection === "" ? "" : html`<pre><mark>${reflection}</mark></pre>`;
    return html`<pre>${prompt}</pre>${apart}`;
  }
  return html`<pre>${prompt.slice(0, at)}<mark>${reflection}</mark>${
    prompt.slice(at + reflection.length)
  }</pre>`;
}
