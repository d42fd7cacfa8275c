/**
 * The client against a real server on this machine: what it sends, tries again, waits for and says.
 */
import { z } from "zod";
import {
  ChatClient,
  type ChatOptions,
  chatOptions,
  chatPermissions,
} from "../../agents/openai_client.ts";
import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertLess,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "../../std/assert.ts";
import { type Answer, ChatServer, completion, delay, questionOf } from "./chat_server.ts";

const schema = z.strictObject(chatOptions);
const options = (given: object): ChatOptions => schema.parse({ model: "m", ...given });
const asking = (...texts: string[]) => texts.map((content) => [{ role: "user", content } as const]);

/** Asks a server that answers so; waits are short. */
async function ask(answer: Answer, given: object = {}, signal?: AbortSignal, texts = ["Hello?"]) {
  await using server = new ChatServer(answer);
  const client = new ChatClient(options({ baseUrl: server.baseUrl, ...given }), 0.001);
  const began = performance.now();
  const outcome = await client.complete(asking(...texts), {
    seed: 7,
    signal: signal ?? new AbortController().signal,
  }).then(
    (texts) => ({ texts, message: "", stack: "" }),
    (error) => ({ texts: [], message: String(error), stack: String(error.stack) }),
  );
  const seconds = (performance.now() - began) / 1000;
  return { ...outcome, seconds, server, where: `${server.baseUrl}/chat/completions` };
}

const failing = (status: number, body = "", headers: HeadersInit = {}): Answer => () =>
  new Response(body, { status, headers });

/** Fails the first times, then answers. */
const recovering = (times: number, failure: Answer): Answer => (asked, number) =>
  number <= times ? failure(asked, number) : "Hello.";

Deno.test("a request has the model, the messages, the limits and the seed", async () => {
  const { texts, server } = await ask(() => "Hello.", {
    key: "k-1",
    maxTokens: 9,
    temperature: 0.5,
  });
  assertEquals(texts, ["Hello."]);
  const { path, authorization, body } = server.asked[0]!;
  assertEquals([path, authorization], ["/v1/chat/completions", "Bearer k-1"]);
  assertEquals(body, {
    model: "m",
    messages: [{ role: "user", content: "Hello?" }],
    max_tokens: 9,
    temperature: 0.5,
    seed: 7,
    stream: false,
  });
});

Deno.test("without a key none is sent; fields can be added and taken out; a query is kept", async () => {
  await using server = new ChatServer(() => "Hello.");
  const body = {
    max_tokens: null,
    max_completion_tokens: 5,
    chat_template_kwargs: { thinking: false },
  };
  const client = new ChatClient(options({ baseUrl: `${server.baseUrl}/?version=2`, body }));
  await client.complete(asking("Hello?"), {
    seed: 2 ** 32 - 1,
    signal: new AbortController().signal,
  });
  const { path, authorization, body: sent } = server.asked[0]!;
  assertEquals([path, authorization], ["/v1/chat/completions?version=2", null]);
  assertEquals("max_tokens" in sent, false);
  assertEquals([sent.max_completion_tokens, sent.chat_template_kwargs], [5, { thinking: false }]);
  assertLess(sent.seed, 2 ** 31);
});

Deno.test("answers come in the order of the questions, with no more requests at once than allowed", async () => {
  const texts = Array.from({ length: 12 }, (_, i) => `question ${i}`);
  const answer: Answer = async (asked, number) => {
    await delay(number % 3 === 0 ? 40 : 10, asked);
    return questionOf(asked).replace("question", "answer");
  };
  const { texts: answers, server } = await ask(answer, { concurrency: 3 }, undefined, texts);
  assertEquals(answers, texts.map((text) => text.replace("question", "answer")));
  assertEquals(server.most, 3);
});

Deno.test("busy and failing servers are asked again", async () => {
  for (const status of [429, 500, 503]) {
    const { texts, server } = await ask(recovering(3, failing(status)), { retries: 3 });
    assertEquals([texts, server.asked.length], [["Hello."], 4], String(status));
  }
  const dropped: Answer = () => new Response(new ReadableStream({ start: (c) => c.error("gone") }));
  assertEquals((await ask(recovering(1, dropped))).texts, ["Hello."]);
});

