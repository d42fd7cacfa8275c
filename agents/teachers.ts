/**
 * Teachers who write other texts than comments: questions about files, say.
 * @module
 */
import { z } from "zod";
import type { Awaitable } from "../envs/environment.ts";
import type { Permissions } from "../std/modules.ts";
import {
  type AskOptions,
  ChatClient,
  type ChatOptions,
  chatOptions,
  chatPermissions,
} from "./openai_client.ts";

/** What a teacher is to write. */
export interface Assignment {
  /** How to write, the same for many. */
  readonly system: string;
  /** What to write about. */
  readonly text: string;
}

/** Writes texts. */
export interface Teacher {
  /** A text for each assignment, in order. Throws the signal's reason once it is aborted. */
  write(assignments: readonly Assignment[], options: AskOptions): Promise<string[]>;
}

/** A teacher a workflow can name with `uses`. */
export interface TeacherModule<Options = unknown> {
  /** The word after `uses:`. */
  readonly name: string;
  /** Raised whenever the same assignments would give other texts. */
  readonly version: string;
  /** One sentence for the reference pages. */
  readonly description: string;
  /** Schema of the options. */
  readonly with: z.ZodType<Options>;
  /** What it needs of a stage's process beside reading this program and the files beside it. */
  readonly permissions?: Permissions<Options>;
  /** Makes one. */
  make(options: Options): Awaitable<Teacher>;
}

const openai: TeacherModule<ChatOptions> = {
  name: "openai",
  version: "1",
  description: "A model on a server that speaks the OpenAI chat-completions API.",
  with: z.strictObject(chatOptions),
  permissions: chatPermissions,
  make: (options) => {
    const client = new ChatClient(options);
    return {
      write: (assignments, asking) =>
        client.complete(
          assignments.map(({ system, text }) => [
            { role: "system", content: system },
            { role: "user", content: text },
          ]),
          asking,
        ),
    };
  },
};

/** The teachers a workflow can name, by name. */
export const teachers: ReadonlyMap<string, TeacherModule> = new Map(
  [openai as TeacherModule].map((module) => [module.name, module]),
);
