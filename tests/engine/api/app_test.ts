import { assert, assertEquals, assertMatch, assertStringIncludes } from "../../../std/assert.ts";
import { createApp } from "../../../engine/api/app.ts";
import { record, stage, writeMetrics, writeRun } from "./fixture.ts";

async function runsFolder(): Promise<string> {
  const folder = await Deno.makeTempDir();
  await writeRun(
    folder,
    record("old", { startedAt: "2026-07-01T10:00:00.000Z" }),
  );
  await writeMetrics(folder, "aa", [3, 2]);
  await writeMetrics(folder, "bb", [5, 4.123456]);
  const run = record("new", {
    stages: [
      stage("demos"),
      stage("rl (seed=1)", { outputs: { metrics: "aa" } }),
      stage("rl (seed=2)", { outputs: { metrics: "bb" }, state: "cached" }),
    ],
  });
  await writeRun(folder, run, [{ type: "run-started" }]);
  await Deno.mkdir(`${folder}/new/report/parts`, { recursive: true });
  await Deno.writeTextFile(`${folder}/new/report/index.html`, "<h1>Report");
  await Deno.writeTextFile(`${folder}/new/report/parts/a b.svg`, "<svg/>");
  await Deno.symlink(`${folder}/new`, `${folder}/latest`);
  return folder;
}

async function get(path: string, init: RequestInit = {}): Promise<Response> {
  return await createApp({ runsFolder: await runsFolder() }).request(
    path,
    init,
  );
}

interface Failure {
  readonly error: { readonly code: string; readonly message: string };
}

async function failure(response: Response): Promise<[number, string]> {
  const body: Failure = await response.json();
  assertEquals(Object.keys(body), ["error"]);
  assertEquals(Object.keys(body.error), ["code", "message"]);
  return [response.status, body.error.code];
}

Deno.test("api: healthz", async () => {
  const response = await get("/healthz");
  assertEquals(await response.json(), { status: "ok" });
  assertEquals((await get("/favicon.ico")).status, 204);
});

Deno.test("api: runs, newest first; none where the folder does not exist", async () => {
  const { runs }: { runs: { id: string }[] } = await (await get("/api/runs"))
    .json();
  assertEquals(runs.map((run) => run.id), ["new", "old"]);
  const app = createApp({ runsFolder: "/nowhere/at/all" });
  assertEquals(await (await app.request("/api/runs")).json(), { runs: [] });
  assertStringIncludes(await (await app.request("/")).text(), "No runs yet");
});

Deno.test("api: a run by id and as latest, without its record's private part", async () => {
  const run = await (await get("/api/runs/new")).json();
  assertEquals([run.id, run.status, run.stages.length], ["new", "done", 3]);
  assertEquals(run.stages[2].state, "cached");
  assertEquals("text" in run, false);
  assertEquals(await (await get("/api/runs/latest")).json(), run);
});

Deno.test("api: metrics of all stages, of one instance, of a matrix", async () => {
  const stages = async (query: string) => {
    const response = await get(`/api/runs/latest/metrics${query}`);
    return (await response.json()).stages;
  };
  const [one, two] = await stages("");
  assertEquals(one, {
    stage: "rl (seed=1)",
    points: [{ step: 0, values: { loss: 3 } }, {
      step: 1,
      values: { loss: 2 },
    }],
  });
  assertEquals(await stages("?stage=rl%20(seed%3D2)"), [two]);
  assertEquals(await stages("?stage=rl"), [one, two]);
  assertEquals(await stages("?stage=demos"), []);
});

Deno.test("api: stages of an included file have metrics and pages under their own names", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const names = ["arm (seed=1)/train", "arm (seed=2)/train", "armour"];
    const run = record("new", {
      stages: names.map((name) =>
        stage(name, { stage: name.replace(/ \(.*?\)/, ""), outputs: { metrics: "abc" } })
      ),
    });
    await writeRun(folder, run);
    await writeMetrics(folder, "abc", [1]);
    const app = createApp({ runsFolder: folder });
    const found = async (wanted: string) => {
      const path = `/api/runs/new/metrics?stage=${encodeURIComponent(wanted)}`;
      const { stages } = await (await app.request(path)).json();
      return stages.map((one: { stage: string }) => one.stage);
    };
    assertEquals(await found("arm"), names.slice(0, 2));
    assertEquals(await found("arm/train"), names.slice(0, 2));
    assertEquals(await found("arm (seed=2)"), [names[1]]);
    assertEquals(await found("arm (seed=2)/train"), [names[1]]);
    const page = await (await app.request("/runs/new")).text();
    for (const name of names) assertStringIncludes(page, name);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("api: what is not there is a 404 with a code and a message", async () => {
  for (
    const [path, code] of [
      ["/api/runs/none", "run-not-found"],
      ["/api/runs/..%2fnew", "run-not-found"],
      ["/api/runs/none/events", "run-not-found"],
      ["/api/runs/new/metrics?stage=lr", "stage-not-found"],
      ["/runs/none", "run-not-found"],
      ["/runs/none/report/", "run-not-found"],
      ["/runs/old/report/", "not-found"],
      ["/api/nothing", "not-found"],
    ] as const
  ) {
    assertEquals(await failure(await get(path)), [404, code], path);
  }
});

Deno.test("api: files of the report, and the redirect to its page", async () => {
  const page = await get("/runs/latest/report/");
  assertEquals(await page.text(), "<h1>Report");
  assertEquals(page.headers.get("content-type"), "text/html; charset=utf-8");
  const picture = await get("/runs/new/report/parts/a%20b.svg");
  assertEquals(await picture.text(), "<svg/>");
  assertMatch(picture.headers.get("content-type") ?? "", /^image\/svg/);
  const bare = await get("/runs/new/report");
  assertEquals(bare.headers.get("location"), "/runs/new/report/");
});

Deno.test("api: no path leads out of the report folder, links included", async () => {
  const folder = await runsFolder();
  await Deno.symlink(`${folder}/new/run.json`, `${folder}/new/report/out.json`);
  await Deno.symlink(`${folder}/new`, `${folder}/new/report/up`);
  await Deno.mkdir(`${folder}/new/reporting`);
  await Deno.writeTextFile(`${folder}/new/reporting/secret`, "");
  await Deno.symlink(`${folder}/new/reporting`, `${folder}/new/report/near`);
  const app = createApp({ runsFolder: folder });
  for (
    const path of [
      "%2e%2e%2frun.json",
      "..%2frun.json",
      "parts%2f..%2f..%2frun.json",
      "..%5crun.json",
      "%2fetc%2fpasswd",
      "/etc/passwd",
      "out.json",
      "up/run.json",
      "..%2freporting%2fsecret",
      "near/secret",
      "parts",
      "parts/",
      "index.html/",
      "index.html/x",
      "a%00b",
      "%ff",
      "%",
    ]
  ) {
    const response = await app.request(`/runs/new/report/${path}`);
    assertEquals(await failure(response), [404, "not-found"], path);
  }
});

Deno.test("api: every answer carries the security headers, errors too", async () => {
  for (const path of ["/", "/api/runs", "/runs/new/report/", "/nothing"]) {
    const { headers } = await get(path);
    assertMatch(
      headers.get("content-security-policy") ?? "",
      /^default-src 'none'; script-src 'sha256-[^']{44}';.*frame-ancestors 'none'$/,
    );
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assertEquals(headers.get("cache-control"), "no-store");
  }
});

