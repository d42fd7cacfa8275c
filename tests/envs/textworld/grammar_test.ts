import { assert, assertEquals, assertThrows } from "../../../std/assert.ts";
import { NOTHING_HAPPENS, TextGame } from "../../../envs/textworld/game.ts";
import { parseGrammar } from "../../../envs/textworld/parse_grammar.ts";
import { TextGameError } from "../../../envs/textworld/symbols.ts";

const DOMAIN = `(define (domain d) (:types box ball)
  (:predicates (in ?b - ball ?x - box) (open ?x - box) (held ?b - ball))
  (:action take :parameters (?b - ball ?x - box) :precondition (and (in ?b ?x) (open ?x))
    :effect (and (not (in ?b ?x)) (held ?b)))
  (:action put :parameters (?b - ball ?x - box) :precondition (and (held ?b) (open ?x))
    :effect (and (in ?b ?x) (not (held ?b))))
  (:action toggle :parameters (?x - box) :precondition ()
    :effect (and (when (open ?x) (not (open ?x))) (when (not (open ?x)) (open ?x)))))`;
const PROBLEM =
  `(define (problem p) (:domain d) (:objects b2 b1 b3 - ball x1 x2 - box nameless - ball)
  (:init (in b1 x1) (in b2 x1) (in b3 x2) (open x1)) (:goal (and (in b1 x2) (in b2 x2))))`;
const WORDS = `# sentences
grammar :: """{
  "intro": [{"rhs": "\\nHello # there [x] }. #task#"}],
  "task": [{"rhs": "old"}],
  "task": [{"rhs": "Fill it."}],
  "list": [{"rhs": "[{y.indefinite + ' ' + y.name | in(y:ball, x:box)}]"}],
  "state(x)": [
    {"condition": "open(x:box) & in(y:ball, x:box)", "rhs": "{x} has #list#"},
    {"condition": "not_open(x:box)", "rhs": "{x} was shut"},
    {"condition": "nowhere(x:box)", "rhs": "never"},
    {"rhs": "{x.type} {x.id or x.name} is empty or shut"}
  ],
  "pairs": [{"rhs": "{#pair# | in(b:ball, x:box) & in(c:ball, x:box)}"}],
  "pair": [{"rhs": "{b.name + c.name} "}]
}""";
action Take { template :: "take {b}"; feedback :: "#after#";
  grammar :: """{"after": [{"rhs": "Took {b.name}. {#state(x)# | open(x:box)}"}]}"""; }
action put { template :: "put {b} in {x}"; feedback :: "#state(x)#"; }
action toggle { template :: "toggle {x}"; feedback :: "{#state(x)#}"; }
`;

const names = new Map([["b1", "red"], ["b2", "blue"], ["b3", "green"], ["x1", "Left"], [
  "x2",
  "Right",
]]);

function game(words = WORDS): TextGame {
  return new TextGame({ domain: DOMAIN, problem: PROBLEM, grammar: words }, () => names);
}

function play(game: TextGame, commands: readonly string[]): string[] {
  let state = game.start;
  return commands.map((command) => {
    const outcome = game.obey(command, state);
    state = outcome.state;
    return outcome.feedback;
  });
}

Deno.test("pieces, rules, lists, conditions and later rules in place of earlier ones", () => {
  const one = game();
  assertEquals(one.intro(), "Hello # there [x] }. Fill it.");
  assertEquals(one.task(), "Fill it.");
  assertEquals([...one.commands(one.start).keys()], [
    "take blue",
    "take red",
    "toggle Left",
    "toggle Right",
  ]);
  assertEquals(play(one, ["take red", "take blue", "take green", "toggle Left", "toggle Right"]), [
    "Took red. Left has a blue",
    "Took blue. box x1 is empty or shut",
    NOTHING_HAPPENS,
    "Left was shut",
    "Right has a green",
  ]);
});

Deno.test("not_ means that an action deleted it; adding it again ends that", () => {
  const one = game();
  assertEquals(play(one, ["toggle Left", "toggle Left", "toggle Right", "toggle Right"]), [
    "Left was shut",
    "Left has a red, and a blue",
    "Right has a green",
    "Right was shut",
  ]);
});

