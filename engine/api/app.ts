/**
 * The status API and the dashboard over one folder of runs. Reads what runs left on disk, so it
 * sees runs of other processes, live ones included, and never disturbs them.
 *
 * | path | answer |
 * |---|---|
 * | `/healthz` | `{ "status": "ok" }` |
 * | `/api/runs` | `{ "runs": [RunSummary] }`, newest first |
 * | `/api/runs/{id}` | {@linkcode RunSummary} |
 * | `/api/runs/{id}/metrics?stage=` | `{ "stages": [{ "stage", "points": [{ "step", "values" }] }] }` |
 * | `/api/runs/{id}/events?after=` | Server-Sent Events: `events.jsonl` so far, then live |
 * | `/runs/{id}/report/*` | files of the run's report |
 * | `/`, `/runs/{id}` | pages for people |
 *
 * `{id}` may be `latest`. Errors are `{ "error": { "code", "message" } }`.
 * @module
 */
import { join } from "node:path";
import { type Context, Hono } from "hono";
import { listRuns, readMetrics, readRun, RunNotFoundError, type StageMetrics } from "../history.ts";
import { runFiles } from "../layout.ts";
import { isNamed } from "../selection.ts";
import type { RunSummary } from "../summary.ts";
import { eventStream } from "./event_stream.ts";
import { ApiError, errorResponse, loopbackOnly, readOnly, securityHeaders } from "./guard.ts";
import { runPage, runsPage } from "./pages.ts";
import { openReportFile } from "./report_files.ts";
import { dashboardScriptHash } from "./script.ts";

/** What the service shows, and to whom. */
export interface AppOptions {
  /** Folder of the runs; may not exist yet. */
  readonly runsFolder: string;
  /**
   * Whether only requests to a loopback name are answered; default true. False only where other
   * machines are meant to reach it.
   */
  readonly loopback?: boolean;
  /** Milliseconds between looks at the events of a live run; default 200. */
  readonly eventInterval?: number;
  /** Milliseconds of silence between comments that keep event streams alive; default 15000. */
  readonly heartbeat?: number;
}

/** The service, ready for `Deno.serve(app.fetch)` or `app.request(path)`. */
export function createApp(options: AppOptions): Hono {
  const app = new Hono();
  app.use(securityHeaders(dashboardScriptHash));
  if (options.loopback ?? true) app.use(loopbackOnly());
  app.use(readOnly());
  app.onError((error, context) => errorResponse(context, asApiError(error)));
  app.notFound((context) => errorResponse(context, nothingAt(context)));

  // Browsers ask for it unbidden; there is none.
  app.get("/favicon.ico", (context) => context.body(null, 204));
  app.get("/healthz", (context) => context.json({ status: "ok" }));
  addApi(app, options);
  addPages(app, options);
  return app;
}

function addApi(app: Hono, options: AppOptions): void {
  const { runsFolder } = options;
  app.get("/api/runs", async (context) => {
    return context.json({ runs: await listRuns(runsFolder) });
  });
  app.get("/api/runs/:id", async (context) => {
    return context.json(await readRun(runsFolder, context.req.param("id")));
  });
  app.get("/api/runs/:id/metrics", async (context) => {
    const run = await readRun(runsFolder, context.req.param("id"));
    const stages = await readMetrics(runsFolder, run.id);
    const wanted = context.req.query("stage");
    return context.json({
      stages: wanted === undefined ? stages : ofStage(run, stages, wanted),
    });
  });
  app.get("/api/runs/:id/events", async (context) => {
    // The id rather than "latest", which may name another run a minute later.
    const { id } = await readRun(runsFolder, context.req.param("id"));
    return await eventStream({
      file: runFiles(runsFolder, id).events,
      lastEventId: context.req.header("last-event-id") ??
        context.req.query("after"),
      status: async () => (await readRun(runsFolder, id)).status,
      ...(options.eventInterval === undefined ? {} : { interval: options.eventInterval }),
      ...(options.heartbeat === undefined ? {} : { heartbeat: options.heartbeat }),
    });
  });
}

/** Metrics of one instance, or of all instances of a stage, those of a file it includes too. */
function ofStage(
  run: RunSummary,
  metrics: readonly StageMetrics[],
  wanted: string,
): StageMetrics[] {
  const instances = run.stages
    .filter((stage) => isNamed(stage.instance, stage.stage, wanted))
    .map((stage) => stage.instance);
  if (instances.length === 0) {
    throw new ApiError(
      404,
      "stage-not-found",
      `no stage "${wanted}" in run ${run.id}; it has ${
        run.stages.map((stage) => stage.instance).join(", ")
      }`,
    );
  }
  return metrics.filter((one) => instances.includes(one.stage));
}

function addPages(app: Hono, { runsFolder }: AppOptions): void {
  app.get("/", async (context) => {
    return context.html(runsPage(await listRuns(runsFolder), Date.now()));
  });
  app.get("/runs/:id", async (context) => {
    // Before the rest is read: what happens meanwhile is then told as an event.
    const run = await readRun(runsFolder, context.req.param("id"));
    const files = runFiles(runsFolder, run.id);
    const after = await sizeOf(files.events);
    const metrics = await readMetrics(runsFolder, run.id);
    return context.html(runPage({
      run,
      after,
      newest: new Map(metrics.flatMap(({ stage, points }) => {
        const last = points.at(-1);
        return last === undefined ? [] : [[stage, last]];
      })),
      hasReport: await sizeOf(join(files.folder, "report", "index.html")) > 0,
      now: Date.now(),
    }));
  });
  app.get("/runs/:id/report", (context) => {
    return context.redirect(`/runs/${context.req.param("id")}/report/`);
  });
  app.get("/runs/:id/report/*", async (context) => {
    const run = await readRun(runsFolder, context.req.param("id"));
    const folder = join(runFiles(runsFolder, run.id).folder, "report");
    return await openReportFile(folder, reportPath(context)) ??
      errorResponse(context, nothingAt(context));
  });
}

/** The part behind `/report/`, decoded once. */
function reportPath(context: Context): string {
  const path = new URL(context.req.url).pathname.split("/").slice(4).join("/");
  try {
    return decodeURIComponent(path);
  } catch {
    throw nothingAt(context);
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

function nothingAt(context: Context): ApiError {
  return new ApiError(
    404,
    "not-found",
    `nothing at ${context.req.path}; runs are listed at /api/runs`,
  );
}

function asApiError(error: Error): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof RunNotFoundError) {
    return new ApiError(404, "run-not-found", error.message);
  }
  // The log gets the details, the client does not: paths are nobody's business.
  console.error(error);
  return new ApiError(
    500,
    "internal-error",
    "reading the run failed; the server's log says why",
  );
}
