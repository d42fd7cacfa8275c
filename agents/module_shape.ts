/**
 * What keeps a module that has all that every module has from being a reflection agent's.
 * @module
 */

/** What is wrong with a module as one of a reflection agent, in a few words; undefined where nothing is. */
export function agentProblem(module: object): string | undefined {
  return "tasks" in module ? 'it has "tasks", so it is an environment, no agent' : undefined;
}
