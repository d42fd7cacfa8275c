import { assert, assertEquals, assertNotEquals, assertThrows } from "../../../std/assert.ts";
import { checkEnvironment } from "../../../envs/check.ts";
import type { Environment, Observation } from "../../../envs/environment.ts";
import { HouseholdGames, partOf } from "../../../envs/household/games.ts";
import { drawHome, HOUSEHOLD_TASKS } from "../../../envs/household/home.ts";
import { household } from "../../../envs/household/household.ts";
import { THINGS } from "../../../envs/household/kinds.ts";
import { parseOptions } from "../../../std/modules.ts";

const BRIEF = { furniture: 4, things: 4, wording: "brief", senses: false };

function make(options: Record<string, unknown> = {}): Environment {
  const env = household.make(parseOptions("environment", household, options));
  assert(!(env instanceof Promise));
  return env;
}

const EPISODE: readonly string[] = [
  "You stand at the front door of a home. In the kitchen: counter 1, counter 2, counter 3, microwave and table.\n\nYour task: Heat a plate and put it on a table.",
  "> go to counter 1",
  "You walk over. On the counter 1 you see bowl, plate and tomato.",
  "> take plate from counter 1",
  "Now you hold the plate.",
  "> go to microwave",
  "You walk over. The microwave is shut.",
  "> heat plate with microwave",
  "The plate is hot now.",
  "> go to table",
  "You walk over. On the table you see nothing.",
  "> put plate on table",
  "You leave the plate on the table.",
];

const texts = ({ actions }: Observation) => actions.map(({ text }) => text);

Deno.test("small homes keep the contract, in every task", async () => {
  const { checks } = await checkEnvironment(
    { ...household, tasks: HOUSEHOLD_TASKS },
    { with: BRIEF, episodes: 4 },
  );
  const other = checks.filter(({ status }) => status !== "passed");
  assertEquals(other.map(({ message }) => message), ["it has no mistakes()"]);
});

Deno.test("large homes keep it, told plainly", async () => {
  const { checks } = await checkEnvironment({ ...household, tasks: ["all"] }, { episodes: 4 });
  const other = checks.filter(({ status }) => status !== "passed");
  assertEquals(other.map(({ message }) => message), ["it has no mistakes()"]);
});

Deno.test("the expert does each task in few steps, and none can be done in fewer than it needs", async () => {
  const bounds: Readonly<Record<string, readonly [number, number]>> = {
    "pick-and-place": [4, 6],
    "look-in-light": [3, 5],
    "clean-and-place": [6, 8],
    "heat-and-place": [6, 8],
    "cool-and-place": [6, 8],
    "two-and-place": [8, 11],
  };
  for (const task of HOUSEHOLD_TASKS) {
    for (let seed = 0; seed < 10; seed++) {
      const env = make({ furniture: 8, things: 8 });
      let { info } = await env.reset({ seed, task });
      let steps = 0;
      for (; info.success === false && steps <= 30; steps++) {
        ({ info } = await env.step(await env.expert?.() ?? "none"));
      }
      const [least, most] = bounds[task] ?? [0, 0];
      const told = `${task}, seed ${seed}: ${steps} steps`;
      assert(info.success && least <= steps && steps <= most, told);
    }
  }
});

Deno.test("an episode in plain words", async () => {
  const env = make({ furniture: 5, things: 5 });
  const told: string[] = [];
  let { observation, info } = await env.reset({ seed: 2, task: "heat-and-place" });
  told.push(String(info.feedback));
  for (let ended = false; !ended;) {
    const label = await env.expert?.() ?? "none";
    told.push(`> ${observation.actions.find((action) => action.label === label)?.text}`);
    const step = await env.step(label);
    ({ observation, info } = step);
    ended = step.terminated || step.truncated;
    told.push(String(info.feedback));
  }
  assertEquals(told, EPISODE);
});

Deno.test("what is held and what else lies there is told whatever the action was about", async () => {
  const env = make(BRIEF);
  let { observation } = await env.reset({ seed: 5, task: "look-in-light", split: "train" });
  const states: string[] = [];
  for (let ended = false; !ended;) {
    const step = await env.step(await env.expert?.() ?? "none");
    ({ observation } = step);
    ended = step.terminated || step.truncated;
    states.push(observation.state);
  }
  assertEquals(states, [
    "drawer shut. Hold nothing.\nLight fork.",
    "drawer open: fork spoon. Hold nothing.\nLight fork.",
    "drawer open: spoon. Hold fork.\nLight fork.",
    "sideboard: lamp. Hold fork.\nLight fork.",
    "sideboard: lit lamp. Hold fork.\nLight fork.",
  ]);
});

Deno.test("homes depend on seed, task and size alone; things lie where they belong", () => {
  const size = { furniture: 8, things: 10 };
  for (const task of HOUSEHOLD_TASKS) {
    for (let seed = 0; seed < 100; seed++) {
      const home = drawHome(seed, task, size);
      assertEquals(drawHome(seed, task, size), home);
      assertEquals(home.furniture.length, size.furniture);
      assertEquals(home.things.length + (home.lamp === undefined ? 0 : 1), size.things);
      assertEquals(new Set(home.things.map(({ id }) => id)).size, home.things.length);
      for (const { kind, at } of home.things) {
        const place = home.furniture.find(({ id }) => id === at);
        assert(
          place !== undefined && THINGS[kind]?.places.includes(place.kind),
          `${kind} at ${at}`,
        );
        assert(kind !== home.wanted || place.kind !== home.target, "the task is done already");
      }
    }
  }
  assertNotEquals(
    drawHome(1, "pick-and-place", size).furniture,
    drawHome(2, "pick-and-place", size).furniture,
  );
});

