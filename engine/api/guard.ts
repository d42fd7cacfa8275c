/**
 * What every answer of the API has in common: headers, refused hosts and methods, errors as JSON.
 * @module
 */
import type { Context, MiddlewareHandler } from "hono";

/** An answer other than success. */
export class ApiError extends Error {
  /** Creates one. */
  constructor(
    /** HTTP status. */
    readonly status: 400 | 403 | 404 | 405 | 421 | 500,
    /** A word for programs: `run-not-found`. */
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** `{ "error": { "code", "message" } }` */
export function errorResponse(context: Context, error: ApiError): Response {
  const { code, message } = error;
  return context.json({ error: { code, message } }, error.status);
}

/** Nothing may be loaded, framed or sniffed but what the pages bring along. */
export function securityHeaders(scriptHash: string): MiddlewareHandler {
  const policy = [
    "default-src 'none'",
    `script-src '${scriptHash}'`,
    "style-src 'unsafe-inline'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  return async (context, next) => {
    await next();
    const { headers } = context.res;
    headers.set("content-security-policy", policy);
    headers.set("x-content-type-options", "nosniff");
    headers.set("x-frame-options", "DENY");
    headers.set("referrer-policy", "no-referrer");
    headers.set("cross-origin-resource-policy", "same-origin");
    if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
  };
}

/** The service only tells: there is nothing to write. */
export function readOnly(): MiddlewareHandler {
  return async (context, next) => {
    if (context.req.method === "GET" || context.req.method === "HEAD") {
      await next();
      return;
    }
    context.header("allow", "GET, HEAD");
    return errorResponse(
      context,
      new ApiError(
        405,
        "method-not-allowed",
        `expected GET, got ${context.req.method}: this service only reads`,
      ),
    );
  };
}

/** Names that no DNS server can claim. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i;

/**
 * Refuses requests that name another host: a page on the web could have its own name resolve to
 * 127.0.0.1 and then read what is served here (DNS rebinding).
 */
export function loopbackOnly(): MiddlewareHandler {
  return async (context, next) => {
    const named = context.req.header("host") ??
      new URL(context.req.url).host;
    if (LOOPBACK.test(named.replace(/(?<=[^:]):\d+$/, ""))) {
      await next();
      return;
    }
    return errorResponse(
      context,
      new ApiError(
        421,
        "unknown-host",
        `expected a request to localhost, 127.0.0.1 or [::1], got one to ${
          JSON.stringify(named)
        }. To serve other machines, start with --host 0.0.0.0.`,
      ),
    );
  };
}

/** Whether only this machine can reach a server bound to that address. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}
