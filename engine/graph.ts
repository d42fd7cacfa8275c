/**
 * Order among stages.
 * @module
 */

/** What needs what: name → names. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** Names, each behind those it needs, otherwise in the graph's own order; or the first circle, closed. */
export function topologicalOrder(
  graph: Graph,
): { order: string[] } | { circle: string[] } {
  const done = new Set<string>();
  for (const start of graph.keys()) {
    // What is being looked at, each needed by the one before it; no recursion: chains may be long.
    const open = new Map([[start, needsOf(graph, start)]]);
    const path = [start];
    for (let name = path.at(-1); name !== undefined; name = path.at(-1)) {
      const needed = done.has(name) ? undefined : open.get(name)?.next();
      if (needed === undefined || needed.done) {
        done.add(name);
        open.delete(name);
        path.pop();
      } else if (open.has(needed.value)) {
        return { circle: [...path.slice(path.indexOf(needed.value)), needed.value] };
      } else if (!done.has(needed.value)) {
        path.push(needed.value);
        open.set(needed.value, needsOf(graph, needed.value));
      }
    }
  }
  return { order: [...done] };
}

function needsOf(graph: Graph, name: string): Iterator<string> {
  return (graph.get(name) ?? new Set<string>()).values();
}

/** The names and everything they need, near and far. */
export function withNeeds(
  graph: Graph,
  names: Iterable<string>,
): Set<string> {
  const all = new Set<string>();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (all.has(name)) continue;
    all.add(name);
    open.push(...graph.get(name) ?? []);
  }
  return all;
}
