/**
 * Plays a run in a process of its own: holds its lock, appends an event for each line it reads on
 * standard input, and ends the run when the input ends. Arguments: runs folder, run id.
 */
import { runFiles } from "../../../engine/layout.ts";
import { record, writeRun } from "./fixture.ts";

const [runsFolder = "", id = ""] = Deno.args;
const files = runFiles(runsFolder, id);
await Deno.mkdir(files.folder, { recursive: true });
const lock = await Deno.open(files.lock, { write: true, create: true });
await lock.lock(true);
await writeRun(runsFolder, record(id, { status: "running", endedAt: null }));
console.log("started");
const input = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
for await (const text of input) {
  await Deno.writeTextFile(files.events, text, { append: true });
}
await Deno.writeTextFile(`${files.record}.new`, JSON.stringify(record(id)));
await Deno.rename(`${files.record}.new`, files.record);
lock.close();
