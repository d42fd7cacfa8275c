/**
 * What a schema finds wrong, in words that say what came.
 * @module
 */
import type { z } from "zod";

/** What was expected and what came, of an issue that was found with `reportInput`. */
export function issueWords(issue: z.core.$ZodIssue): string {
  if (issue.code === "custom" || issue.code === "unrecognized_keys") return issue.message;
  const said = issue.message.replace(/^(?:Invalid|Too)[\w ]*: /, "").replace(/, received .*$/s, "");
  return / got /.test(said) ? said : `${said}, got ${shown(issue.input)}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
