/**
 * A workflow's graph as Mermaid text, which GitHub and many editors draw.
 * @module
 */
import { nodeNote, type StageGraph } from "./stage_graph.ts";

/** The graph; dotted arrows are `needs` without data, dashed boxes are skipped by their `if`. */
export function mermaid({ nodes, edges }: StageGraph): string {
  // Names such as "end" mean something to Mermaid, so nodes are numbered.
  const ids = new Map(nodes.map(({ name }, index) => [name, `s${index}`]));
  const boxes = nodes.map((node) =>
    `  ${ids.get(node.name)}["${quote(node.name)}<br/>${quote(nodeNote(node))}"]`
  );
  const arrows = edges.map(({ from, to, outputs }) => {
    const arrow = outputs.length === 0 ? "-.->" : `-->|"${quote(outputs.join(", "))}"|`;
    return `  ${ids.get(from)} ${arrow} ${ids.get(to)}`;
  });
  const skipped = nodes.filter(({ instances }) => instances === 0)
    .map(({ name }) => `  style ${ids.get(name)} stroke-dasharray: 4`);
  return `${["flowchart LR", ...boxes, ...arrows, ...skipped].join("\n")}\n`;
}

function quote(text: string): string {
  return text.replaceAll("&", "#amp;").replaceAll('"', "#quot;").replaceAll("<", "#lt;");
}
