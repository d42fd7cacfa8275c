/**
 * The results table.
 * @module
 */
import { html } from "hono/html";
import { tableCaption } from "./captions.ts";
import type { Markup } from "./episode.ts";
import type { PooledMethod } from "./pool.ts";
import { percent, percentRange, place, signed } from "./words.ts";

/** One row a method; environment and task have columns only where they differ. */
export function resultsTable(methods: readonly PooledMethod[]): Markup {
  const several = new Set(methods.map(place)).size >
    1;
  const where = (one: PooledMethod) =>
    several
      ? html`
        <td class="word">${one.env}</td>
        <td class="word">${one.task}</td>
      `
      : "";
  const row = (one: PooledMethod) =>
    html`
      <tr><td class="word">${one.name}</td>${where(one)}<td>${one
        .seeds}</td><td>${one.episodes}</td><td>${one
        .successes}</td><td>${percent(one.successRate)}</td><td>${percentRange(
          one.ci95,
        )}</td><td>${signed(one.meanReturn, 2)}</td><td>${one.meanSteps.toFixed(
          1,
        )}</td></tr>
    `;
  return html`
    <div class="scroll">
      <table>
        <caption>${tableCaption(methods)}</caption>
        <thead>
          <tr><th class="word">Method</th>${several
            ? html`
              <th class="word">Environment</th>
              <th class="word">Task</th>
            `
            : ""}<th>Seeds</th><th>Episodes</th><th>Successes</th><th>Success rate</th><th>95% CI (%)</th><th>Mean return</th><th>Mean steps</th></tr>
        </thead>
        <tbody>${methods.map(row)}</tbody>
      </table>
    </div>
  `;
}
