/**
 * Runs the workflow and kills itself right after an event of that number was recorded.
 *
 * `deno run victim.ts RUNS EVENT EXECUTOR`: 0 kills nothing; the executor is `inline` or `local`. Prints
 * the run as it ended.
 * @module
 */
import { inline } from "../../engine/executors/inline.ts";
import { stageExecutor } from "../../stages/executor.ts";
import { runWorkflow } from "../../stages/workflow.ts";

const [runsFolder = "", killAt = "0", executor = "inline"] = Deno.args;
let count = 0;
const run = await runWorkflow(new URL("./flow.yaml", import.meta.url).pathname, {
  runsFolder,
  device: "software",
  concurrency: 1,
  executor: executor === "inline" ? inline : await stageExecutor(),
  listener: () => {
    if (++count === Number(killAt)) Deno.kill(Deno.pid, "SIGKILL");
  },
});
console.log(JSON.stringify({ run, count }));
Deno.exit(run.status === "done" ? 0 : 1);
