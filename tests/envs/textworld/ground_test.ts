/**
 * The engine against an interpreter that takes PDDL at its word, on random situations of a domain that has
 * everything the engine understands.
 */
import { assert, assertEquals, assertThrows } from "../../../std/assert.ts";
import { Applicable } from "../../../envs/textworld/applicable.ts";
import { achieved, groundProblem } from "../../../envs/textworld/ground.ts";
import { parseDomain, parseProblem } from "../../../envs/textworld/parse_pddl.ts";
import { type Bits, bitsOf, changedFacts } from "../../../envs/textworld/state.ts";
import { Random } from "../../../std/random.ts";
import { Naive, type Situation } from "./naive.ts";

const DOMAIN = `(define (domain everything)
  (:types crate lorry - thing place thing - object)
  (:constants depot - place)
  (:predicates (at ?t - thing ?p - place) (in ?c - crate ?l - lorry) (road ?a ?b - place)
    (broken ?l - lorry) (heavy ?c - crate) (tired) (seen ?x))
  (:functions (fuel ?l - lorry) - number)
  (:action drive :parameters (?l - lorry ?a ?b - place)
    :precondition (and (at ?l ?a) (or (road ?a ?b) (road ?b ?a)) (not (broken ?l)) (not (= ?a ?b)))
    :effect (and (not (at ?l ?a)) (at ?l ?b) (increase (fuel ?l) 1)
      (forall (?c - crate) (when (and (in ?c ?l) (heavy ?c)) (broken ?l)))))
  (:action load :parameters (?c - crate ?l - lorry ?p - place)
    :precondition (and (at ?c ?p) (at ?l ?p) (forall (?o - crate) (not (in ?o ?l))))
    :effect (and (not (at ?c ?p)) (in ?c ?l) (when (heavy ?c) (tired))))
  (:action unload :parameters (?c - crate ?l - lorry ?p - place)
    :precondition (and (in ?c ?l) (at ?l ?p) (imply (heavy ?c) (not (tired))))
    :effect (and (not (in ?c ?l)) (at ?c ?p)))
  (:action mend :parameters (?l - lorry)
    :precondition (and (at ?l depot) (exists (?o - lorry) (and (not (= ?o ?l)) (at ?o depot))))
    :effect (not (broken ?l)))
  (:action wave :parameters (?l - lorry)
    :precondition (and (exists (?l - lorry) (broken ?l)) (at ?l b)) :effect (seen ?l))
  (:action rest :parameters () :precondition () :effect (and (not (tired))))
  (:action stay :parameters (?l - lorry ?p - place)
    :precondition (at ?l ?p) :effect (and (not (at ?l ?p)) (at ?l ?p)))
  (:action look :parameters (?x - (either crate place)) :precondition () :effect (seen ?x))
  (:action dream :parameters (?x - crate) :precondition (and (seen ?x) (not (seen ?x))) :effect (tired))
)`;

const PROBLEM = `(define (problem p) (:domain everything)
  (:objects a b - place c1 c2 c3 - crate l1 l2 - lorry)
  (:init (road a b) (road b depot) (at l1 a) (at l2 depot) (at c1 a) (at c2 b) (at c3 depot)
    (heavy c3) (heavy c1) (= (fuel l1) 3))
  (:goal (or (forall (?c - crate) (at ?c depot)) (exists (?l - lorry) (and (at ?l b) (not (broken ?l)))))))`;

const domain = parseDomain(DOMAIN);
const problem = parseProblem(PROBLEM, domain);
const ground = groundProblem(domain, problem);
const applicable = new Applicable(ground.operators, ground.facts.count);
const naive = new Naive(domain, problem);

function told(facts: Bits): Situation {
  return new Set(
    bitsOf(facts).map((id) => {
      const { predicate, objects } = ground.facts.get(id);
      return [predicate, ...objects].join(" ");
    }),
  );
}

