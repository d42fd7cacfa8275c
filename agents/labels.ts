/**
 * The labels a policy answers with. They are part of what an environment offers, so they are told there.
 * @module
 */
export * from "../envs/labels.ts";