Deno.test("after the last try the error tells how often, where and what was said", async () => {
  const said = { error: { message: `Slow down.\n${"x".repeat(1000)}` } };
  const { message, server, where } = await ask(failing(429, JSON.stringify(said)), { retries: 2 });
  assertEquals(server.asked.length, 3);
  assertStringIncludes(message, `ChatError: ${where} answered 429: Slow down. xxx`);
  assertStringIncludes(message, "x… (tried 3 times)");
  assertLess(message.length, 450);
});

Deno.test("what another try cannot mend is not tried again", async () => {
  const bodies: [string, string][] = [
    [JSON.stringify({ error: { message: "no such model" } }), "answered 404: no such model"],
    [JSON.stringify({ error: "no such model" }), "answered 404: no such model"],
    [JSON.stringify({ detail: "no such path" }), "answered 404: no such path"],
    ["<html>Not found</html>", "answered 404: <html>Not found</html>"],
  ];
  for (const [body, says] of bodies) {
    const { message, server } = await ask(failing(404, body));
    assertStringIncludes(message, says);
    assertEquals(server.asked.length, 1);
  }
  const moved = await ask(failing(307, "", { location: "https://elsewhere.example/" }));
  assertStringIncludes(moved.message, "answered 307: it has moved to https://elsewhere.example/");
});

Deno.test("Retry-After is waited for, in seconds or until a date", async () => {
  const after = (header: string) => ask(recovering(1, failing(429, "", { "retry-after": header })));
  const seconds = await after("0.3");
  assertEquals(seconds.texts, ["Hello."]);
  assertGreaterOrEqual(seconds.seconds, 0.3);
  // Dates have whole seconds.
  const date = await after(new Date(Date.now() + 2000).toUTCString());
  assertEquals(date.texts, ["Hello."]);
  assertGreaterOrEqual(date.seconds, 0.9);
  assertLess((await after("soon")).seconds, 0.3);
  const tomorrow = await after("86400");
  assertStringIncludes(tomorrow.message, "answered 429; it asks to wait 86400 s");
});

Deno.test("an answer that takes too long is given up and asked for again", async () => {
  const slow: Answer = async (asked) => {
    await delay(5000, asked);
    return "Late.";
  };
  assertEquals((await ask(recovering(1, slow), { timeout: 0.2 })).texts, ["Hello."]);
  const { message, server, where } = await ask(slow, { timeout: 0.1, retries: 1 });
  assertEquals(message, `ChatError: ${where}: no answer within 0.1 s (tried 2 times)`);
  assertEquals(server.asked.length, 2);
});

Deno.test("an abort ends requests and waits at once, with its reason", async () => {
  for (
    const answer of [
      async (asked: Parameters<Answer>[0]) => (await delay(5000, asked), "Late."),
      failing(429, "", { "retry-after": "100" }),
    ]
  ) {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(new Error("stop now")), 100);
    const { message, seconds } = await ask(answer, { concurrency: 2 }, controller.signal, [
      "a",
      "b",
      "c",
    ]);
    clearTimeout(timer);
    assertEquals(message, "Error: stop now");
    assertLess(seconds, 2);
  }
  const before = await ask(() => "Hello.", {}, AbortSignal.abort(new Error("not even begun")));
  assertEquals([before.message, before.server.asked.length], ["Error: not even begun", 0]);
});

Deno.test("when one request fails for good, the others are ended", async () => {
  const answer: Answer = async (asked) => {
    if (questionOf(asked) === "bad") return new Response("no", { status: 400 });
    await delay(5000, asked);
    return "Late.";
  };
  const texts = ["good", "bad", "good", "good"];
  const { message, seconds, server } = await ask(answer, { concurrency: 2 }, undefined, texts);
  assertStringIncludes(message, "answered 400: no");
  assertLess(seconds, 2);
  assertEquals(server.asked.length, 2);
});