Deno.test("the engine does what an interpreter of the text does, step by step", () => {
  const random = new Random(1);
  let wins = 0;
  for (let walk = 0; walk < 40; walk++) {
    let facts = ground.init;
    let situation = naive.start;
    for (let step = 0; step < 25; step++) {
      assertEquals(told(facts), situation);
      assertEquals(achieved(ground, facts), naive.won(situation));
      if (naive.won(situation)) wins++;
      const expected = naive.successors(situation);
      // What changes nothing wherever it is possible is left out.
      for (const word of [...expected.keys()]) if (word.startsWith("stay ")) expected.delete(word);
      const found = new Map(
        applicable.in(facts).map((operator) => [
          [operator.action, ...[...operator.binding].map(([n, o]) => `${n}=${o}`).sort()].join(" "),
          operator,
        ]),
      );
      assertEquals([...found.keys()].sort(), [...expected.keys()].sort());
      const word = random.pick([...expected.keys()].sort());
      facts = changedFacts(facts, found.get(word)?.changes ?? []);
      situation = expected.get(word) ?? situation;
    }
  }
  assert(wins > 20, `the goal held ${wins} times`);
});

Deno.test("the goal is recognised", () => {
  const done = PROBLEM.replace("(at c1 a) (at c2 b)", "(at c1 depot) (at c2 depot)");
  const other = groundProblem(domain, parseProblem(done, domain));
  assert(achieved(other, other.init));
});

Deno.test("operators that can never be used are left out", () => {
  const names = (text: string) =>
    new Set(
      groundProblem(domain, parseProblem(text, domain)).operators.map(({ action }) => action),
    );
  assert(!names(PROBLEM).has("dream") && !names(PROBLEM).has("stay"));
  assert(names(PROBLEM).has("load"));
  assert(!names(PROBLEM.replace("(at l1 a) (at l2 depot)", "")).has("load"));
});

Deno.test("what an action gives only later makes others possible, wherever they stand", () => {
  const later = parseDomain(`(define (domain d) (:predicates (oiled) (turned) (open) (tried))
    (:action pull :precondition (turned) :effect (open))
    (:action turn :effect (and (tried) (when (oiled) (turned))))
    (:action oil :effect (oiled)))`);
  const text = `(define (problem p) (:domain d) (:init) (:goal (open)))`;
  const door = groundProblem(later, parseProblem(text, later));
  assertEquals(door.operators.map(({ action }) => action), ["pull", "turn", "oil"]);
});

Deno.test("bindings are joined, not tried: a thousand places take no billion turns", () => {
  const places = Array.from({ length: 1000 }, (_, i) => `p${i}`);
  const roads = places.slice(1).map((place, i) => `(road ${places[i]} ${place})`);
  const chain = parseDomain(
    `(define (domain d) (:types place) (:predicates (road ?a ?b ?c) (here ?p))
    (:action go :parameters (?a ?b ?c - place)
      :precondition (and (road ?a ?b ?b) (road ?b ?c ?c) (here ?a))
      :effect (and (here ?c) (not (here ?a)))))`,
  );
  const text = `(define (problem p) (:domain d) (:objects ${places.join(" ")} - place)
    (:init (here p0) ${roads.map((road) => road.replace(/ (p\d+)\)$/, " $1 $1)")).join(" ")})
    (:goal (here p998)))`;
  const begun = performance.now();
  assertEquals(groundProblem(chain, parseProblem(text, chain)).operators.length, 499);
  assert(performance.now() - begun < 5000);
});

Deno.test("a condition with too many alternatives is refused", () => {
  const wide = parseDomain(`(define (domain d) (:predicates (p ?x) (q ?x)) (:action a :parameters ()
    :precondition (and ${"(exists (?x) (p ?x)) ".repeat(6)}) :effect (forall (?x) (p ?x))))`);
  const objects = Array.from({ length: 20 }, (_, i) => `o${i}`).join(" ");
  const text = `(define (problem p) (:domain d) (:objects ${objects}) (:init) (:goal (p o1)))`;
  assertThrows(() => groundProblem(wide, parseProblem(text, wide)), RangeError, "alternatives");
});
