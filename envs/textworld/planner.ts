/**
 * The expert's planner: A* over situations, guided by relaxed plans.
 *
 * A situation is estimated only when its turn comes; until then it counts as one step nearer than its
 * predecessor where the relaxed plan of that one led there, and as no nearer elsewhere. So few situations are
 * ever estimated. Relaxed plans may overestimate, so plans are short but not proven shortest. Where A* takes
 * too long, the search goes on greedily from what it has.
 * @module
 */
import { Applicable } from "./applicable.ts";
import { achieved, type GroundProblem, type Operator } from "./ground.ts";
import { Heap } from "./heap.ts";
import { type Estimate, Heuristic } from "./heuristic.ts";
import { relaxProblem } from "./relaxed_problem.ts";
import { type Bits, changedFacts } from "./state.ts";

/** Situations A* looks into before it gets greedy. */
const PATIENT = 400;
/** Situations after which the planner gives up. */
const MOST = 5_000;

interface Node {
  /** Undefined until its turn comes. */
  facts: Bits | undefined;
  readonly parent: Node | undefined;
  readonly operator: Operator | undefined;
  /** Steps from the start. */
  readonly steps: number;
  /** Estimated steps to the goal. */
  left: number;
  /** Set once it was its turn. */
  estimate: Estimate | undefined;
  /** Order of discovery, to decide between equals. */
  readonly order: number;
}

/** Plans in one problem, from any of its situations. */
export class Planner {
  readonly #problem: GroundProblem;
  readonly #heuristic: Heuristic;
  readonly #applicable: Applicable;

  /** Prepares a problem. */
  constructor(problem: GroundProblem) {
    this.#problem = problem;
    const relaxed = relaxProblem(problem);
    this.#heuristic = new Heuristic(relaxed);
    this.#applicable = new Applicable(relaxed.operators, problem.facts.count);
  }

  /**
   * A way to the goal from a situation: operators in order, none where the goal is achieved already. Undefined
   * where there is no way, or none was found. The same situation gives the same plan.
   */
  plan(start: Bits): Operator[] | undefined {
    let heap = new Heap<Node>(patient);
    const seen = new Map<string, number>();
    let [order, looked] = [0, 0];
    heap.push({
      facts: start,
      parent: undefined,
      operator: undefined,
      steps: 0,
      left: 0,
      estimate: undefined,
      order: order++,
    });
    while (looked < MOST) {
      const node = heap.pop();
      if (node === undefined) return undefined;
      const facts = node.facts ??= factsOf(node);
      if (node.estimate === undefined) {
        const key = keyOf(facts);
        if ((seen.get(key) ?? Infinity) <= node.steps) continue;
        seen.set(key, node.steps);
        if (achieved(this.#problem, facts)) return wayTo(node);
        node.estimate = this.#heuristic.estimate(facts);
        const guessed = node.left;
        node.left = node.estimate.distance;
        looked++;
        if (looked === PATIENT) heap = emptied(heap, greedy);
        if (node.left === Infinity) continue;
        if (node.left > guessed && node.parent !== undefined) {
          heap.push(node);
          continue;
        }
      }
      const { distance, helpful } = node.estimate;
      for (const operator of this.#applicable.in(facts)) {
        heap.push({
          facts: undefined,
          parent: node,
          operator,
          steps: node.steps + 1,
          left: helpful.has(operator) ? distance - 1 : distance,
          estimate: undefined,
          order: order++,
        });
      }
    }
    return undefined;
  }
}

function patient(a: Node, b: Node): boolean {
  const [one, two] = [a.steps + a.left, b.steps + b.left];
  return one !== two ? one < two : greedy(a, b);
}

function greedy(a: Node, b: Node): boolean {
  return a.left !== b.left ? a.left < b.left : a.order < b.order;
}

function emptied(heap: Heap<Node>, before: (a: Node, b: Node) => boolean): Heap<Node> {
  const other = new Heap<Node>(before);
  for (let node = heap.pop(); node !== undefined; node = heap.pop()) other.push(node);
  return other;
}

function factsOf({ parent, operator }: Node): Bits {
  return changedFacts(parent?.facts as Bits, operator?.changes ?? []);
}

function keyOf(facts: Bits): string {
  return String.fromCharCode(...new Uint16Array(facts.buffer, facts.byteOffset, facts.length * 2));
}

function wayTo(node: Node): Operator[] {
  const way: Operator[] = [];
  for (let at: Node | undefined = node; at?.operator !== undefined; at = at.parent) {
    way.push(at.operator);
  }
  return way.reverse();
}
