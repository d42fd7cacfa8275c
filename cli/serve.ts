/**
 * `deno task serve`: the status API and the dashboard.
 * @module
 */
import { serve, ServeError } from "../engine/api/serve.ts";
import { readArguments, UsageError } from "./arguments.ts";

const USAGE = `usage: deno task serve [--host 127.0.0.1] [--port 8000] [--runs runs]`;

/** Serves until Ctrl-C. Returns the exit code. */
export async function serveCommand(args: string[]): Promise<number> {
  const given = readArguments(args, {
    usage: USAGE,
    texts: ["host", "port", "runs"],
    positional: [0, 0],
  });
  if (given === undefined) return 0;
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => controller.abort());
  }
  try {
    await serve({
      host: given.text("host") ?? "127.0.0.1",
      port: readPort(given.text("port") ?? "8000"),
      runsFolder: given.text("runs") ?? "runs",
      signal: controller.signal,
    });
    return 0;
  } catch (error) {
    if (!(error instanceof ServeError)) throw error;
    throw new UsageError(error.message, { cause: error });
  }
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65535) return port;
  throw new UsageError(`--port: expected a number from 0 to 65535, got "${text}"`);
}