Deno.test("a part has a home of its own", () => {
  const size = { furniture: 4, things: 4 };
  const homes = Array.from({ length: 2000 }, (_, seed) => drawHome(seed, "pick-and-place", size));
  const layout = (home: typeof homes[number]) => home.furniture.map(({ id }) => id).join(" ");
  const of = (part: string) => homes.filter((home) => partOf(home) === part);
  const trained = new Set(of("train").map(layout));
  assertEquals(of("unseen").filter((home) => trained.has(layout(home))), []);
  const situations = new Set(of("train").map((home) => JSON.stringify(home)));
  assertEquals(of("seen").filter((home) => situations.has(JSON.stringify(home))), []);
  for (
    const [part, least, most] of [["train", 0.5, 0.62], ["seen", 0.14, 0.24], [
      "unseen",
      0.2,
      0.3,
    ]] as const
  ) {
    const share = of(part).length / homes.length;
    assert(least < share && share < most, `${part} is ${share} of all`);
  }
});

Deno.test("splits have the games of their parts: seen, unseen, and test both of them", async () => {
  const env = make(BRIEF);
  const parts = async (split: string) => {
    const found = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      const { info } = await env.reset({ seed, split, task: "pick-and-place" });
      const [task, , number] = (info.state as { game: string }).game.split("/");
      assertEquals(task, "pick-and-place");
      found.add(partOf(drawHome(Number(number), "pick-and-place", { furniture: 4, things: 4 })));
    }
    return [...found].sort();
  };
  for (const part of ["train", "seen", "unseen"]) assertEquals(await parts(part), [part]);
  assertEquals(await parts("test"), ["seen", "unseen"]);
  assertEquals(await parts("all"), ["seen", "train", "unseen"]);
});

Deno.test("options decide how much is on offer", async () => {
  const few = await make(BRIEF).reset({ seed: 1 });
  assertEquals(texts(few.observation).filter((text) => !text.startsWith("go ")), []);
  const many = await make({ furniture: 20, things: 30 }).reset({ seed: 1 });
  assertEquals(texts(many.observation).filter((text) => text.startsWith("go to ")).length, 20);
  assertEquals(texts(many.observation).slice(-2), ["inventory", "look"]);
});

Deno.test("environments with the same options share their games, which take megabytes", () => {
  const options = {
    furniture: 6,
    things: 6,
    wording: "brief",
    senses: false,
    test: "seen",
  } as const;
  const game = new HouseholdGames(options).draw(1, "all", "train");
  assert(new HouseholdGames(options).find(game.id) === game);
  assert(new HouseholdGames({ ...options, senses: true }).find(game.id) !== game);
});

Deno.test("a state that is none of this size's is refused with what one looks like", async () => {
  const env = make(BRIEF);
  const { info } = await env.reset({ seed: 3, task: "pick-and-place" });
  const other = make({ ...BRIEF, things: 5 });
  const refused: [unknown, string][] = [
    [info.state, "of this size, TASK/4x5/NUMBER"],
    [{ game: "cook/4x5/1", commands: [] }, "TASK/4x5/NUMBER"],
    [17, "{ game: id, commands: [ … ] }"],
  ];
  for (const [state, says] of refused) {
    assertThrows(() => other.reset({ seed: 0, state }), RangeError, says);
  }
  assertThrows(
    () => env.reset({ seed: 0, state: { ...info.state as object, commands: ["fly"] } }),
    RangeError,
    'command "fly" is not possible',
  );
  assertThrows(
    () => env.reset({ seed: 0, task: "cook" }),
    RangeError,
    "expected a task of household",
  );
});

Deno.test("to be told of a thing is not to have seen it", async () => {
  for (const options of [BRIEF, { furniture: 6, things: 6 }]) {
    const env = make(options);
    for (let seed = 0; seed < 10; seed++) {
      await env.reset({ seed, task: "pick-and-place" });
      const remark = await env.remark?.() ?? "";
      assert(/^What I need is not in sight\. So I go /.test(remark), remark);
    }
  }
});

Deno.test("who is not shown the last action is not told that it was of no use", async () => {
  for (const historyLength of [0, 1]) {
    const env = make({ ...BRIEF, historyLength });
    const { observation } = await env.reset({ seed: 4, task: "pick-and-place" });
    const best = await env.expert?.();
    await env.step(observation.actions.find(({ label }) => label !== best)?.label ?? "none");
    const remark = await env.remark?.() ?? "";
    assertEquals(remark.startsWith("That did not help."), historyLength > 0, remark);
  }
});

Deno.test("the history shows as much as is asked for", async () => {
  const play = async (options: Record<string, unknown>) => {
    const env = make({ furniture: 5, things: 5, ...options });
    let { observation } = await env.reset({ seed: 2, task: "heat-and-place" });
    for (let i = 0; i < 3; i++) {
      ({ observation } = await env.step(await env.expert?.() ?? "none"));
    }
    return observation.history;
  };
  const lines = EPISODE.slice(1, 6);
  assertEquals(await play({ historyLength: 2 }), `${lines[2]}\n${lines[3]}\n${lines[4]}\n`);
  assertEquals(
    await play({ historyLength: 2, historyFeedback: false }),
    `${lines[2]}\n${lines[4]}\n`,
  );
  assertEquals(await play({ historyLength: 0 }), "");
});
