import { assert, assertEquals, assertLessOrEqual } from "../../../std/assert.ts";
import { composePolicyPrompt } from "../../../agents/prompt.ts";
import { ABOARD, encode } from "../../../envs/taxi/dynamics.ts";
import { taxi, type TaxiEnvironment } from "../../../envs/taxi/taxi.ts";
import { Random } from "../../../std/random.ts";

/** GPT-2's way to cut text before merging: a tokenizer trained on these prompts has one token for each piece. */
const PIECES = / ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+/gu;

const START = encode({ row: 2, column: 3, passenger: 0, destination: 3 });
const RIDE = encode({ row: 1, column: 2, passenger: ABOARD, destination: 3 });

function make(options: Record<string, unknown> = {}): TaxiEnvironment {
  return taxi.make(taxi.with.parse(options)) as TaxiEnvironment;
}

Deno.test("words: the situation in sentences, the path in front of it", () => {
  const env = make();
  const { observation } = env.reset({ seed: 0, state: START });
  assertEquals(observation, {
    history: "",
    state: "Taxi row 2 column 3. Passenger R row 0 column 0. Destination B. Walls none.",
    actions: ["south", "north", "east", "west", "pickup", "dropoff"].map(
      (text, index) => ({ label: String(index), text }),
    ),
  });
  assertEquals(
    env.step("2").observation.history + env.step("1").observation.state,
    "Path east. Taxi row 1 column 4. Passenger R row 0 column 0. Destination B. Walls east.",
  );
  assertEquals(
    env.reset({ seed: 0, state: RIDE }).observation.state,
    "Taxi row 1 column 2. Passenger aboard. Destination B row 4 column 3. Walls west.",
  );
});

Deno.test("grid: the map with the taxi, and what the taxi hides", () => {
  const env = make({ prompt: "grid" });
  const state = encode({ row: 0, column: 4, passenger: 1, destination: 2 });
  assertEquals(
    env.reset({ seed: 0, state }).observation.state,
    `+---------+
|R: | : :T|
| : | : : |
| : : : : |
| | : | : |
|Y| : |B: |
+---------+
Taxi T at G. Passenger G. Destination Y.`,
  );
  const { history, state: drawn } = env.step("4").observation;
  assertEquals(history, "Path pickup.\n");
  assert(drawn.endsWith("Taxi T at G. Passenger aboard. Destination Y."));
});

Deno.test("the history is as long as asked", () => {
  for (const [historyLength, expected] of [[0, ""], [2, "Path west east. "]]) {
    const env = make({ historyLength });
    env.reset({ seed: 0, state: START });
    const last = ["2", "3", "2"].map((label) => env.step(label)).at(-1);
    assertEquals(last?.observation.history, expected);
  }
});

Deno.test("instructions stand first, and are those of the task", () => {
  const danger = "An action without effect ends the episode as a failure.";
  const env = make({ instructions: true });
  env.reset({ seed: 0, state: START });
  assertEquals(
    env.step("2").observation.history,
    `Drive to the passenger, pick them up, drive to the destination and drop them off. ${danger} Path east. `,
  );
  assertEquals(
    env.reset({ seed: 0, task: "dropoff" }).observation.history,
    `Drive to the destination and drop the passenger off. ${danger} `,
  );
  const drawn = make({ instructions: true, prompt: "grid", task: "pickup", historyLength: 0 });
  drawn.reset({ seed: 0, state: START });
  assertEquals(
    drawn.step("2").observation.history,
    `Drive to the passenger and pick them up. ${danger}\n`,
  );
});

Deno.test("remarks say where the goal lies, what is in the way, what went wrong, what to do", () => {
  const env = make();
  env.reset({ seed: 0, state: START });
  assertEquals(
    env.remark(),
    "The passenger is two rows north and three columns west. So I go west.",
  );
  env.step("0");
  assertEquals(
    env.remark(),
    "Going south took me away. The passenger is three rows north and three columns west. A wall blocks west. So I go north.",
  );
  const behindWalls = encode({
    row: 1,
    column: 3,
    passenger: 0,
    destination: 3,
  });
  env.reset({ seed: 0, state: behindWalls });
  env.step("1");
  assertEquals(
    env.remark(),
    "Going north took me away. The passenger is three columns west. A wall stands in between. So I go south.",
  );
  env.reset({
    seed: 0,
    state: encode({ row: 0, column: 0, passenger: 0, destination: 1 }),
  });
  assertEquals(env.remark(), "The passenger is here. So I pick up.");
  env.step("4");
  env.step("5");
  assertEquals(
    env.remark(),
    "That dropoff was wrong. The passenger is here. So I pick up.",
  );
  env.reset({
    seed: 0,
    state: encode({ row: 4, column: 3, passenger: 4, destination: 3 }),
  });
  assertEquals(env.remark(), "The destination is here. So I drop off.");
});

Deno.test("a remark depends on nothing the player is not shown", () => {
  for (const historyLength of [0, 1]) {
    const known = new Map<string, string>();
    for (const { observation, remark } of visits({ historyLength })) {
      const shown = observation.history + observation.state;
      assertEquals(known.get(shown) ?? remark, remark, shown);
      known.set(shown, remark);
    }
  }
});

Deno.test("remarks are short, and neither digits nor words give the teacher away", () => {
  for (const { remark } of visits({})) {
    assertLessOrEqual(remark.split(" ").length, 25, remark);
    assert(!/\d|optimal|oracle|spoiler|expert|best/i.test(remark), remark);
  }
});

Deno.test("whole policy prompts stay below 75 pieces", () => {
  for (const { observation, remark } of visits({})) {
    const prompt = composePolicyPrompt(observation, remark);
    assert((prompt.match(PIECES)?.length ?? 0) < 75, prompt);
  }
});

function* visits(options: Record<string, unknown>) {
  const env = make({ ...options, horizon: 40 });
  const random = new Random(1);
  for (let seed = 0; seed < 1000; seed++) {
    let observation = env.reset({ seed }).observation;
    for (let remark = env.remark(); remark !== undefined;) {
      yield { observation, remark };
      const best = env.expert() ?? "";
      const label = random.next() < 0.5 ? best : String(random.below(6));
      observation = env.step(label).observation;
      remark = env.remark();
    }
  }
}
