/**
 * The household's sentences, as `.twl2` grammars: `plain` for people and large models, `brief` for models with a
 * short context. Text in a module, as the domain is.
 * @module
 */

/** How much is said. */
export type Wording = "plain" | "brief";

interface Words {
  readonly rules: Readonly<Record<string, readonly Alternative[]>>;
  /** Command and answer of each action. */
  readonly actions: Readonly<Record<string, readonly [command: string, feedback: string]>>;
}

type Alternative = string | readonly [condition: string, sentence: string];

// Actions speak of t and f already; x is what else there is.
const IN_IT = "[{#thing(x)# | inside(x:thing, f:furniture)}]";
const AROUND = "{#place(f)# | near(p:person, f:furniture)}";
const OPEN = "has-door(f:furniture) & open(f:furniture)";
const HOLDING = "carries(p:person, x:thing)";

/** A thing with what was done to it. */
const THING: readonly Alternative[] = [
  ["hot(x:thing) & clean(x:thing)", "hot clean {x.name}"],
  ["cold(x:thing) & clean(x:thing)", "cold clean {x.name}"],
  ["hot(x:thing)", "hot {x.name}"],
  ["cold(x:thing)", "cold {x.name}"],
  ["clean(x:thing)", "clean {x.name}"],
  ["lit(x:thing)", "lit {x.name}"],
  "{x.name}",
];
const ON: readonly Alternative[] = [["has-door(f:furniture)", "in"], "on"];

const plain: Words = {
  rules: {
    intro: ["You stand at the front door of a home.{#room(r)# | home-has(r:room)}\n\n#task#"],
    "room(r)": [" In the {r.name}: [{f.name | in-room(f:furniture, r:room)}]."],
    "place(f)": [
      [OPEN, `The {f.name} is open. Inside you see ${IN_IT}.`],
      ["has-door(f:furniture)", "The {f.name} is shut."],
      `On the {f.name} you see ${IN_IT}.`,
    ],
    "thing(x)": THING,
    on: ON,
    hands: [[HOLDING, `You hold the {#thing(x)# | ${HOLDING}}.`], "Your hands are empty."],
    around: [["near(p:person, f:furniture)", AROUND], "You are at the front door."],
    list_empty: ["nothing"],
    list_last_separator: [" and "],
  },
  actions: {
    go: ["go to {to}", `You walk over. ${AROUND}`],
    open: ["open {f}", `It opens. ${AROUND}`],
    close: ["close {f}", "You shut the {f}."],
    take: ["take {t} from {f}", "Now you hold the {#thing(x)# | carries(p:person, x:thing)}."],
    put: ["put {t} #on# {f}", "You leave the {t} #on# the {f}."],
    light: ["switch on {t}", "The {t} shines."],
    wash: ["wash {t} with {f}", "The {t} is clean now."],
    heat: ["heat {t} with {f}", "The {t} is hot now."],
    chill: ["chill {t} with {f}", "The {t} is cold now."],
    look: ["look", "#around#"],
    inventory: ["inventory", "#hands#"],
    examine: ["examine {t}", "It is a {#thing(x)# | carries(p:person, x:thing)}."],
  },
};

const NOW = "#around# #hands#";

const brief: Words = {
  rules: {
    intro: ["At door. #hands#"],
    "place(f)": [
      [OPEN, `{f.name} open: ${IN_IT}.`],
      ["has-door(f:furniture)", "{f.name} shut."],
      `{f.name}: ${IN_IT}.`,
    ],
    "thing(x)": THING,
    hands: [[HOLDING, `Hold {#thing(x)# | ${HOLDING}}.`], "Hold nothing."],
    around: [["near(p:person, f:furniture)", AROUND], "At door."],
    list_empty: ["nothing"],
    list_separator: [" "],
    list_last_separator: [" "],
  },
  actions: {
    go: ["go {to}", NOW],
    open: ["open {f}", NOW],
    close: ["close {f}", NOW],
    take: ["take {t}", NOW],
    put: ["put {t}", NOW],
    light: ["light {t}", NOW],
    wash: ["wash {t}", NOW],
    heat: ["heat {t}", NOW],
    chill: ["chill {t}", NOW],
    look: ["look", NOW],
    inventory: ["inventory", NOW],
    examine: ["examine {t}", NOW],
  },
};

/** The grammar; what the task is each game says itself. */
export function householdGrammar(wording: Wording): string {
  const { rules, actions } = wording === "plain" ? plain : brief;
  const table = Object.entries(rules).map(([name, alternatives]) => [
    name,
    alternatives.map((alternative) =>
      typeof alternative === "string"
        ? { rhs: alternative }
        : { condition: alternative[0], rhs: alternative[1] }
    ),
  ]);
  const blocks = Object.entries(actions).map(([name, [command, feedback]]) =>
    `action ${name} { template :: "${command}"; feedback :: "${feedback}"; }`
  );
  return [
    `grammar :: """${JSON.stringify(Object.fromEntries(table), undefined, 1)}""";`,
    ...blocks,
  ].join("\n");
}
