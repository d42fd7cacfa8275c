/**
 * `deno task explore QUESTION`: asks a trained policy which file of a folder answers a question.
 * @module
 */
import { type Exploration, explore, ExploreError, type ExploreRequest } from "../stages/explore.ts";
import { type Arguments, readArguments, UsageError } from "./arguments.ts";

const USAGE = `usage: deno task explore --model FOLDER [options] "QUESTION"

  --model FOLDER      the policy: the output model of a stage sft or rl
  --reflector FOLDER  the reflection model the policy was trained with: the output onnx of a stage sft
  --root FOLDER       where to look (default: the working folder; npm:NAME for an installed package's);
                      nothing in it is changed
  --with JSON         options of auto-explore the policy was trained with: --with '{"reading":["cat"]}'
  --temperature T     of the policy's choice (default 0, its likeliest command)
  --seed N            draws the commands where the temperature is above 0 (default 1)
  --device DEVICE     auto (default), gpu or software
  --json              print { "file", "steps" } as JSON

Exit: 0 a file was identified, 1 none was, 2 the arguments or a folder are wrong.`;

/** Runs the command. Returns the exit code. */
export async function exploreCommand(args: string[]): Promise<number> {
  const given = readArguments(args, {
    usage: USAGE,
    flags: ["json"],
    texts: ["model", "reflector", "root", "with", "temperature", "seed", "device"],
    positional: [1, 1],
  });
  if (given === undefined) return 0;
  const request = readRequest(given);
  try {
    const exploration = await explore(request);
    console.log(
      given.flag("json") ? JSON.stringify(exploration) : describe(exploration, request),
    );
    return exploration.file === undefined ? 1 : 0;
  } catch (error) {
    if (!(error instanceof ExploreError)) throw error;
    console.error(`error: ${error.message}`);
    return 2;
  }
}

function readRequest(given: Arguments): ExploreRequest {
  const model = given.text("model");
  if (model === undefined) throw new UsageError(`--model is missing\n${USAGE}`);
  const question = (given.positional[0] ?? "").trim();
  if (question === "") throw new UsageError(`the question is empty\n${USAGE}`);
  return {
    question,
    model,
    reflector: given.text("reflector"),
    root: given.text("root") ?? ".",
    with: readJson(given.text("with") ?? "{}"),
    temperature: readNumber("temperature", given.text("temperature") ?? "0"),
    seed: readNumber("seed", given.text("seed") ?? "1"),
    device: readDevice(given.text("device") ?? "auto"),
  };
}

function readJson(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (value instanceof Object && !Array.isArray(value)) return value;
  throw new UsageError(`--with: expected JSON like {"reading":["cat"]}, got ${text}`);
}

function readNumber(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value >= 0) return value;
  throw new UsageError(`--${name}: expected a number, 0 or more, got "${text}"`);
}

function readDevice(text: string): ExploreRequest["device"] {
  if (text === "auto" || text === "gpu" || text === "software") return text;
  throw new UsageError(`--device: expected auto, gpu or software, got "${text}"`);
}

/** The file on a line of its own, then the way, with what the reflection model said where it said something. */
function describe({ file, steps }: Exploration, { root }: ExploreRequest): string {
  const way = steps.map(({ command, reflection }) =>
    reflection === "" ? `  ${command}` : `  ${command}  (${reflection})`
  );
  return [file ?? `no file of ${root} was identified in ${steps.length} steps`, ...way].join("\n");
}
