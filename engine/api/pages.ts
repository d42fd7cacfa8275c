/**
 * The dashboard: the list of runs, and one run as it goes. Rendered here, refreshed by a script of
 * a few lines.
 * @module
 */
import { html, raw } from "hono/html";
import type { MetricPoint } from "../history.ts";
import type { RunSummary, StageSummary } from "../summary.ts";
import { dashboardScript } from "./script.ts";
import { dashboardStyle } from "./style.ts";

type Markup = ReturnType<typeof html>;

/** Newest value of each metric, by stage instance. */
export type NewestMetrics = ReadonlyMap<string, MetricPoint>;

/** What the page of a run shows. */
export interface RunPageContent {
  /** The run. */
  readonly run: RunSummary;
  /** Newest metrics of its stages. */
  readonly newest: NewestMetrics;
  /** Whether its report can be opened. */
  readonly hasReport: boolean;
  /** Byte offset in `events.jsonl` from which the page wants to hear of events. */
  readonly after: number;
  /** Milliseconds since the epoch, for times of what still runs. */
  readonly now: number;
}

/** The list of runs, newest first. */
export function runsPage(runs: readonly RunSummary[], now: number): Markup {
  const row = (run: RunSummary) => {
    const over = run.stages.filter((stage) => isOver(stage)).length;
    return html`
      <tr>
        <td><a href="/runs/${run.id}">${run
          .workflow}</a><span class="uses">${run.id}</span></td>
        <td><span class="state ${run.status}">${run.status}</span></td>
        <td class="number">${over} of ${run.stages.length}</td>
        <td class="number">${run.seed}</td>
        <td class="soft">${clock(run.startedAt)}</td>
        <td class="number">${elapsed(run.startedAt, run.endedAt, now)}</td>
      </tr>
    `;
  };
  const table = html`
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Workflow</th>
            <th>Status</th>
            <th class="number">Stages</th>
            <th class="number">Seed</th>
            <th>Started (UTC)</th>
            <th class="number">Time</th>
          </tr>
        </thead>
        <tbody>${runs.map(row)}</tbody>
      </table>
    </div>
  `;
  const none = html`
    <p
      class="empty">No runs yet. Start one with <code>deno task workflow workflows/quickstart.yaml</code>; it appears here.</p>
  `;
  return page({
    title: "Runs",
    attributes: html`
      data-every="3000"
    `,
    body: html`<h1>Runs</h1><p class="facts" id="link">${runs.length} ${
      runs.length === 1 ? "run" : "runs"
    }</p>${runs.length === 0 ? none : table}`,
  });
}

/** One run: its stages with state, reason, progress, time and newest metrics. */
export function runPage(content: RunPageContent): Markup {
  const { run, hasReport, now } = content;
  const device = Object.values(run.device).join(", ");
  const report = hasReport
    ? html`
      · <a href="/runs/${run.id}/report/">report</a>
    `
    : "";
  const live = run.status === "running"
    ? html`
      data-events="/api/runs/${run.id}/events?after=${content.after}"
    `
    : html``;
  return page({
    title: `${run.workflow}: ${run.status}`,
    attributes: live,
    body: html`
      <p class="trail"><a href="/">Runs</a></p>
      <h1>${run.workflow}</h1>
      <p class="facts"
        id="link"><span class="state ${run.status}"><b>${run
          .status}</b></span> · ${elapsed(
            run.startedAt,
            run.endedAt,
            now,
          )} · started ${clock(run.startedAt)} UTC · seed ${run.seed} · ${run
          .file}${device && ` · ${device}`}${report}</p>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>Stage</th>
              <th>State</th>
              <th>Why</th>
              <th class="number">Time</th>
              <th>Newest metrics</th>
            </tr>
          </thead>
          <tbody>${run.stages.map((stage) => stageRow(stage, content.newest, now))}</tbody>
        </table>
      </div>
    `,
  });
}

function stageRow(
  stage: StageSummary,
  newest: NewestMetrics,
  now: number,
): Markup {
  const metrics = newest.get(stage.instance);
  const values = Object.entries(metrics?.values ?? {}).map(([name, value]) =>
    html`<span>${name} ${figures(value)}</span>`
  );
  return html`
    <tr>
      <td>${stage.instance}<span class="uses">${stage.uses}</span></td>
      <td><span class="state ${stage.state}">${stage.state}</span></td>
      <td class="soft">${stage.reason}${stage.state === "running"
        ? progressBar(stage.progress)
        : ""}</td>
      <td class="number">${stageTime(stage, now)}</td>
      <td class="metrics">${metrics ? html`<span>step ${metrics.step}</span>` : ""}${values}</td>
    </tr>
  `;
}

function progressBar(progress: StageSummary["progress"]): Markup {
  if (progress === null) return html`<progress></progress>`;
  const { done, total, unit } = progress;
  return html`
    <progress max="${total}" value="${done}"></progress><span
      class="uses">${done} of ${total} ${unit}</span>
  `;
}

function stageTime(stage: StageSummary, now: number): string {
  if (stage.state === "running" && stage.startedAt !== null) {
    return elapsed(stage.startedAt, null, now);
  }
  return stage.computeSeconds === null ? "" : span(stage.computeSeconds);
}

function isOver(stage: StageSummary): boolean {
  return stage.state !== "waiting" && stage.state !== "running";
}

function page(
  parts: { title: string; attributes: Markup; body: Markup },
): Markup {
  return html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>${parts.title} · reflect-rl</title>
        <style>${raw(dashboardStyle)}</style>
      </head>
      <body${parts.attributes}>
        <main>${parts.body}</main>
        <script>${raw(dashboardScript)}</script>
        </body>
        </html>
  `;
}

/** `2026-08-01 10:00:05` */
function clock(iso: string): string {
  return iso.slice(0, 19).replace("T", " ");
}

function elapsed(from: string, to: string | null, now: number): string {
  const end = to === null ? now : Date.parse(to);
  return span(Math.max(0, end - Date.parse(from)) / 1000);
}

/** `0.4 s`, `59 s`, `3:20`, `2:05:00` */
function span(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const pad = (value: number) => String(value).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes}:${pad(whole % 60)}`
    : `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(whole % 60)}`;
}

/** Four significant figures, with a real minus sign. */
function figures(value: number | null): string {
  return value === null ? "not finite" : String(Number(value.toPrecision(4))).replace("-", "−");
}
