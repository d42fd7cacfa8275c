/**
 * What a schema finds wrong, in words that say what came.
 * @module
 */
import type { z } from "zod";
import { shown } from "./shown.ts";

/** What was expected and what came, of an issue that was found with `reportInput`. */
export function issueWords(issue: z.core.$ZodIssue): string {
  if (issue.code === "custom" || issue.code === "unrecognized_keys") return issue.message;
  return `${expectation(issue)}, got ${shown(issue.input)}`;
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_union" && issue.message === "Invalid input") {
    const forms = issue.errors.flatMap(([first]) => first === undefined ? [] : expectation(first));
    return `expected ${forms.map((form) => form.replace(/^expected /, "")).join(", or ")}`;
  }
  return issue.message.replace(/^(?:Invalid|Too)[\w ]*: /, "").replace(/, received .*$/s, "");
}
