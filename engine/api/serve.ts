/**
 * Serves the status API and the dashboard.
 * @module
 */
import { createApp } from "./app.ts";
import { isLoopback } from "./guard.ts";

/** How to serve. */
export interface ServeOptions {
  /** Address to bind; default 127.0.0.1, which only this machine reaches. */
  readonly host?: string;
  /** Default 8000; 0 takes any free port. */
  readonly port?: number;
  /** Folder of the runs; may not exist yet. */
  readonly runsFolder: string;
  /** Aborting it ends the service, open event streams included. */
  readonly signal?: AbortSignal;
  /** Told the URL once the service listens; prints it by default. */
  readonly onListen?: (url: string) => void;
}

/** The service cannot listen there; the message says what to do. */
export class ServeError extends Error {
  /** The class's name, for messages. */
  override readonly name = "ServeError";
}

/**
 * Serves until the signal aborts.
 *
 * @throws ServeError where the address is taken, may not be bound or is none of this machine's.
 */
export async function serve(options: ServeOptions): Promise<void> {
  const { host = "127.0.0.1", port = 8000, runsFolder } = options;
  const app = createApp({ runsFolder, loopback: isLoopback(host) });
  const server = listen(
    () =>
      Deno.serve({
        hostname: host,
        port,
        ...(options.signal ? { signal: options.signal } : {}),
        onListen: ({ port }) => announce(options, urlOf(host, port)),
      }, app.fetch),
    host,
    port,
  );
  await server.finished;
}

function listen<T>(start: () => T, host: string, port: number): T {
  try {
    return start();
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      throw new ServeError(
        `port ${port} on ${host} is in use, perhaps by another \`deno task serve\`. Choose another one: deno task serve --port ${
          port + 1
        }`,
        { cause: error },
      );
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new ServeError(
        `port ${port} on ${host} may not be bound: ports below 1024 belong to root. Choose another one: deno task serve --port 8000`,
        { cause: error },
      );
    }
    if (error instanceof Deno.errors.AddrNotAvailable) {
      throw new ServeError(
        `${host} is not an address of this machine. Use --host 127.0.0.1, or --host 0.0.0.0 for all of its addresses.`,
        { cause: error },
      );
    }
    throw error;
  }
}

function urlOf(host: string, port: number): string {
  const shown = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${shown.includes(":") ? `[${shown}]` : shown}:${port}/`;
}

function announce({ onListen, runsFolder }: ServeOptions, url: string): void {
  if (onListen !== undefined) onListen(url);
  else console.log(`Runs of ${runsFolder}: ${url}`);
}
