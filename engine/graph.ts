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
  const order: string[] = [];
  const done = new Set<string>();
  const open: string[] = [];
  const visit = (name: string): string[] | undefined => {
    if (done.has(name)) return undefined;
    if (open.includes(name)) return [...open.slice(open.indexOf(name)), name];
    open.push(name);
    for (const needed of graph.get(name) ?? []) {
      const circle = visit(needed);
      if (circle !== undefined) return circle;
    }
    open.pop();
    done.add(name);
    order.push(name);
    return undefined;
  };
  for (const name of graph.keys()) {
    const circle = visit(name);
    if (circle !== undefined) return { circle };
  }
  return { order };
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
