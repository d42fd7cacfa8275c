import { assertEquals, assertThrows } from "../../../std/assert.ts";
import { parseDomain, parseProblem } from "../../../envs/textworld/parse_pddl.ts";
import { TextGameError } from "../../../envs/textworld/symbols.ts";

const DOMAIN = `(define (domain Small) ; the smallest
  (:types place)
  (:predicates (here ?p - place) (road ?a ?b - place))
  (:action Go
    :parameters (?a ?b - place)
    :precondition (and (here ?a) (road ?a ?b))
    :effect (and (here ?b) (not (here ?a)))))`;
const PROBLEM = `(define (problem p) (:domain small)
  (:objects A b - place)
  (:init (here a) (road a b))
  (:goal (here b)))`;

Deno.test("a domain and a problem are read without regard to case", () => {
  const domain = parseDomain(DOMAIN);
  const { objects, init, goal } = parseProblem(PROBLEM, domain);
  assertEquals(domain.name, "small");
  assertEquals(domain.actions.map(({ name }) => name), ["go"]);
  assertEquals(domain.actions[0]?.effects.map(({ atom, adds }) => [atom.terms, adds]), [
    [["?b"], true],
    [["?a"], false],
  ]);
  assertEquals(objects.map(({ name, types }) => [name, types]), [
    ["a", ["place"]],
    ["b", ["place"]],
  ]);
  assertEquals(init.length, 2);
  assertEquals(goal, { kind: "atom", atom: { predicate: "here", terms: ["b"] } });
});

Deno.test("a type that is not declared is an error, but in a quantifier there is nothing of it", () => {
  const odd = DOMAIN.replace(
    "(here ?a) (road",
    "(exists (?x - place, ?y - place) (here ?x)) (road",
  );
  assertEquals(parseDomain(odd).actions.length, 1);
  assertThrows(
    () => parseDomain(DOMAIN.replace("(?a ?b - place)\n    :pre", "(?a ?b - plase)\n    :pre")),
    TextGameError,
    'domain:5:26: no type is named "plase"; did you mean "place"?',
  );
});

const faults: readonly (readonly [string, string, string, string])[] = [
  [
    "an unknown predicate",
    "(here ?a) (road",
    "(heer ?a) (road",
    '6:25: no predicate is named "heer"; did you mean "here"?',
  ],
  [
    "too many terms",
    "(here ?a) (road",
    "(here ?a ?b) (road",
    '6:25: predicate "here" takes 1 terms, got 2',
  ],
  [
    "a free variable",
    "(here ?a) (road",
    "(here ?c) (road",
    "6:24: variable ?c is not declared here (known: ?a, ?b)",
  ],
  [
    "a free variable in an effect",
    "(not (here ?a))",
    "(not (here ?z))",
    "variable ?z is not declared here",
  ],
  ["a missing parenthesis", "(not (here ?a)))))", "(not (here ?a))))", '1:1: "(" is never closed'],
  [
    "one too many",
    "(not (here ?a)))))",
    "(not (here ?a))))))",
    '7:46: expected nothing behind the definition, got ")"',
  ],
  [
    "an unknown section",
    "(:types place)",
    "(:types place) (:derived (x) ())",
    '2:18: a domain cannot have ":derived" here',
  ],
  [
    "an odd part of an action",
    ":precondition",
    ":condition",
    '6:5: expected :parameters, :precondition or :effect, got ":condition"',
  ],
  [
    "something that is no condition",
    "(and (here ?a) (road ?a ?b))",
    "here",
    '6:19: expected a condition in parentheses, got "here"',
  ],
  ["no domain", "(domain Small)", "(problem Small)", "1:10: expected a domain, got a problem"],
  [
    "no effect",
    "(and (here ?b) (not (here ?a)))",
    "",
    "expected an effect in parentheses, got nothing",
  ],
];

const extras: typeof faults = [
  [
    "a second condition of not",
    "(not (here ?a))",
    "(not (here ?a) (here ?b))",
    '7:28: expected 1 part behind "not", got 2: ("not" ("here" "?a") ("here" "?b"))',
  ],
  [
    "a third term of =",
    "(here ?a) (road",
    "(= ?a ?b ?a) (road",
    '6:24: expected 2 parts behind "="',
  ],
  [
    "a quantifier of two conditions",
    "(here ?a) (road",
    "(exists (?c) (here ?c) (here ?a)) (road",
    '6:24: expected 2 parts behind "exists", got 3',
  ],
  [
    "an effect of two under a condition",
    "(not (here ?a))",
    "(when (here ?a) (here ?b) (here ?a))",
    '7:28: expected 2 parts behind "when", got 3',
  ],
  [
    "an odd word in place of either",
    "(?a ?b - place)\n    :pre",
    "(?a ?b - (ether place place))\n    :pre",
    '5:27: expected "either" and types, got ("ether" "place" "place")',
  ],
  [
    "a second effect",
    ":effect (and",
    ":effect (here ?a) :effect (and",
    '7:23: action "go" has :effect already',
  ],
  [
    "a second action of the name",
    "(:action Go",
    "(:action go :effect ()) (:action Go",
    '4:27: there is an action "go" already',
  ],
  [
    "what is nested without an end",
    "(here ?a) (road",
    `${"(not ".repeat(600)}(here ?a)${")".repeat(600)} (road`,
    "more than 500 parentheses are open here",
  ],
];

for (const [what, from, to, says] of [...faults, ...extras]) {
  Deno.test(`${what} is told with its place`, () => {
    if (!DOMAIN.includes(from)) throw new Error(`the domain has no ${from}`);
    assertThrows(() => parseDomain(DOMAIN.replace(from, to)), TextGameError, says);
  });
}

Deno.test("a predicate may have any name, as those of what objects in this language have", () => {
  const odd = DOMAIN.replaceAll("here", "constructor").replaceAll("road", "tostring");
  assertEquals(parseDomain(odd).predicates.get("constructor"), 1);
});

Deno.test("mistakes in a problem are told with their place", () => {
  const domain = parseDomain(DOMAIN);
  const told: readonly (readonly [string, string, string])[] = [
    ["(road a b)", "(road a c)", 'games/p.pddl:3:19: no object is named "c": ("road" "a" "c")'],
    ["(:goal (here b))", "(:goal (there b))", '4:11: no predicate is named "there"'],
    ["(:goal (here b))", "(:goal (here c))", '4:10: no object is named "c": ("here" "c")'],
    ["(:goal (here b))", "(:goal (not (= a c)))", '4:15: no object is named "c"'],
    ["(:goal (here b))", "(:goal (here b) (here a))", "4:19: expected one condition behind :goal"],
    ["(:goal (here b))", "(:goal (here b)) (:goal (here a))", "4:20: there is a goal already"],
    ["(:goal (here b))", "", "1:1: a problem needs a goal"],
    ["(:init", "(:start", '3:3: a problem cannot have ":start" here'],
  ];
  for (const [from, to, says] of told) {
    assertThrows(
      () => parseProblem(PROBLEM.replace(from, to), domain, "games/p.pddl"),
      TextGameError,
      says,
    );
  }
  assertThrows(() => parseDomain(""), TextGameError, "expected a definition, got nothing");
  assertThrows(
    () => parseDomain("(a) (b)"),
    TextGameError,
    "expected nothing behind the definition",
  );
});
