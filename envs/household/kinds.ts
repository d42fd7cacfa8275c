/**
 * What there is in a home: rooms, furniture and things, and which thing belongs where.
 * @module
 */

/** What a piece of furniture does to a thing. */
export type Service = "washes" | "warms" | "chills";

/** A kind of furniture. */
export interface FurnitureKind {
  /** Where it stands. */
  readonly room: "kitchen" | "bedroom" | "parlour" | "bathroom";
  /** Must be opened before its inside is seen. */
  readonly door?: true;
  /** A home may have several. */
  readonly several?: true;
  /** A lamp may stand on it. */
  readonly lamp?: true;
  /** What it does to a thing that is held. */
  readonly service?: Service;
}

/** Furniture by name. */
export const FURNITURE = {
  fridge: { room: "kitchen", door: true, service: "chills" },
  microwave: { room: "kitchen", door: true, service: "warms" },
  sink: { room: "kitchen", service: "washes" },
  counter: { room: "kitchen", several: true },
  cupboard: { room: "kitchen", door: true, several: true },
  table: { room: "kitchen" },
  drawer: { room: "kitchen", door: true, several: true },
  bed: { room: "bedroom" },
  desk: { room: "bedroom", lamp: true },
  nightstand: { room: "bedroom", lamp: true },
  wardrobe: { room: "bedroom", door: true },
  sofa: { room: "parlour" },
  shelf: { room: "parlour", several: true },
  sideboard: { room: "parlour", lamp: true },
  cabinet: { room: "parlour", door: true, several: true },
  basin: { room: "bathroom", service: "washes" },
  bathtub: { room: "bathroom" },
  rack: { room: "bathroom" },
  hamper: { room: "bathroom", door: true },
} as const satisfies Record<string, FurnitureKind>;

/** A name of {@linkcode FURNITURE}. */
export type FurnitureName = keyof typeof FURNITURE;

/** A kind of thing. */
export interface ThingKind {
  /** Furniture it may lie in or on. */
  readonly places: readonly FurnitureName[];
  /** What can be done to it. */
  readonly takes: readonly Service[];
}

const food: readonly FurnitureName[] = ["fridge", "microwave", "counter", "table", "cupboard"];
const dish: readonly FurnitureName[] = ["cupboard", "counter", "table", "sink", "shelf", "fridge"];
const tool: readonly FurnitureName[] = ["drawer", "counter", "table", "sink", "cupboard"];
const paper: readonly FurnitureName[] = ["desk", "shelf", "sofa", "nightstand", "sideboard", "bed"];
const small: readonly FurnitureName[] = ["desk", "drawer", "sideboard", "nightstand", "cabinet"];
const bath: readonly FurnitureName[] = ["basin", "bathtub", "rack", "cabinet"];
const cloth: readonly FurnitureName[] = ["wardrobe", "hamper", "bed", "rack", "sofa"];
const all: readonly Service[] = ["washes", "warms", "chills"];

/** Things by name. */
export const THINGS: Readonly<Record<string, ThingKind>> = {
  bread: { places: food, takes: ["warms", "chills"] },
  tomato: { places: food, takes: all },
  potato: { places: food, takes: all },
  lettuce: { places: food, takes: ["washes", "chills"] },
  mug: { places: dish, takes: all },
  plate: { places: dish, takes: all },
  bowl: { places: dish, takes: ["washes", "chills"] },
  pan: { places: [...dish, "drawer"], takes: ["washes", "chills"] },
  fork: { places: tool, takes: ["washes"] },
  knife: { places: tool, takes: ["washes"] },
  spoon: { places: tool, takes: ["washes"] },
  book: { places: paper, takes: [] },
  pen: { places: small, takes: [] },
  newspaper: { places: paper, takes: [] },
  phone: { places: [...small, "bed", "sofa"], takes: [] },
  key: { places: small, takes: [] },
  remote: { places: [...small, "sofa"], takes: [] },
  vase: { places: ["shelf", "sideboard", "table", "cabinet"], takes: ["washes"] },
  candle: { places: ["shelf", "sideboard", "bathtub", "cabinet"], takes: [] },
  soap: { places: bath, takes: ["washes"] },
  sponge: { places: [...bath, "sink", "drawer"], takes: ["washes"] },
  towel: { places: [...bath, ...cloth], takes: ["washes"] },
  shirt: { places: cloth, takes: ["washes"] },
  pillow: { places: ["bed", "sofa", "wardrobe"], takes: [] },
};

/** All names of {@linkcode FURNITURE}. */
export const FURNITURE_NAMES = Object.keys(FURNITURE) as FurnitureName[];

/** What is known of a kind of furniture. */
export function furniture(name: FurnitureName): FurnitureKind {
  return FURNITURE[name];
}