Deno.test("a server that cannot be reached", async () => {
  const server = new ChatServer(() => "Hello.");
  const { baseUrl } = server;
  await server[Symbol.asyncDispose]();
  const client = new ChatClient(options({ baseUrl, retries: 1 }), 0.001);
  const error = await assertRejects(() =>
    client.complete(asking("Hello?"), { seed: 1, signal: new AbortController().signal })
  );
  assert(error instanceof Error);
  assertStringIncludes(
    error.message,
    `${baseUrl}/chat/completions cannot be reached: client error`,
  );
  assertStringIncludes(error.message, "(tried 2 times)");
});

Deno.test("answers that are no completions are shown, shortened", async () => {
  const odd: [string, string][] = [
    ["<html>Welcome</html>", "choices[0].message.content, got <html>Welcome</html>"],
    ["", "choices[0].message.content, got nothing"],
    ['{"choices":[]}', 'got {"choices":[]}'],
    [completion(7), "choices[0].message.content, got"],
    [completion(null, "length"), "used up its tokens before it said anything; raise maxTokens"],
    [completion("<think>Let me see", "length"), "raise maxTokens"],
    ['{"choices":[{"message":{"content":null,"refusal":"I may not."}}]}', "refused: I may not."],
  ];
  for (const [body, says] of odd) {
    const { message, server } = await ask(() => new Response(body));
    assertStringIncludes(message, says);
    assertEquals(server.asked.length, 1);
  }
});

Deno.test("what a model thinks aloud is no part of its answer", async () => {
  for (const text of ["<think>Hm.</think>Go.", "Hm, hm.\n</think>Go."]) {
    assertEquals((await ask(() => text)).texts, ["Go."]);
  }
  assertEquals((await ask(() => "")).texts, [""]);
});

Deno.test("an error names the address without its query", async () => {
  await using server = new ChatServer(failing(400, "no"));
  const client = new ChatClient(options({ baseUrl: `${server.baseUrl}?token=hidden` }));
  await assertRejects(
    () => client.complete(asking("Hello?"), { seed: 1, signal: new AbortController().signal }),
    Error,
    `${server.baseUrl}/chat/completions answered 400: no`,
  );
});

Deno.test("the key is in no error", async () => {
  const key = "k-very-secret";
  const echo: Answer = ({ authorization }) =>
    new Response(
      JSON.stringify({ error: { message: `${"Incorrect key ".repeat(20)}${authorization}` } }),
      {
        status: 401,
      },
    );
  const refused = await ask(echo, { key });
  assertStringIncludes(refused.message, "answered 401: Incorrect key");
  assertStringIncludes(refused.message, "Bearer ***");
  const odd = await ask(({ authorization }) => new Response(authorization), { key });
  for (const { message, stack } of [refused, odd]) {
    assertEquals((message + stack).includes("very-secret"), false, message);
  }
  for (const broken of ["k-very\nsecret", "k very secret"]) {
    const error = assertThrows(
      () => new ChatClient(options({ key: broken })),
      Error,
      "no header can carry",
    );
    assertEquals(String(error).includes("secret"), false);
  }
});

Deno.test("an answer keeps the words that a made-up key is part of", async () => {
  for (const key of ["x", "content", "none"]) {
    const { texts } = await ask(() => "The next content is none.", { key });
    assertEquals(texts, ["The next content is none."]);
  }
});

Deno.test("options are checked, and only the server's host and port need be reached", () => {
  for (
    const wrong of [
      { baseUrl: "ftp://a" },
      { baseUrl: "here" },
      { baseUrl: "http://a:b@c/" },
      { model: "" },
      { key: "" },
      { retries: -1 },
      { concurrency: 0 },
    ]
  ) {
    assertEquals(schema.safeParse({ model: "m", ...wrong }).success, false, JSON.stringify(wrong));
  }
  const net = (baseUrl: string) => chatPermissions(options({ baseUrl })).net;
  assertEquals(chatPermissions(options({})).net, ["api.openai.com:443"]);
  assertEquals(net("http://localhost/v1"), ["localhost:80"]);
  assertEquals(net("http://[::1]:8080/v1"), ["[::1]:8080"]);
});
