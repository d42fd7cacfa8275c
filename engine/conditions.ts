/**
 * `if`: what it says, and what keeps an instance from running.
 * @module
 */
import type { Diagnostics } from "./diagnostics.ts";
import { asksStatus, type NeedsStatus } from "./evaluate.ts";
import { parseExpression } from "./expressions.ts";
import { type Graph, withNeeds } from "./graph.ts";
import { resolveCondition } from "./resolve.ts";
import type { Scope } from "./scope.ts";
import type { TreeNode } from "./tree.ts";
import type { Condition, Gate, StageInstance } from "./workflow.ts";

/**
 * Reads the `if` of an instance. Everything it may name is known before the run, how its needs end
 * aside: so it is worked out for each way they can. Undefined where it is wrong, which is reported.
 */
export function readCondition(
  node: TreeNode,
  stage: string,
  scope: Scope,
  diagnostics: Diagnostics,
): Condition | undefined {
  const wrong = (what: string) => {
    const message = `key "if" of stage "${stage}": expected an expression that is true or false, ` +
      `as vars.full && matrix.seed <= 3, got ${what}`;
    diagnostics.add(node.at, "wrong-type", message);
    return undefined;
  };
  if (node.kind !== "scalar") return wrong(`a ${node.kind}`);
  if (node.broken) return undefined;
  if (typeof node.value === "boolean") {
    return condition(String(node.value), false, () => node.value as boolean);
  }
  if (typeof node.value !== "string") return wrong(JSON.stringify(node.value));
  const outcomes = new Map<NeedsStatus, boolean>();
  for (const status of ["success", "failure", "skipped"] as const) {
    const value = resolveCondition(node, scope, status, diagnostics);
    if (value === undefined) return undefined;
    if (typeof value !== "boolean") return wrong(JSON.stringify(value));
    outcomes.set(status, value);
  }
  const expression = parseExpression(node.value);
  const outcome = (status: NeedsStatus) => outcomes.get(status) === true;
  return condition(expression.text, asksStatus(expression), outcome);
}

/** One that does not ask how its needs have ended wants them to have succeeded. */
function condition(
  text: string,
  asks: boolean,
  outcome: (status: NeedsStatus) => boolean,
): Condition {
  return {
    text,
    success: outcome("success"),
    failure: asks && outcome("failure"),
    skipped: asks && outcome("skipped"),
  };
}

/** False for an instance that an `if` keeps from running however its needs end. */
export function mayRun({ gates }: Pick<StageInstance, "gates">): boolean {
  return gates.every(({ condition }) => mayHold(condition));
}

/** False for a condition that does not hold however the needs end. */
export function mayHold(condition: Condition | undefined): boolean {
  return condition === undefined || condition.success || condition.failure || condition.skipped;
}

/** Why an instance has no result. */
export type Loss = "failed" | "was skipped";

/** Tells what keeps the instances of one workflow from running. */
export class SkipRules {
  readonly #instances: ReadonlyMap<string, StageInstance>;
  #graph: Graph | undefined;

  /** For these instances. */
  constructor(instances: readonly StageInstance[]) {
    this.#instances = new Map(instances.map((instance) => [instance.name, instance]));
  }

  /** What keeps an instance from running, in a few words, given which instances have no result. */
  whySkipped(instance: StageInstance, losses: ReadonlyMap<string, Loss>): string | undefined {
    const { gates, reads } = instance;
    const never = gates.find(({ condition }) => !mayHold(condition));
    if (never !== undefined) return `if: ${never.condition?.text}`;
    const unread = reads.find((name) => losses.has(name));
    // Whatever its "if" says: without what it reads it cannot run.
    if (unread !== undefined) return whoseLoss(unread, losses);
    for (const gate of gates) {
      const why = this.#whyClosed(gate, losses);
      if (why !== undefined) return why;
    }
    return undefined;
  }

  #whyClosed({ condition, needs }: Gate, losses: ReadonlyMap<string, Loss>): string | undefined {
    const isTolerated = (name: string) =>
      losses.get(name) === "failed" && this.#instances.get(name)?.tolerated === true;
    const missed = needs.find((name) => losses.has(name) && !isTolerated(name));
    if (condition === undefined) return missed && whoseLoss(missed, losses);
    const status = missed === undefined
      ? "success"
      : this.#farNeeds(needs).some((name) => losses.get(name) === "failed" && !isTolerated(name))
      ? "failure"
      : "skipped";
    if (condition[status]) return undefined;
    return missed !== undefined && !condition.failure && !condition.skipped
      ? whoseLoss(missed, losses)
      : `if: ${condition.text}`;
  }

  /** The instances and all they need, near and far. */
  #farNeeds(names: readonly string[]): string[] {
    this.#graph ??= new Map(
      [...this.#instances].map(([name, { needs }]) => [name, new Set(needs)]),
    );
    return [...withNeeds(this.#graph, names)];
  }
}

function whoseLoss(name: string, losses: ReadonlyMap<string, Loss>): string {
  return `needs ${name}, which ${losses.get(name)}`;
}
