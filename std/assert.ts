/**
 * The part of `@std/assert` the tests use, with types.
 *
 * The npm republication of the standard library carries no declarations, so
 * `assert.d.ts` beside this file gives them: assertions narrow as they do in the original.
 * @module
 */
// @ts-types="./assert.d.ts"
export {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertExists,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
