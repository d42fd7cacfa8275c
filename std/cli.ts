/**
 * The part of `@std/cli` the command line uses, with types.
 *
 * The npm republication of the standard library carries no declarations, so `cli.d.ts` beside this
 * file gives them.
 * @module
 */
// @ts-types="./cli.d.ts"
export { parseArgs } from "@std/cli";
