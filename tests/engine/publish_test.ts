import { join } from "node:path";
import type { PublishContext, StageModule } from "../../engine/module.ts";
import { assert, assertEquals } from "../../std/assert.ts";
import { leave, make, stages, working } from "./modules.ts";
import { Workspace } from "./workspace.ts";

const ONE = `
name: one
stages:
  work: { uses: work, with: { size: 1 } }
`;

Deno.test("publish hooks see the whole run, cached or not, with the time it took to compute", async () => {
  await using work = await Workspace.with(`
name: publishing
stages:
  early: { uses: reporter, with: { size: 1 } }
  late: { uses: make, needs: early, with: { size: 2 } }
`);
  const seen: PublishContext[] = [];
  const reporter: StageModule = {
    ...make as StageModule,
    name: "reporter",
    async publish(_, context) {
      seen.push(context);
      await Deno.mkdir(join(context.runFolder, "report"));
    },
  };
  const modules = new Map([...stages, ["reporter", reporter]]);
  const first = await work.run({ stages: modules });
  await work.run({ stages: modules });
  assertEquals(seen.map(({ run }) => run.stages.map(({ state }) => state)), [
    ["done", "done"],
    ["cached", "cached"],
  ]);
  assertEquals(
    seen.map(({ run }) => run.stages.map(({ computeSeconds }) => computeSeconds)),
    [1, 2].map(() => first.stages.map(({ computeSeconds }) => computeSeconds)),
  );
  assertEquals(Object.keys(seen[1]?.outputs ?? {}), ["data", "metrics"]);
  assert(Deno.statSync(join(work.runsFolder, "latest", "report")).isDirectory);
});

Deno.test("a publish hook that fails makes the run fail", async () => {
  await using work = await Workspace.with(ONE);
  const modules = working(leave);
  const broken: StageModule = {
    ...modules.get("work") as StageModule,
    publish: () => Promise.reject(new Error("disk full")),
  };
  const run = await work.run({ stages: new Map([["work", broken]]) });
  assertEquals(run.status, "failed");
  assertEquals(run.stages[0]?.reason, "could not publish: disk full");
});
