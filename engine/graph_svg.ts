/**
 * A workflow's graph as a drawn SVG, a file of its own that follows the reader's light or dark theme.
 * @module
 */
import { type Box, BOX_HEIGHT, layOut, type Route } from "./graph_layout.ts";
import { nodeNote, type StageGraph } from "./stage_graph.ts";

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .note { font-size: 11px; fill: #59636e; }
  .label { font-size: 10px; fill: #59636e; text-anchor: middle; paint-order: stroke; stroke: #fff; stroke-width: 3px; }
  rect { fill: #f6f8fa; stroke: #59636e; }
  path { fill: none; stroke: #818b98; stroke-width: 1.3; }
  marker path { fill: #818b98; stroke: none; }
  .skipped, .needs { stroke-dasharray: 4 3; }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117; }
    text { fill: #f0f6fc; }
    .note { fill: #9198a1; }
    .label { fill: #9198a1; stroke: #0d1117; }
    rect { fill: #151b23; stroke: #9198a1; }
  }
`;

/** The drawing; dashed lines are `needs` without data, dashed boxes are skipped by their `if`. */
export function graphSvg(title: string, graph: StageGraph): string {
  const { width, height, boxes, routes } = layOut(graph);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escape(title)}</title>`,
    `<style>${STYLE}</style>`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>',
    ...routes.map(drawLine),
    ...boxes.map(drawBox),
    // Above the lines of others.
    ...routes.map(drawLabel),
    "</svg>\n",
  ].filter((part) => part !== "").join("\n");
}

function drawBox({ node, x, y, width }: Box): string {
  const skipped = node.instances === 0 ? ' class="skipped"' : "";
  return [
    `<g><rect x="${x}" y="${y}" width="${width}" height="${BOX_HEIGHT}" rx="6"${skipped}/>`,
    `<text x="${x + 12}" y="${y + 20}">${escape(node.name)}</text>`,
    `<text class="note" x="${x + 12}" y="${y + 36}">${escape(nodeNote(node))}</text></g>`,
  ].join("");
}

/** Curved between columns, straight through them. */
function drawLine({ edge, points }: Route): string {
  const [start, ...others] = points;
  if (start === undefined) return "";
  let [x, y] = start;
  const steps = others.map(([nextX, nextY], index) => {
    const middle = (x + nextX) / 2;
    const step = index % 2 === 0
      ? `C${middle} ${y} ${middle} ${nextY} ${nextX} ${nextY}`
      : `L${nextX} ${nextY}`;
    [x, y] = [nextX, nextY];
    return step;
  });
  const needs = edge.outputs.length === 0 ? ' class="needs"' : "";
  return `<path d="M${start[0]} ${start[1]} ${steps.join(" ")}" marker-end="url(#arrow)"${needs}/>`;
}

/** The outputs, where the line arrives: lines that leave together have their labels apart there. */
function drawLabel({ edge, points }: Route): string {
  const [from, to] = points.slice(-2);
  if (from === undefined || to === undefined || edge.outputs.length === 0) return "";
  const x = from[0] + (to[0] - from[0]) * 0.6;
  const y = from[1] + (to[1] - from[1]) * 0.65;
  return `<text class="label" x="${x}" y="${y + 3}">${escape(edge.outputs.join(", "))}</text>`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
