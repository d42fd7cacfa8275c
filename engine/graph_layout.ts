/**
 * Places a workflow's stages for a drawing: columns from left to right, each stage right of all it
 * needs, rows in an order with few crossings.
 * @module
 */
import { nodeNote, type StageEdge, type StageGraph, type StageNode } from "./stage_graph.ts";

/** A stage's box, in CSS pixels. */
export interface Box {
  /** The stage. */
  readonly node: StageNode;
  /** Left edge. */
  readonly x: number;
  /** Upper edge. */
  readonly y: number;
  /** Width; the same for all boxes of a column. */
  readonly width: number;
}

/** An edge's way: where it leaves, the columns it passes, where it arrives. */
export interface Route {
  /** The edge. */
  readonly edge: StageEdge;
  /** Pairs of points between which it is drawn straight or curved, by turns. */
  readonly points: readonly (readonly [number, number])[];
}

/** A drawing's parts. */
export interface Layout {
  /** Width in CSS pixels. */
  readonly width: number;
  /** Height in CSS pixels. */
  readonly height: number;
  /** The stages. */
  readonly boxes: readonly Box[];
  /** The edges. */
  readonly routes: readonly Route[];
}

/** Height of a box. */
export const BOX_HEIGHT = 46;
const ROW = 66;
/** Height of what an edge takes where it passes a column. */
const PASS = 24;
const GAP = 90;
const MARGIN = 16;
const CHARACTER = 7.4;

/** What stands in a column: a stage, or an edge that passes it. */
interface Slot {
  readonly node: StageNode | undefined;
  readonly before: Slot[];
  readonly after: Slot[];
  y: number;
}

/** Places a graph. The same graph gives the same drawing. */
export function layOut(graph: StageGraph): Layout {
  const columns: Slot[][] = [];
  const slots = new Map<string, Slot>();
  const columnOf = new Map<string, number>();
  for (const node of graph.nodes) {
    const needed = graph.edges.filter(({ to }) => to === node.name);
    const column = Math.max(0, ...needed.map(({ from }) => (columnOf.get(from) ?? 0) + 1));
    columnOf.set(node.name, column);
    const slot: Slot = { node, before: [], after: [], y: 0 };
    slots.set(node.name, slot);
    (columns[column] ??= []).push(slot);
  }
  const ways = graph.edges.map((edge) => ({ edge, way: connect(edge, slots, columnOf, columns) }));
  for (let sweep = 0; sweep < 8; sweep++) {
    const order = sweep % 2 === 0 ? columns : columns.toReversed();
    for (const column of order) sortColumn(column, sweep % 2 === 0 ? "before" : "after");
  }
  const height = placeRows(columns);
  return placeColumns(columns, ways, height);
}

/** The slots an edge goes through, new ones for the columns between its ends. */
function connect(
  { from, to }: StageEdge,
  slots: ReadonlyMap<string, Slot>,
  columnOf: ReadonlyMap<string, number>,
  columns: Slot[][],
): Slot[] {
  const ends = [slots.get(from), slots.get(to)].filter((slot) => slot !== undefined);
  const [first, last] = [columnOf.get(from) ?? 0, columnOf.get(to) ?? 0];
  const between = columns.slice(first + 1, last).map((column) => {
    const slot: Slot = { node: undefined, before: [], after: [], y: 0 };
    column.push(slot);
    return slot;
  });
  const way = [...ends.slice(0, 1), ...between, ...ends.slice(1)];
  way.slice(1).forEach((slot, index) => {
    const previous = way[index];
    if (previous === undefined) return;
    previous.after.push(slot);
    slot.before.push(previous);
  });
  return way;
}

/** Each slot by the middle of its neighbours on one side; those without keep their place. */
function sortColumn(column: Slot[], side: "before" | "after"): void {
  const middle = new Map(column.map((slot, index) => {
    const neighbours = slot[side];
    const sum = neighbours.reduce((total, { y }) => total + y, 0);
    return [slot, neighbours.length === 0 ? index : sum / neighbours.length];
  }));
  column.sort((a, b) => (middle.get(a) ?? 0) - (middle.get(b) ?? 0));
  column.forEach((slot, index) => slot.y = index);
}

function heightOf({ node }: Slot): number {
  return node === undefined ? PASS : ROW;
}

/** Gives every slot the height of its middle, columns centred; returns the height of all. */
function placeRows(columns: readonly Slot[][]): number {
  const heights = columns.map((column) => column.reduce((sum, slot) => sum + heightOf(slot), 0));
  const highest = Math.max(0, ...heights);
  columns.forEach((column, index) => {
    let y = MARGIN + (highest - (heights[index] ?? 0)) / 2;
    for (const slot of column) {
      slot.y = y + heightOf(slot) / 2;
      y += heightOf(slot);
    }
  });
  return highest + 2 * MARGIN;
}

function placeColumns(
  columns: readonly Slot[][],
  ways: readonly { edge: StageEdge; way: readonly Slot[] }[],
  height: number,
): Layout {
  const boxes: Box[] = [];
  const sides = new Map<Slot, { left: number; right: number }>();
  let x = MARGIN;
  for (const column of columns) {
    const texts = column.flatMap(({ node }) => node ? [node.name, nodeNote(node)] : []);
    const width = Math.ceil(Math.max(80, ...texts.map(({ length }) => length * CHARACTER + 24)));
    for (const slot of column) {
      sides.set(slot, { left: x, right: x + width });
      if (slot.node) boxes.push({ node: slot.node, x, y: slot.y - BOX_HEIGHT / 2, width });
    }
    x += width + GAP;
  }
  const routes = ways.map(({ edge, way }) => {
    const points = way.flatMap((slot) => {
      const { left, right } = sides.get(slot) ?? { left: 0, right: 0 };
      return [[left, slot.y], [right, slot.y]] as const;
    });
    return { edge, points: points.slice(1, -1) };
  });
  return { width: x - GAP + MARGIN, height, boxes, routes };
}
