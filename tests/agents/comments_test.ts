/** What a user's agent may give is looked at before anybody reads it. */
import type { ReflectionAgent } from "../../agents/agent.ts";
import { commentsOn } from "../../agents/comments.ts";
import { assertEquals, assertRejects } from "../../std/assert.ts";

const observation = { history: "", state: "", actions: [{ label: "0", text: "go" }] };
const options = { seed: 1, signal: new AbortController().signal };

function asked(comments: unknown) {
  const agent = { reflect: () => Promise.resolve(comments) } as unknown as ReflectionAgent;
  return commentsOn(agent, [observation, observation], options);
}

Deno.test("commentsOn: one text for each observation", async () => {
  assertEquals(await asked(["a", ""]), ["a", ""]);
});

Deno.test("commentsOn: anything else is refused, and told", async () => {
  for (
    const [comments, says] of [
      [["a"], "gave 1 comments on 2 observations; it must give a list with one each"],
      [undefined, "gave undefined on 2 observations"],
      [{ 0: "a" }, 'gave {"0":"a"} on 2 observations'],
      [["a", 3], "comment on observation 2 of 2 is no text: 3"],
      [[undefined, "a"], "comment on observation 1 of 2 is no text: undefined"],
    ] as const
  ) await assertRejects(() => asked(comments), TypeError, says);
  await assertRejects(
    () => commentsOn({} as ReflectionAgent, [observation], options),
    TypeError,
    "has no function reflect",
  );
});
