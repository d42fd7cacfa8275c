/**
 * The results table.
 * @module
 */
import { html } from "hono/html";
import { tableCaption } from "./captions.ts";
import type { Markup } from "./episode.ts";
import type { PooledMethod } from "./pool.ts";
import { percent, percentRange, place, signed } from "./words.ts";

/** One row a method; environment, task and starts have columns only where they differ. */
export function resultsTable(methods: readonly PooledMethod[]): Markup {
  const differ = (value: (one: PooledMethod) => string) => new Set(methods.map(value)).size > 1;
  const columns = [
    ...(differ(place) ? [["Environment", "env"], ["Task", "task"]] as const : []),
    ...(differ(({ split }) => split) ? [["Starts", "split"]] as const : []),
  ];
  const where = (one: PooledMethod) =>
    columns.map(([, key]) =>
      html`
        <td class="word">${one[key]}</td>
      `
    );
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
          <tr><th class="word">Method</th>${columns.map(([head]) =>
            html`
              <th class="word">${head}</th>
            `
          )}<th>Seeds</th><th>Episodes</th><th>Successes</th><th>Success rate</th><th>95% CI (%)</th><th>Mean return</th><th>Mean steps</th></tr>
        </thead>
        <tbody>${methods.map(row)}</tbody>
      </table>
    </div>
  `;
}
