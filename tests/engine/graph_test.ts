import { loadWorkflow } from "../../engine/engine.ts";
import { BOX_HEIGHT, layOut } from "../../engine/graph_layout.ts";
import { graphSvg } from "../../engine/graph_svg.ts";
import { mermaid } from "../../engine/mermaid.ts";
import { type StageGraph, stageGraph } from "../../engine/stage_graph.ts";
import { assert, assertEquals, assertLess, assertStringIncludes } from "../../std/assert.ts";
import { stages } from "./modules.ts";
import { Workspace } from "./workspace.ts";

const FLOW = `
vars: { full: false }
stages:
  data: { uses: make, with: { size: 1 } }
  model:
    uses: train
    matrix: { seed: [1, 2, 3] }
    if: matrix.seed < 3
    with: { dataset: "\${{ stages.data.outputs.data }}" }
  end:
    uses: play
    needs: [off, data]
    with: { env: taxi, models: ["\${{ stages.model.outputs.model }}", weights] }
  off: { uses: make, if: vars.full, with: { size: 1 } }
`;

async function load(): Promise<StageGraph> {
  await using work = await Workspace.with(FLOW);
  await work.write("weights", "x");
  return stageGraph(await loadWorkflow(work.file, { stages }));
}

Deno.test("a graph has one node a stage, and edges with the outputs that are read", async () => {
  assertEquals(await load(), {
    nodes: [
      { name: "data", uses: "make", instances: 1, combinations: 1 },
      { name: "model", uses: "train", instances: 2, combinations: 3 },
      { name: "off", uses: "make", instances: 0, combinations: 1 },
      { name: "end", uses: "play", instances: 1, combinations: 1 },
    ],
    edges: [
      { from: "data", to: "model", outputs: ["data"] },
      { from: "off", to: "end", outputs: [] },
      { from: "data", to: "end", outputs: [] },
      { from: "model", to: "end", outputs: ["model"] },
    ],
  });
});

Deno.test("Mermaid has boxes, arrows with outputs, dotted ones for needs, dashed boxes for what is skipped", async () => {
  assertEquals(
    mermaid(await load()),
    `flowchart LR
  s0["data<br/>uses make"]
  s1["model<br/>uses train, 2 of 3 instances"]
  s2["off<br/>uses make, skipped"]
  s3["end<br/>uses play"]
  s0 -->|"data"| s1
  s2 -.-> s3
  s0 -.-> s3
  s1 -->|"model"| s3
  style s2 stroke-dasharray: 4
`,
  );
});

/** `count` stages, each of which needs up to three of those before it. */
function graphOf(count: number): StageGraph {
  const nodes = Array.from({ length: count }, (_, index) => ({
    name: `stage-${index}`,
    uses: index % 3 === 0 ? "a-longer-name-of-a-module" : "sft",
    instances: 1,
    combinations: 1,
  }));
  const edges = nodes.flatMap(({ name }, to) =>
    [...new Set([to >> 1, to - 3, (to * 7) % (to + 1)])].filter((from) => from >= 0 && from < to)
      .map((from) => ({ from: `stage-${from}`, to: name, outputs: from % 2 ? ["model"] : [] }))
  );
  return { nodes, edges };
}

Deno.test("in a drawing no boxes overlap, lines go from left to right and pass no box", () => {
  for (const count of [1, 2, 9, 24]) {
    const graph = graphOf(count);
    const { boxes, routes, width, height } = layOut(graph);
    assertEquals(boxes.length, count);
    assertEquals(routes.length, graph.edges.length);
    for (const [index, box] of boxes.entries()) {
      assert(box.x >= 0 && box.x + box.width <= width && box.y >= 0);
      assert(box.y + BOX_HEIGHT <= height);
      for (const other of boxes.slice(index + 1)) {
        const apart = other.x >= box.x + box.width || box.x >= other.x + other.width ||
          Math.abs(other.y - box.y) > BOX_HEIGHT;
        assert(apart, `${box.node.name} and ${other.node.name} overlap`);
      }
    }
    for (const { points } of routes) {
      for (const [index, [x, y]] of points.entries()) {
        const next = points[index + 1];
        if (next === undefined) continue;
        assertLess(x, next[0]);
        // Curved parts lie between columns, straight parts lead through one.
        for (const box of boxes) {
          const isBeside = box.x + box.width <= x || box.x >= next[0];
          if (index % 2 === 0) assert(isBeside, `a curve crosses the column of ${box.node.name}`);
          if (index % 2 === 0) continue;
          const passes = box.x < next[0] && box.x + box.width > x && y > box.y &&
            y < box.y + BOX_HEIGHT;
          assert(!passes, `a line passes ${box.node.name}`);
        }
      }
    }
  }
});

Deno.test("a drawing shows names, notes and outputs, escaped", async () => {
  const svg = graphSvg("a <b>", await load());
  assertStringIncludes(svg, "<title>a &lt;b&gt;</title>");
  assertStringIncludes(svg, ">uses train, 2 of 3 instances</text>");
  assertEquals(svg.match(/<rect /g)?.length, 4);
  assertEquals(svg.match(/ class="skipped"/g)?.length, 1);
  assertEquals(svg.match(/marker-end=/g)?.length, 4);
  assertEquals(svg.match(/ class="needs"/g)?.length, 2);
  assertEquals(svg.match(/ class="label"/g)?.length, 2);
  assert(!svg.includes("NaN") && !svg.includes("undefined"));
});