Deno.test("different variables stand for different objects, in the order of their ids", () => {
  const one = game(WORDS.replace('feedback :: "#after#"', 'feedback :: "#pairs#"'));
  assertEquals(play(one, ["toggle Right"]), ["Right has a green"]);
  const all = WORDS.replace("#task#", "#pairs#");
  assertEquals(game(all).intro(), "Hello # there [x] }. redblue bluered ");
});

Deno.test("lists end as the grammar says", () => {
  const own = WORDS.replace(
    '"intro"',
    '"list_empty": [{"rhs": "air"}], "list_separator": [{"rhs": "; "}], "list_last_separator": [{"rhs": " & "}], "intro"',
  ).replace("#task#", "[{b.name | in(b:ball, x:box)}] [{b.name | held(b:ball)}]");
  assertEquals(game(own).intro(), "Hello # there [x] }. red; blue & green air");
});

Deno.test("a command counts once trimmed, and only as it is written", () => {
  const one = game();
  assertEquals(play(one, ["  take red ", "Take blue", "take"]), [
    "Took red. Left has a blue",
    NOTHING_HAPPENS,
    NOTHING_HAPPENS,
  ]);
});

Deno.test("a game is won when its goal holds, and not before", () => {
  const one = game();
  let { state } = one.obey("toggle Right", one.start);
  for (const command of ["take red", "put red in Right", "take blue"]) {
    ({ state } = one.obey(command, state));
    assertEquals(one.won(state), false);
  }
  ({ state } = one.obey("put blue in Right", state));
  assertEquals(one.won(state), true);
});

Deno.test("mistakes in a grammar are told with their place", () => {
  const told: readonly (readonly [string, string, string])[] = [
    [
      'template :: "take {b}"',
      "template :: 7",
      'grammar:16:27: expected a text in quotes, got "7"',
    ],
    ["action Take {", "action Take (", 'grammar:16:13: expected "{", got "("'],
    ["# sentences", "sentences", '1:1: expected "grammar" or "action", got "sentences"'],
    [
      "{x} has",
      "{x.nam} has",
      'rule "state(x)": an object has no "nam": x.nam (valid: name, id, type',
    ],
    ["{x} has", "{x has", '"{" is never closed'],
    [
      "open(x:box) & in",
      "open x:box & in",
      'expected a condition like opened(r:receptacle), got "open x:box"',
    ],
    [
      '"rhs": "never"',
      '"lhs": "never"',
      'rule "state(x)": expected { "rhs": text, "condition"?: text }',
    ],
    ['"intro"', "intro", "grammar:2:12: the rules are no JSON"],
    ['feedback :: "#after#";', "", "action Take needs a template and a feedback"],
    ["+ ' ' +", "' ' +", 'expected "+" or "or" between two parts'],
    ["+ y.name |", "+ |", "expected a name or a text in"],
  ];
  for (const [from, to, says] of told) {
    assert(WORDS.includes(from), from);
    assertThrows(() => parseGrammar(WORDS.replace(from, to)), TextGameError, says);
  }
});

Deno.test("what a grammar lacks is told when it is needed", () => {
  assertThrows(() => game(WORDS.replace("action put", "action pull")), Error, 'no action "put"');
  assertThrows(() => game(WORDS.replace("#task#", "#tusk#")).intro(), Error, 'no rule "tusk"');
  assertThrows(
    () => game(WORDS.replace("#task#", "{x.name}")).intro(),
    Error,
    'speaks of "x", which stands for nothing here (known: none)',
  );
  assertThrows(
    () => game(WORDS.replace("Fill it.", "#intro#")).intro(),
    Error,
    "calls itself without end",
  );
  const conditional = WORDS.replace(
    '{"rhs": "Fill it."}',
    '{"condition": "held(b:ball)", "rhs": "x"}',
  );
  assertThrows(() => game(conditional).intro(), Error, 'no alternative of rule "task" fits');
});
