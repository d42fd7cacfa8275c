/**
 * Maps: the two that come with Gymnasium, a user's own, and random ones that can be solved.
 * @module
 */
import { Random } from "../../std/random.ts";
import { isEnd, type Lake, letterAt, neighbour } from "./dynamics.ts";

/** Most rows and columns of a map: what the teacher has words for, and a prompt has room for. */
export const LARGEST = 16;

/** Name of a map of Gymnasium's. */
export type MapName = "4x4" | "8x8";

const NAMED = {
  "4x4": ["SFFF", "FHFH", "FFFH", "HFFG"],
  "8x8": [
    "SFFFFFFF",
    "FFFFFFFF",
    "FFFHFFFF",
    "FFFFFHFF",
    "FFFHFFFF",
    "FHHFFFHF",
    "FHFFHFHF",
    "FFFHFFFG",
  ],
} satisfies Record<MapName, readonly string[]>;

/** The map of that name. */
export function namedLake(name: MapName): Lake {
  return lakeOf(NAMED[name]);
}

/** What is wrong with the rows of a map; undefined where nothing is. */
export function mapProblem(rows: readonly string[]): string | undefined {
  const width = rows[0]?.length ?? 0;
  if (rows.length < 1 || width < 1 || rows.length > LARGEST || width > LARGEST) {
    return `expected 1 to ${LARGEST} rows of 1 to ${LARGEST} cells, got ${rows.length} rows of ${width}`;
  }
  const uneven = rows.find((row) => row.length !== width);
  if (uneven !== undefined) {
    return `expected rows of ${width} cells like the first, got "${uneven}"`;
  }
  const strange = rows.find((row) => !/^[SFHG]+$/.test(row));
  if (strange !== undefined) {
    return `expected the letters S (start), F (frozen), H (hole) and G (goal), got "${strange}"`;
  }
  const count = (letter: string) => rows.join("").split(letter).length - 1;
  if (count("S") < 1 || count("G") !== 1) {
    return `expected one G and one S or more, got ${count("G")} G and ${count("S")} S`;
  }
  const lake = lakeOf(rows);
  const lost = startCells(lake).find((cell) => distancesTo(lake)[cell] === Infinity);
  return lost === undefined
    ? undefined
    : `expected a way around the holes from every S to the G, and there is none from cell ${lost}`;
}

/** A map from its rows. Throws a RangeError that says what is wrong with them. */
export function readLake(rows: readonly string[]): Lake {
  const problem = mapProblem(rows);
  if (problem !== undefined) throw new RangeError(`map: ${problem}`);
  return lakeOf(rows);
}

/** The cells marked `S`, in ascending order. */
export function startCells(lake: Lake): number[] {
  return cellsOf(lake).filter((cell) => letterAt(lake, cell) === "S");
}

/** Every cell, in ascending order. */
export function cellsOf(lake: Lake): number[] {
  return Array.from({ length: lake.height * lake.width }, (_, cell) => cell);
}

/** Fewest moves to the goal from each cell, around the holes; Infinity where there is no way, and in holes. */
export function distancesTo(lake: Lake): readonly number[] {
  const distances = cellsOf(lake).map((cell) => letterAt(lake, cell) === "G" ? 0 : Infinity);
  let frontier = cellsOf(lake).filter((cell) => distances[cell] === 0);
  for (let moves = 1; frontier.length > 0; moves++) {
    const reached = frontier.flatMap((cell) =>
      [0, 1, 2, 3].map((direction) => neighbour(lake, cell, direction))
    );
    frontier = [...new Set(reached)].filter((cell) => {
      return distances[cell] === Infinity && !isEnd(lake, cell);
    });
    for (const cell of frontier) distances[cell] = moves;
  }
  return distances;
}

/**
 * A random square map from the top left to the bottom right that can be solved. Each other cell is frozen
 * with probability `frozen`; where the holes leave no way, they freeze over one by one in random order
 * until there is one, so a map comes of any probability.
 */
export function randomLake(seed: number, size: number, frozen: number): Lake {
  const random = new Random(seed);
  const letters = Array.from({ length: size * size }, (): string => {
    return random.next() < frozen ? "F" : "H";
  });
  letters[0] = "S";
  letters[letters.length - 1] = "G";
  const lake = () =>
    lakeOf(
      Array.from(
        { length: size },
        (_, row) => letters.slice(row * size, (row + 1) * size).join(""),
      ),
    );
  const holes = random.shuffle([...letters.keys()].filter((cell) => letters[cell] === "H"));
  while (distancesTo(lake())[0] === Infinity) letters[holes.pop()!] = "F";
  return lake();
}

function lakeOf(rows: readonly string[]): Lake {
  return { rows: Object.freeze([...rows]), height: rows.length, width: rows[0]!.length };
}
