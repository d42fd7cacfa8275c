/**
 * What ALFWorld calls its objects: "mug 2" instead of an id with coordinates.
 * @module
 */
import type { Problem } from "../textworld/pddl.ts";

const COORDINATES = "_bar_";

/**
 * Names of all objects that facts speak of. Those of one kind are numbered in the reverse order of their ids;
 * one without coordinates is called by its id and a space.
 */
export function alfworldNames({ init }: Problem): Map<string, string> {
  const ids = [...new Set(init.flatMap(({ terms }) => terms))].sort();
  const kinds = new Map<string, string[]>();
  const names = new Map<string, string>();
  for (const id of ids) {
    const end = id.indexOf(COORDINATES);
    if (end < 0) {
      names.set(id, `${id} `);
      continue;
    }
    const kind = id.slice(0, end) + (id.includes("basin") ? "basin" : "");
    kinds.set(kind, [...kinds.get(kind) ?? [], id]);
  }
  for (const [kind, members] of kinds) {
    members.forEach((id, i) => names.set(id, `${kind} ${members.length - i}`));
  }
  return names;
}
