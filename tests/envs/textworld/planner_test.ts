import { assert, assertEquals } from "../../../std/assert.ts";
import { HouseholdGames } from "../../../envs/household/games.ts";
import { HOUSEHOLD_TASKS } from "../../../envs/household/home.ts";
import { Applicable } from "../../../envs/textworld/applicable.ts";
import { TextGame } from "../../../envs/textworld/game.ts";
import { achieved, type Operator } from "../../../envs/textworld/ground.ts";
import { Guide } from "../../../envs/textworld/guide.ts";
import { Heap } from "../../../envs/textworld/heap.ts";
import { Planner } from "../../../envs/textworld/planner.ts";
import { type Bits, changedFacts } from "../../../envs/textworld/state.ts";
import { Random } from "../../../std/random.ts";

const games = new HouseholdGames({
  furniture: 4,
  things: 3,
  wording: "brief",
  senses: false,
});

/** Length of a shortest way, found by looking at everything. */
function shortest({ ground }: TextGame, start: Bits): number {
  const applicable = new Applicable(ground.operators, ground.facts.count);
  const seen = new Set([start.join()]);
  let layer = [start];
  for (let steps = 0; layer.length > 0; steps++) {
    if (layer.some((facts) => achieved(ground, facts))) return steps;
    layer = layer.flatMap((facts) =>
      applicable.in(facts).flatMap(({ changes }) => {
        const after = changedFacts(facts, changes);
        if (seen.has(after.join())) return [];
        seen.add(after.join());
        return [after];
      })
    );
  }
  return Infinity;
}

function follow({ ground }: TextGame, start: Bits, plan: readonly Operator[]): Bits {
  const applicable = new Applicable(ground.operators, ground.facts.count);
  return plan.reduce((facts, operator) => {
    assert(applicable.in(facts).includes(operator), `${operator.action} cannot be used`);
    return changedFacts(facts, operator.changes);
  }, start);
}

Deno.test("plans reach the goal, and are shortest but for one step now and then", () => {
  const random = new Random(3);
  let [plans, longer] = [0, 0];
  for (const task of HOUSEHOLD_TASKS) {
    for (let seed = 0; seed < 4; seed++) {
      const { game } = games.draw(seed, task, "all");
      const planner = new Planner(game.ground);
      let state = game.start;
      for (let step = 0; step < 2; step++) {
        const plan = planner.plan(state.facts);
        assert(plan !== undefined, `no plan for ${task}, seed ${seed}`);
        assertEquals(planner.plan(state.facts), plan);
        assert(achieved(game.ground, follow(game, state.facts, plan)));
        const best = shortest(game, state.facts);
        assert(plan.length <= best + 1, `${plan.length} steps where ${best} are enough`);
        plans++;
        if (plan.length > best) longer++;
        for (let i = 0; i < 4; i++) {
          state = game.obey(random.pick([...game.commands(state).keys()]), state).state;
        }
        if (game.won(state)) break;
      }
    }
  }
  assert(plans > 40 && longer <= plans / 20, `${longer} of ${plans} plans are too long`);
});

Deno.test("what cannot be achieved has no plan, what is achieved an empty one", () => {
  const { domain, grammar } = {
    domain: `(define (domain d) (:predicates (a) (b) (c))
      (:action x :parameters () :precondition (a) :effect (and (b) (not (a))))
      (:action y :parameters () :precondition (and (a) (b)) :effect (c)))`,
    grammar:
      `action x { template :: "x"; feedback :: "x"; } action y { template :: "y"; feedback :: "y"; }`,
  };
  const plan = (init: string, goal: string) => {
    const problem = `(define (problem p) (:domain d) (:init ${init}) (:goal ${goal}))`;
    const { ground, start } = new TextGame({ domain, problem, grammar }, () => new Map());
    return new Planner(ground).plan(start.facts)?.map(({ action }) => action);
  };
  assertEquals(plan("(a)", "(c)"), undefined);
  assertEquals(plan("(a) (b)", "(c)"), ["y"]);
  assertEquals(plan("(a)", "(and (b) (not (a)))"), ["x"]);
  assertEquals(plan("", "(b)"), undefined);
  assertEquals(plan("(a)", "(a)"), []);
});

Deno.test("advice does not depend on when it is asked for", () => {
  const random = new Random(5);
  for (let seed = 0; seed < 10; seed++) {
    const { game } = games.draw(seed, "clean-and-place", "all");
    const planner = new Planner(game.ground);
    const [often, once] = [0, 1].map(() => new Guide(() => planner, game.start.facts)) as [
      Guide,
      Guide,
    ];
    let state = game.start;
    for (let step = 0; step < 8; step++) {
      const { plan } = often.advise();
      const commands = game.commands(state);
      const next = plan?.[0];
      const command = next !== undefined && random.next() < 0.6
        ? game.command(next, state)
        : random.pick([...commands.keys()]);
      const outcome = game.obey(command, state, commands);
      state = outcome.state;
      for (const guide of [often, once]) guide.saw(outcome.operator as Operator, state.facts);
      assertEquals(
        often.advise().mistaken,
        next === undefined ||
          outcome.operator !== next && often.advise().plan!.length >= plan!.length,
      );
    }
    assertEquals(once.advise(), often.advise());
  }
});

Deno.test("a plan that is followed is not made again", () => {
  const { game } = games.draw(1, "two-and-place", "all");
  let made = 0;
  const planner = new (class extends Planner {
    override plan(start: Bits): Operator[] | undefined {
      made++;
      return super.plan(start);
    }
  })(game.ground);
  const guide = new Guide(() => planner, game.start.facts);
  let facts = game.start.facts;
  for (let [next] = guide.advise().plan ?? []; next !== undefined; [next] = guide.advise().plan!) {
    facts = changedFacts(facts, next.changes);
    guide.saw(next, facts);
  }
  assert(achieved(game.ground, facts));
  assertEquals(made, 1);
});

Deno.test("a heap gives the least first", () => {
  const random = new Random(7);
  const heap = new Heap<number>((a, b) => a < b);
  const numbers = Array.from({ length: 200 }, () => random.below(50));
  for (const number of numbers) heap.push(number);
  assertEquals(heap.size, 200);
  const given = numbers.map(() => heap.pop());
  assertEquals(given, [...numbers].sort((a, b) => a - b));
  assertEquals([heap.pop(), heap.size], [undefined, 0]);
});
