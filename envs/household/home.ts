/**
 * Homes and what lies in them, drawn from a seed.
 * @module
 */
import { Random } from "../../std/random.ts";
import {
  furniture,
  FURNITURE_NAMES,
  type FurnitureName,
  type Service,
  type ThingKind,
  THINGS,
} from "./kinds.ts";

/** The six tasks of ALFWorld, in the order of a curriculum. */
export const HOUSEHOLD_TASKS = [
  "pick-and-place",
  "look-in-light",
  "clean-and-place",
  "heat-and-place",
  "cool-and-place",
  "two-and-place",
] as const;
/** One of {@linkcode HOUSEHOLD_TASKS}. */
export type HouseholdTask = typeof HOUSEHOLD_TASKS[number];

/** How large a home is. */
export interface HomeSize {
  /** Pieces of furniture, 3 or more. */
  readonly furniture: number;
  /** Things, lamp included, 2 or more. */
  readonly things: number;
}

/** A piece of furniture or a thing: an id like `shelf_2`, and its kind. */
export interface Piece<K extends string = string> {
  /** Its kind, with a number where there are several. */
  readonly id: string;
  /** Its kind. */
  readonly kind: K;
}

/** A home, what lies where, and what is to be done. */
export interface Home {
  /** What is to be done. */
  readonly task: HouseholdTask;
  /** All furniture. */
  readonly furniture: readonly Piece<FurnitureName>[];
  /** Things that can be carried, each with the furniture it lies in or on. */
  readonly things: readonly (Piece & { readonly at: string })[];
  /** Furniture on which a lamp stands; undefined where the task needs none. */
  readonly lamp: string | undefined;
  /** Kind of the thing the task is about. */
  readonly wanted: string;
  /** Kind of furniture it goes to; for look-in-light, the kind the lamp stands on. */
  readonly target: FurnitureName;
}

const MOST_OF_A_KIND = 3;

/** What the furniture of a task must do. */
export function serviceOf(task: HouseholdTask): Service | undefined {
  switch (task) {
    case "clean-and-place":
      return "washes";
    case "heat-and-place":
      return "warms";
    case "cool-and-place":
      return "chills";
    default:
      return undefined;
  }
}

/** Draws a home for a task. The same seed, task and size give the same home. */
export function drawHome(seed: number, task: HouseholdTask, size: HomeSize): Home {
  const random = new Random(seed);
  const service = serviceOf(task);
  const wanted = random.pick(
    Object.keys(THINGS).filter((name) =>
      service === undefined || kind(name).takes.includes(service)
    ),
  );
  const serving = service === undefined
    ? undefined
    : random.pick(FURNITURE_NAMES.filter((name) => furniture(name).service === service));
  const places = kind(wanted).places.filter((name) => name !== serving);
  const target = task === "look-in-light"
    ? random.pick(FURNITURE_NAMES.filter((name) => furniture(name).lamp))
    : random.pick(places);
  const source = random.pick(places.filter((name) => name !== target));
  const needed = [...new Set([target, source, ...(serving === undefined ? [] : [serving])])];
  const pieces = numbered(furnish(random, needed, size.furniture));
  const sources = pieces.filter((piece) => piece.kind !== target && places.includes(piece.kind));
  const goals = Array.from({ length: task === "two-and-place" ? 2 : 1 }, () => ({
    kind: wanted,
    at: random.pick(sources).id,
  }));
  const lamp = task === "look-in-light"
    ? random.pick(pieces.filter((piece) => piece.kind === target)).id
    : undefined;
  const others = size.things - goals.length - (lamp === undefined ? 0 : 1);
  // Shuffled first, so that a number does not tell which one is wanted.
  const things = random.shuffle([...goals, ...clutter(random, wanted, pieces, others)])
    .sort((a, b) => a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0);
  const named = numbered(things.map(({ kind }) => kind));
  const placed = named.map((piece, i) => ({ ...piece, at: (things[i] as { at: string }).at }));
  return { task, furniture: pieces, things: placed, lamp, wanted, target };
}

function kind(name: string): ThingKind {
  return THINGS[name] as ThingKind;
}

/** Kinds of furniture: what is needed, then others by chance. */
function furnish(
  random: Random,
  needed: readonly FurnitureName[],
  count: number,
): FurnitureName[] {
  const chosen = [...needed];
  while (chosen.length < count) {
    const free = FURNITURE_NAMES.filter((name) => {
      const most = furniture(name).several ? MOST_OF_A_KIND : 1;
      return chosen.filter((other) => other === name).length < most;
    });
    chosen.push(random.pick(free));
  }
  return chosen;
}

/** Things of other kinds than the wanted one, each where it belongs. */
function clutter(
  random: Random,
  wanted: string,
  pieces: readonly Piece<FurnitureName>[],
  count: number,
): { kind: string; at: string }[] {
  const choices = Object.keys(THINGS).filter((name) => name !== wanted).flatMap((name) => {
    const at = pieces.filter((piece) => kind(name).places.includes(piece.kind));
    return at.length === 0 ? [] : [{ name, at }];
  });
  if (choices.length === 0) return [];
  return Array.from({ length: Math.max(0, count) }, () => {
    const { name, at } = random.pick(choices);
    return { kind: name, at: random.pick(at).id };
  });
}

/** Ids: the kind alone where there is one of it, else with numbers from 1. Sorted by kind. */
function numbered<K extends string>(kinds: readonly K[]): Piece<K>[] {
  const sorted = [...kinds].sort();
  return sorted.map((kind, i) => {
    const first = sorted.indexOf(kind);
    const alone = sorted.lastIndexOf(kind) === first;
    return { id: alone ? kind : `${kind}_${i - first + 1}`, kind };
  });
}
