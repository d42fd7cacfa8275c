/**
 * One question to a trained AutoExplore policy: plays an episode on a folder and tells where it ended.
 *
 * What `deno task explore` does, without the command line.
 * @module
 */
import { join } from "node:path";
import { makeReflectionAgent } from "../agents/make.ts";
import { Policy } from "../agents/policy.ts";
import { artifactPath } from "../engine/artifact.ts";
import type { DeviceChoice } from "../engine/module.ts";
import { askAbout, autoExplore } from "../envs/auto-explore/auto_explore.ts";
import { placeModel } from "../models/causal_model.ts";
import { readModelFolder } from "../models/model_folder.ts";
import { ONNX_FILE } from "../models/onnx/export.ts";
import { parseOptions } from "../std/modules.ts";
import { rollout } from "../training/rollout.ts";
import { withDevice } from "./device.ts";

/** What to ask whom. */
export interface ExploreRequest {
  /** In plain words. */
  readonly question: string;
  /** Folder to explore: a path, or `npm:` and a module of an installed package. */
  readonly root: string;
  /** Folder of the policy, the output `model` of `sft` or `rl`. */
  readonly model: string;
  /** Folder of the reflection model, the output `onnx` of `sft`; undefined for none. */
  readonly reflector?: string | undefined;
  /** Options of the environment, those the policy was trained with. */
  readonly with: object;
  /** 0 is greedy. */
  readonly temperature: number;
  /** Draws the actions, where the temperature is above 0. */
  readonly seed: number;
  /** Where the model computes. */
  readonly device: DeviceChoice;
}

/** How it went. */
export interface Exploration {
  /** The file that was identified, from the root; undefined where the episode ended without. */
  readonly file: string | undefined;
  /** Every command, and the comment the policy read before it. */
  readonly steps: readonly { readonly command: string; readonly reflection: string }[];
}

/** What was asked for cannot be done. The message says what to change. */
export class ExploreError extends Error {
  /** The class's name, for messages. */
  override readonly name = "ExploreError";
}

/** Plays one episode. Throws an ExploreError for folders, options and questions that do not fit. */
export async function explore(request: ExploreRequest): Promise<Exploration> {
  requireFiles("model", request.model, ["config.json", "tokenizer.json", "model.safetensors"]);
  if (request.reflector !== undefined) {
    requireFiles("reflector", request.reflector, ["config.json", "tokenizer.json", ONNX_FILE]);
  }
  if ("root" in request.with) {
    throw new ExploreError("--with names a root; give the folder with --root alone");
  }
  const options = await orExplain(
    "--with does not fit",
    () => parseOptions("environment", autoExplore, { ...request.with, root: request.root }),
  );
  const environment = await orExplain(
    "the folder cannot be explored",
    () => askAbout(artifactPath(request.root), request.question, options),
  );
  const reflection = await orExplain(
    "the reflection model cannot be used",
    () =>
      request.reflector === undefined
        ? makeReflectionAgent("none")
        : makeReflectionAgent("onnx", { model: request.reflector }),
  );
  try {
    const [episode] = await orExplain(
      "the policy cannot be asked",
      () =>
        withDevice(request.device, async (device) => {
          const files = readModelFolder(request.model);
          const model = placeModel(device, files, { trainable: false });
          return await rollout([{ environment, seed: request.seed }], {
            policy: new Policy(model, files.tokenizer),
            reflection,
            temperature: request.temperature,
            signal: new AbortController().signal,
          });
        }),
    );
    const steps = (episode?.steps ?? []).map(({ observation, label, reflection }) => ({
      command: observation.actions.find((action) => action.label === label)!.text,
      reflection,
    }));
    const last = steps.at(-1)?.command;
    return { steps, file: last?.startsWith("id ") ? last.slice("id ".length) : undefined };
  } finally {
    await reflection.dispose?.();
  }
}

function requireFiles(option: string, folder: string, files: readonly string[]): void {
  const missing = files.filter((file) => !isFile(join(folder, file)));
  if (missing.length === 0) return;
  const output = option === "model" ? "model of a stage sft or rl" : "onnx of a stage sft";
  throw new ExploreError(
    `--${option}: expected a folder with ${files.join(", ")}, but ${folder} has no ${
      missing.join(", ")
    }; give the output ${output} (outputs.json of the stage's folder in a run says where it is)`,
  );
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** What `work` gives; what it says of wrong files, options and prompts becomes an {@linkcode ExploreError}. */
async function orExplain<T>(what: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new ExploreError(`${what}: ${cause.message}`, { cause });
  }
}