Deno.test("api: the policy names the hash of the page's one script", async () => {
  const response = await get("/");
  const scripts = [
    ...(await response.text()).matchAll(/<script>([\s\S]*?)<\/script>/g),
  ];
  assertEquals(scripts.length, 1);
  const digest = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode(scripts[0]?.[1]),
  );
  assertStringIncludes(
    response.headers.get("content-security-policy") ?? "",
    `'sha256-${new Uint8Array(digest).toBase64()}'`,
  );
});

Deno.test("api: only reads", async () => {
  const post = await get("/api/runs", { method: "POST" });
  assertEquals(post.headers.get("allow"), "GET, HEAD");
  assertEquals(await failure(post), [405, "method-not-allowed"]);
  const head = await get("/runs/new/report/", { method: "HEAD" });
  assertEquals([head.status, await head.text()], [200, ""]);
});

Deno.test("api: on loopback, a request to another name is refused", async () => {
  const folder = await runsFolder();
  const status = async (host: string, loopback: boolean) => {
    const app = createApp({ runsFolder: folder, loopback });
    return (await app.request("/api/runs", { headers: { host } })).status;
  };
  for (
    const host of [
      "localhost",
      "LOCALHOST:8000",
      "127.0.0.1:8000",
      "127.0.0.2",
      "[::1]:8000",
      "[::1]",
    ]
  ) assertEquals(await status(host, true), 200, host);
  for (
    const host of [
      "evil.example",
      "evil.example:8000",
      "localhost.evil.example",
      "evil-localhost",
      "127.0.0.1.evil.example",
      "[::1].evil.example",
      "192.168.0.2",
      "",
    ]
  ) assertEquals(await status(host, true), 421, host);
  assertEquals(await status("gpu-box:8000", false), 200);
});

Deno.test("pages: a run with states, reasons, progress and newest metrics", async () => {
  const page = await (await get("/runs/latest")).text();
  assertStringIncludes(page, '<span class="state cached">cached</span>');
  assertStringIncludes(page, "no earlier result");
  assertStringIncludes(page, "<span>step 1</span><span>loss 4.123</span>");
  assertStringIncludes(page, 'href="/runs/new/report/"');
  assert(!page.includes("data-events"), "a run that is over is not followed");
  assert(!(await (await get("/runs/old")).text()).includes("/report/"));
});

Deno.test("pages: text from workflows is escaped", async () => {
  const evil = `"><script>alert(1)</script>`;
  const folder = await Deno.makeTempDir();
  await writeRun(
    folder,
    record("evil", {
      workflow: evil,
      file: evil,
      device: { description: evil },
      stages: [stage(evil, { reason: evil, uses: evil })],
    }),
  );
  const app = createApp({ runsFolder: folder });
  for (const path of ["/", "/runs/evil"]) {
    const page = await (await app.request(path)).text();
    assert(!page.includes("<script>alert"), path);
    assertStringIncludes(page, "&quot;&gt;&lt;script&gt;");
  }
});

Deno.test("api: a record that cannot be read is an error without details", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(`${folder}/torn`);
  await Deno.writeTextFile(`${folder}/torn/run.json`, "{");
  const log = console.error;
  const logged: unknown[] = [];
  console.error = (error) => logged.push(error);
  try {
    const app = createApp({ runsFolder: folder });
    const response = await app.request("/api/runs/torn");
    assertEquals([response.status, await response.json()], [500, {
      error: {
        code: "internal-error",
        message: "reading the run failed; the server's log says why",
      },
    }]);
    assertEquals(logged.length, 1);
  } finally {
    console.error = log;
  }
});
