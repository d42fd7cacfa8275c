/**
 * Rows of a table: embeddings, and their gradient without atomics.
 *
 * The indices are known on the processor, so rows that share a table entry are sorted together
 * there; each entry's gradient is then summed by one invocation, always in the same order.
 * @module
 */
import { requireShape } from "../errors.ts";
import { defineKernel, ELEMENTWISE, MAX_ITERATIONS } from "../kernel.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { defineRowKernel, resourcesOf, rowsOf } from "./row_source.ts";

const gatherKernel = defineKernel({
  label: "gather rows",
  bindings: { table: "read float4", indices: "read u32", y: "write float4" },
  parameters: { width: "u32", accumulate: "u32" },
  workgroupSize: ELEMENTWISE,
  body: `let row = index / p.width;
let column = index % p.width;
var value = vec4f(table[indices[row] * p.width + column]);
if (p.accumulate == 1u) { value += vec4f(y[index]); }
y[index] = y_t(value);`,
});

const scatterKernel = defineRowKernel({
  label: "scatter-add rows",
  rows: { dy: "p.width" }, // (M, C)
  bindings: {
    groups: "read vec4u", // (groups): table row, first and end position in `order`, 0
    order: "read u32", // (M): rows of dy, grouped by table row
    dTable: "write float4", // (R, C)
  },
  parameters: { width: "u32" },
  body: `let group = groups[index / p.width];
let column = index % p.width;
var total = vec4f(dTable[group.x * p.width + column]);
for (var i = group.y; i < group.z; i++) { total += dyAt(order[i], column); }
dTable[group.x * p.width + column] = dTable_t(total);`,
});

/** Rows grouped by the table entry they read; see the module's header. */
function groupRows(
  indices: Uint32Array,
): { groups: Uint32Array; order: Uint32Array } {
  const order = Uint32Array.from(indices, (_, row) => row)
    .sort((a, b) => indices[a]! - indices[b]! || a - b);
  const groups: number[] = [];
  for (let i = 0; i < order.length;) {
    const entry = indices[order[i]!]!;
    const first = i;
    while (i < order.length && indices[order[i]!] === entry) i++;
    requireShape(
      i - first <= MAX_ITERATIONS,
      `gather rows: row ${entry} is referenced ${i - first} times, more than the ` +
        `${MAX_ITERATIONS} whose gradients one invocation can sum; use smaller batches`,
    );
    groups.push(entry, first, i, 0);
  }
  return { groups: Uint32Array.from(groups), order };
}

function checkTable(table: Tensor, indices: Uint32Array | undefined): void {
  requireShape(
    table.columns % 4 === 0,
    `gather rows: the table (${table.shape}) needs a last extent that is a multiple of 4`,
  );
  for (const index of indices ?? []) {
    requireShape(
      index < table.rows,
      `gather rows: index ${index} is outside the table (${table.shape})`,
    );
  }
}

/**
 * `y (M, C) = table (R, C)[indices (M)]`, C a multiple of 4; with `addTo`, added to that tensor
 * instead, which is returned. Throws a ShapeError for an index outside the table.
 *
 * Indices the device itself computed (a tensor of u32) are taken as they are and carry no gradient.
 */
export function gatherRows(
  tape: Tape,
  table: Tensor,
  indices: Uint32Array | Tensor,
  addTo?: Tensor,
): Tensor {
  const known = indices instanceof Uint32Array ? indices : undefined;
  checkTable(table, known);
  const { stream } = tape.device;
  const width = table.columns / 4;
  const rows = known?.length ?? (indices as Tensor).size;
  const y = addTo ?? tape.result([rows, table.columns], table.requiresGradient);
  requireShape(
    y.size === rows * table.columns,
    `gather rows: (${y.shape}) cannot take ${rows} rows of (${table.shape})`,
  );
  requireShape(
    y.requiresGradient || !(table.requiresGradient && tape.gradients),
    `gather rows: the table (${table.shape}) would get no gradient, because the tensor ` +
      `(${y.shape}) its rows are added to requires none; swap the two`,
  );
  tape.changed(y);
  stream.dispatch(
    gatherKernel,
    {
      table,
      indices: indices instanceof Uint32Array ? tape.upload(indices) : indices,
      y,
    },
    { width, accumulate: addTo === undefined ? 0 : 1 },
    rows * width,
  );
  tape.record(y, (dy) => {
    const target = tape.target(table);
    if (target === undefined) return;
    if (target.accumulate === 0) stream.clear(target.gradient);
    requireShape(
      known !== undefined,
      "gather rows: backward needs indices the processor knows",
    );
    const { groups, order } = groupRows(known);
    const slopes = rowsOf(tape, { dy });
    stream.dispatch(
      scatterKernel(slopes),
      {
        ...resourcesOf(slopes),
        groups: tape.upload(groups),
        order: tape.upload(order),
        dTable: target.gradient,
      },
      { width },
      groups.length / 4 * width,
    );
  });
  return y;
}
