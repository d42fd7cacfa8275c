/**
 * A home as a PDDL problem, and its task in words.
 * @module
 */
import { furniture, type Service, THINGS } from "./kinds.ts";
import type { Home } from "./home.ts";

const PERSON = "player";
const DOOR = "front_door";
const LAMP = "lamp";

/** What a thing must be able to be, to be treated so. */
const ABILITY: Readonly<Record<Service, string>> = {
  washes: "washable",
  warms: "warmable",
  chills: "chillable",
};

/** The problem of a home. Objects are called by their ids, with spaces for underscores. */
export function problemOf(home: Home): string {
  const rooms = [...new Set(home.furniture.map((piece) => furniture(piece.kind).room))].sort();
  const thingKinds = [...new Set(home.things.map(({ kind }) => kind))].sort();
  const placeKinds = [...new Set(home.furniture.map(({ kind }) => kind))].sort();
  const objects = [
    `${PERSON} - person ${DOOR} - spot`,
    `${rooms.join(" ")} - room`,
    `${home.furniture.map(({ id }) => id).join(" ")} - furniture`,
    `${home.things.map(({ id }) => id).join(" ")}${
      home.lamp === undefined ? "" : ` ${LAMP}`
    } - thing`,
    `${thingKinds.map((kind) => `${kind}-kind`).join(" ")} - thing-kind`,
    `${placeKinds.map((kind) => `${kind}-place`).join(" ")} - furniture-kind`,
  ];
  const fits = thingKinds.flatMap((thing) =>
    THINGS[thing]?.places.filter((place) => placeKinds.includes(place))
      .map((place) => `(fits ${thing}-kind ${place}-place)`) ?? []
  );
  const init = [
    `(near ${PERSON} ${DOOR})`,
    ...rooms.map((room) => `(home-has ${room})`),
    ...home.furniture.flatMap(furnitureFacts),
    ...fits,
    ...home.things.flatMap(thingFacts),
    ...(home.lamp === undefined ? [] : [`(lamp ${LAMP})`, `(inside ${LAMP} ${home.lamp})`]),
  ];
  return `(define (problem home) (:domain household)
(:objects
  ${objects.join("\n  ")})
(:init
  ${init.join("\n  ")})
(:goal ${goalOf(home)}))`;
}

function furnitureFacts({ id, kind }: Home["furniture"][number]): string[] {
  const { room, door, service } = furniture(kind);
  return [
    `(in-room ${id} ${room}) (place-kind ${id} ${kind}-place)`,
    ...(door ? [`(has-door ${id})`] : []),
    ...(service === undefined ? [] : [`(${service} ${id})`]),
  ];
}

function thingFacts({ id, kind, at }: Home["things"][number]): string[] {
  return [
    `(portable ${id}) (thing-kind ${id} ${kind}-kind) (inside ${id} ${at})`,
    ...(THINGS[kind]?.takes ?? []).map((service) => `(${ABILITY[service]} ${id})`),
  ];
}

function goalOf({ task, wanted, target }: Home): string {
  const thing = (t: string) => `(thing-kind ${t} ${wanted}-kind)`;
  const place = `(place-kind ?f ${target}-place)`;
  const there = (t: string) => `(inside ${t} ?f) ${thing(t)}`;
  const one = (how: string) =>
    `(exists (?t - thing ?f - furniture) (and ${place} ${there("?t")} ${how}))`;
  switch (task) {
    case "pick-and-place":
      return one("");
    case "clean-and-place":
      return one("(clean ?t)");
    case "heat-and-place":
      return one("(hot ?t)");
    case "cool-and-place":
      return one("(cold ?t)");
    case "two-and-place":
      return `(exists (?t - thing ?u - thing ?f - furniture)
        (and ${place} ${there("?t")} ${there("?u")} (not (= ?t ?u))))`;
    case "look-in-light":
      return `(exists (?p - person ?t - thing ?l - thing ?f - furniture)
        (and (carries ?p ?t) ${thing("?t")} (lamp ?l) (lit ?l) (inside ?l ?f) (near ?p ?f)))`;
  }
}

/** The task in words. `brief`: as few as tell it. */
export function taskOf({ task, wanted, target }: Home, brief: boolean): string {
  const on = furniture(target).door === undefined ? "on" : "in";
  const words: Readonly<Record<Home["task"], readonly [string, string]>> = {
    "pick-and-place": [`Put ${wanted} ${on} ${target}.`, `Put a ${wanted} ${on} a ${target}.`],
    "look-in-light": [`Light ${wanted}.`, `Hold a ${wanted} in the light of a lamp.`],
    "clean-and-place": [
      `Put clean ${wanted} ${on} ${target}.`,
      `Wash a ${wanted} and put it ${on} a ${target}.`,
    ],
    "heat-and-place": [
      `Put hot ${wanted} ${on} ${target}.`,
      `Heat a ${wanted} and put it ${on} a ${target}.`,
    ],
    "cool-and-place": [
      `Put cold ${wanted} ${on} ${target}.`,
      `Chill a ${wanted} and put it ${on} a ${target}.`,
    ],
    "two-and-place": [
      `Put two ${wanted} ${on} ${target}.`,
      `Find two of ${wanted} and put both ${on} the same ${target}.`,
    ],
  };
  return brief ? words[task][0] : `Your task: ${words[task][1]}`;
}
