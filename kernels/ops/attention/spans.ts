/**
 * Which rows attend to which: sequences packed without padding, sequences that share a prefix, and
 * single queries against a cache.
 * @module
 */
import { requireShape } from "../../errors.ts";
import { MAX_ITERATIONS } from "../../kernel.ts";

/** A run of consecutive rows, each of which attends to the run's rows up to itself. */
export interface Span {
  /** Row of the first query. */
  readonly row: number;
  /** Queries: this row and those after it. */
  readonly queries: number;
  /** First row of the sequence: a query attends to all rows from here to itself. */
  readonly first: number;
  /** Rows that all queries attend to besides: from `first` to below `end`. */
  readonly prefix?: { readonly first: number; readonly end: number };
}

/** The spans of sequences packed one after another, every row a query. */
export function packedSpans(lengths: readonly number[]): Span[] {
  let row = 0;
  return lengths.map((queries) => {
    const span = { row, queries, first: row };
    row += queries;
    return span;
  });
}

/**
 * The spans of sequences that begin alike: the common prefix stands once, the rests follow one after
 * another. `start` is the prefix's first row.
 */
export function sharedPrefixSpans(
  prefix: number,
  rests: readonly number[],
  start = 0,
): Span[] {
  const end = start + prefix;
  let row = end;
  return [
    { row: start, queries: prefix, first: start },
    ...rests.map((queries) => {
      const span = { row, queries, first: row, prefix: { first: start, end } };
      row += queries;
      return span;
    }),
  ];
}

/** Number of u32 a block takes in {@linkcode blocksOf}'s table. */
export const BLOCK_WORDS = 8;

/**
 * The spans cut into blocks of at most `size` queries. A block is row, queries, first row, end of the
 * rows whose queries look at its rows; first and end of the prefix, number of its first query, 0.
 * Throws a ShapeError for a query that attends to more rows than a kernel's loop may take turns.
 */
export function blocksOf(spans: readonly Span[], size: number): Uint32Array<ArrayBuffer> {
  const words: number[] = [];
  let query = 0;
  for (const span of spans) {
    const { first: prefixFirst, end: prefixEnd } = span.prefix ?? { first: 0, end: 0 };
    const end = span.row + span.queries;
    requireShape(
      prefixEnd - prefixFirst + end - span.first <= MAX_ITERATIONS,
      `attention: a sequence of ${
        prefixEnd - prefixFirst + end - span.first
      } rows is longer than ` +
        `${MAX_ITERATIONS}`,
    );
    const seenUntil = lookersEnd(spans, span);
    for (let row = span.row; row < end; row += size) {
      const queries = Math.min(size, end - row);
      words.push(row, queries, span.first, seenUntil, prefixFirst, prefixEnd, query, 0);
      query += queries;
    }
  }
  return Uint32Array.from(words);
}

/** Where the rows end whose queries look at a span's rows: its own, or those it is a prefix of. */
export function lookersEnd(spans: readonly Span[], span: Span): number {
  let end = span.row + span.queries;
  for (const { row, queries, prefix } of spans) {
    if (prefix?.first === span.row && row === end) end += queries;
  }
  return end;
}

/** Throws a ShapeError where spans do not cover all rows in order, which the way back needs. */
export function requirePacked(spans: readonly Span[], rows: number): void {
  let next = 0;
  for (const { row, queries, first, prefix } of spans) {
    const owner = prefix === undefined ? undefined : spans.find((span) => {
      return span.row === prefix.first && span.row + span.queries === prefix.end &&
        span.prefix === undefined;
    });
    requireShape(
      row === next && first === row && (prefix === undefined) === (owner === undefined),
      `attention: backward needs every row as a query, in order, and prefixes that are spans; ` +
        `the span at row ${row} is not`,
    );
    next += queries;
  }
  requireShape(
    next === rows,
    `attention: backward needs every row as a query, got ${next} of ${rows}`,
  );
  for (const span of spans) {
    const users = spans.filter(({ prefix }) => prefix?.first === span.row);
    const rests = users.reduce((sum, { queries }) => sum + queries, 0);
    requireShape(
      lookersEnd(spans, span) === span.row + span.queries + rests,
      `attention: backward needs the spans that share the prefix at row ${span.row} to follow it`,
    );
  }
}
