/**
 * The report as one self-contained page: nothing is fetched, no script runs.
 * @module
 */
import { html, raw } from "hono/html";
import type { RunSummary } from "../../engine/summary.ts";
import { curvesCaption, places, timeCaption } from "./captions.ts";
import type { CurveChart } from "./curve_charts.ts";
import { episode, type Markup } from "./episode.ts";
import type { PooledMethod } from "./pool.ts";
import { reportStyle } from "./style.ts";
import { resultsTable } from "./table.ts";
import type { Picture } from "./svg.ts";
import type { PickedTranscript } from "./transcripts.ts";
import { findings } from "./words.ts";

/** All that the page shows. */
export interface ReportContent {
  /** Heading. */
  readonly title: string;
  /** Rows of the table; the first is the method others are compared with. */
  readonly methods: readonly PooledMethod[];
  /** Chart of the success rates. */
  readonly success: Picture;
  /** Learning curves and what their captions need; same order. */
  readonly curves: readonly { chart: CurveChart; picture: Picture }[];
  /** Undefined where no stage computed anything. */
  readonly wallTime: Picture | undefined;
  /** Seconds of computing in all. */
  readonly wallSeconds: number;
  /** Episodes shown in full. */
  readonly episodes: readonly PickedTranscript[];
  /** The run the page belongs to. */
  readonly run: RunSummary;
  /** What ran it: `{ deno: "2.9.6" }`. */
  readonly versions: Readonly<Record<string, string>>;
}

/** The page's HTML. Every text that comes from a workflow or an environment is escaped. */
export async function reportPage(content: ReportContent): Promise<string> {
  const page = await html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'"
        >
        <title>${content.title}</title>
        <style>${raw(reportStyle())}</style>
      </head>
      <body>
        <main>
            ${opening(content)}
            <section aria-label="Results">
              ${resultsTable(content.methods)}
            </section>
            <section>
              <h2>Success rate</h2>
              ${figure(
                content.success,
                `Dots: pooled rate; whiskers: 95% Wilson score interval.${
                  content.methods.some((one) => one.seeds > 1) ? " Open circles: each seed." : ""
                }`,
              )}
            </section>
            ${curveSection(content.curves)} ${episodeSection(content.episodes)}
            ${content.wallTime && html`<section><h2>Wall time</h2>
          ${
              figure(
                content.wallTime,
                timeCaption(content.run.stages, content.wallSeconds),
              )
            }</section>`}
            ${colophon(content)}
          </main>
      </body>
    </html>
  `;
  // Indentation of the template is for whoever edits it; <pre> texts carry none of it.
  return String(page).replace(/^ +(?=<)/gm, "");
}

function opening({ title, methods, run }: ReportContent): Markup {
  const paragraphs = findings(methods).map((text) => html`<p class="lead">${text}</p>`);
  return html`
    <header>
      <h1>${title}</h1>
      <p
        class="byline">${run.workflow} · ${places(methods)} · seed ${run
          .seed} · ${run.startedAt.slice(0, 10)}</p>
    </header>
      ${paragraphs}
  `;
}

function figure(picture: Picture, caption: string): Markup {
  return html`<figure>${
    raw(picture.svg)
  }<figcaption>${caption} <a href="${picture.name}.svg">SVG</a></figcaption></figure>`;
}

function curveSection(curves: ReportContent["curves"]): Markup | string {
  if (curves.length === 0) return "";
  const draw = ({ chart, picture }: ReportContent["curves"][number]) =>
    figure(picture, curvesCaption(chart));
  const primary = curves.filter((one) => one.chart.primary);
  const further = curves.filter((one) => !one.chart.primary);
  return html`<section>
    <h2>Learning curves</h2>
    ${primary.map(draw)}
    ${
    further.length === 0 ? "" : html`<details>
      <summary>Further metrics (${further.length})</summary>
      ${further.map(draw)}
    </details>`
  }
  </section>`;
}

function episodeSection(
  episodes: readonly PickedTranscript[],
): Markup | string {
  if (episodes.length === 0) return "";
  return html`<section>
    <h2>Whole episodes</h2>
    <p>Each step as the policy read it, its reflection <mark>in colour</mark>, then the action it took and the reward.</p>
    ${episodes.map((one, index) => episode(one, index === 0))}
  </section>`;
}

function colophon({ run, versions, curves, wallTime }: ReportContent): Markup {
  const pictures = [
    "success-rate",
    ...curves.map((one) => one.picture.name),
    ...(wallTime ? [wallTime.name] : []),
  ];
  const entry = (name: string, value: string | Markup | Markup[]) =>
    html`
      <dt>${name}</dt>
      <dd>${value}</dd>
    `;
  const listed = (record: Readonly<Record<string, string>>) =>
    Object.entries(record).map(([key, value]) => `${key} ${value}`).join(" · ");
  return html`
    <footer>
      <dl>
        ${entry("Run", run.id)} ${entry("Workflow", run.file)}
        ${entry("Seed", String(run.seed))} ${entry("Started", run.startedAt)}
        ${entry("Device", listed(run.device) || "none needed")}
        ${entry("Versions", listed(versions) || "not recorded")}
        ${entry("Numbers", html`<a href="report.json">report.json</a>`)}
        ${entry(
          "Pictures",
          pictures.map((name) =>
            html`
              <a href="${name}.svg">${name}.svg</a>
            `
          ),
        )}
      </dl>
    </footer>
  `;
}
