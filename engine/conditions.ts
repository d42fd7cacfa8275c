/**
 * `if`: what it says, and what keeps an instance from running.
 * @module
 */
import type { Diagnostics } from "./diagnostics.ts";
import { asksStatus, type NeedsStatus } from "./evaluate.ts";
import { parseExpression } from "./expressions.ts";
import { withNeeds } from "./graph.ts";
import { resolveCondition } from "./resolve.ts";
import type { Scope } from "./scope.ts";
import type { TreeNode } from "./tree.ts";
import type { Condition, StageInstance } from "./workflow.ts";

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

/** False for an instance that its `if` keeps from running however its needs end. */
export function mayRun({ condition }: Pick<StageInstance, "condition">): boolean {
  return condition === undefined || condition.success || condition.failure || condition.skipped;
}

/** Why an instance has no result. */
export type Loss = "failed" | "was skipped";

/** What keeps an instance from running, in a few words, given which instances have no result. */
export function whySkipped(
  instance: StageInstance,
  instances: readonly StageInstance[],
  losses: ReadonlyMap<string, Loss>,
): string | undefined {
  const { condition, reads, needs } = instance;
  if (!mayRun(instance)) return `if: ${condition?.text}`;
  const lost = (names: readonly string[]) => names.find((name) => losses.has(name));
  const words = (name: string) => `needs ${name}, which ${losses.get(name)}`;
  const unread = lost(reads);
  // Whatever its "if" says: without what it reads it cannot run.
  if (unread !== undefined) return words(unread);
  if (lost(needs) === undefined) {
    return condition === undefined || condition.success ? undefined : `if: ${condition.text}`;
  }
  const tolerated = new Set(
    instances.filter(({ name, continueOnError }) =>
      continueOnError && losses.get(name) === "failed"
    ).map(({ name }) => name),
  );
  const missed = lost(needs.filter((name) => !tolerated.has(name)));
  if (condition === undefined) return missed === undefined ? undefined : words(missed);
  const status = missed === undefined
    ? "success"
    : hasFailed(instance, instances, losses, tolerated)
    ? "failure"
    : "skipped";
  if (condition[status]) return undefined;
  return missed !== undefined && !condition.failure && !condition.skipped
    ? words(missed)
    : `if: ${condition.text}`;
}

/** Whether anything an instance needs, near or far, has failed. */
function hasFailed(
  instance: StageInstance,
  instances: readonly StageInstance[],
  losses: ReadonlyMap<string, Loss>,
  tolerated: ReadonlySet<string>,
): boolean {
  const graph = new Map(instances.map(({ name, needs }) => [name, new Set(needs)]));
  return [...withNeeds(graph, instance.needs)].some((name) =>
    losses.get(name) === "failed" && !tolerated.has(name)
  );
}
