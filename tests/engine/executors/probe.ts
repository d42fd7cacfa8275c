/**
 * A stage that does what a test asks of it, for the contract of executors.
 * @module
 */
import { z } from "zod";
import { type Artifact, artifact, artifactPath } from "../../../engine/artifact.ts";
import type { Module, StageContext, StageModule } from "../../../engine/module.ts";
import { type ModuleChoice, slot } from "../../../engine/slot.ts";

const thing: Module = {
  name: "thing",
  version: "1",
  description: "For the slot.",
  with: z.strictObject({ size: z.number().default(1) }),
};

/** What the slot can take. */
export const things: ReadonlyMap<string, Module> = new Map([["thing", thing]]);

const acts = {
  /** Reports one of everything and leaves its input. */
  async report(input: ProbeInput, context: StageContext): Promise<void> {
    context.log(`hello ${input.text}`);
    context.metric(1, { loss: 0.5, odd: NaN });
    context.metric(2, { loss: 0.25, odd: 1 });
    context.gauge({ rate: 3 });
    context.progress(2, 2, "steps");
    const { data, thing, text, ratio } = input;
    const left = {
      text,
      ratio: String(ratio),
      seed: context.seed,
      device: context.device,
      instance: context.instance,
      thing: thing && { uses: thing.uses, with: thing.with, name: thing.module.name },
      data: data && await Deno.readTextFile(artifactPath(data)),
    };
    await Deno.writeTextFile(context.output("left"), JSON.stringify(left));
  },
  /** Fails, with its text in the message. */
  fail({ text }: ProbeInput): Promise<void> {
    return Promise.reject(new RangeError(`cannot do ${text}`));
  },
  /** Runs until it is asked to stop, and stops. */
  async wait(_: ProbeInput, context: StageContext): Promise<void> {
    context.log("waiting");
    if (!context.signal.aborted) {
      await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
    }
    context.log("stopping");
  },
  /** Does not listen. */
  async ignore(_: ProbeInput, context: StageContext): Promise<void> {
    context.log("waiting");
    await new Promise((resolve) => setTimeout(resolve, 3000));
  },
  /** Holds its thread and ignores signals. */
  hang(_: ProbeInput, context: StageContext): Promise<void> {
    Deno.addSignalListener("SIGTERM", () => {});
    context.log("hanging");
    for (;;);
  },
  /** Holds its thread and prints. */
  nag(_: ProbeInput, context: StageContext): Promise<void> {
    context.log("nagging");
    for (const end = performance.now() + 10_000; performance.now() < end;) console.error("again");
    return Promise.resolve();
  },
  /** Ends the process. */
  exit(): Promise<void> {
    console.error("I must go");
    Deno.exit(7);
  },
  /** Throws where nobody catches. */
  async uncaught(): Promise<void> {
    setTimeout(() => {
      throw new Error("thrown elsewhere");
    }, 0);
    await new Promise((resolve) => setTimeout(resolve, 3000));
  },
  /** Prints and logs without end. */
  flood(_: ProbeInput, context: StageContext): Promise<void> {
    const line = "x".repeat(1000);
    for (let i = 0; i < 5000; i++) {
      console.log(line);
      console.error(line);
      context.log(line);
    }
    Deno.writeTextFileSync(context.output("left"), "flooded");
    return Promise.resolve();
  },
  /** Tries what it may not, and leaves what came of it. */
  async trespass({ text }: ProbeInput, context: StageContext): Promise<void> {
    const attempt = async (work: () => Promise<unknown>) => {
      try {
        await work();
        return "allowed";
      } catch (error) {
        return error instanceof Error ? error.name : String(error);
      }
    };
    const tries = {
      write: await attempt(() => Deno.writeTextFile(`${text}/mark`, "")),
      read: await attempt(() => Deno.readTextFile("/etc/hostname")),
      net: await attempt(() => fetch("http://127.0.0.1:8123/")),
      run: await attempt(() => new Deno.Command("true").output()),
      env: await attempt(() => Promise.resolve(Deno.env.get("HOME"))),
      own: await attempt(() => Deno.writeTextFile(`${context.folder}/note`, "")),
    };
    await Deno.writeTextFile(context.output("left"), JSON.stringify(tries));
  },
  /** Reads what it may not, and does not mind. */
  async peek(): Promise<void> {
    await Deno.readTextFile("/etc/hostname");
  },
} satisfies Record<string, (input: ProbeInput, context: StageContext) => Promise<void>>;

/** What the probe can be told to do. */
export type Act = keyof typeof acts;

interface ProbeInput {
  readonly act: string;
  readonly text: string;
  readonly ratio?: number | undefined;
  readonly data?: Artifact | string | undefined;
  readonly thing?: ModuleChoice | undefined;
}

/** The stage. */
export const probe: StageModule<ProbeInput> = {
  name: "probe",
  version: "1",
  description: "Does as it is told.",
  url: import.meta.url,
  usesDevice: false,
  outputs: { left: { kind: "text", description: "What it was given." } },
  with: z.strictObject({
    act: z.enum(Object.keys(acts) as [Act, ...Act[]]),
    text: z.string().default("nothing"),
    ratio: z.unknown().transform(Number).optional(),
    data: artifact("text").optional(),
    thing: slot("thing", things).optional(),
  }) as unknown as StageModule<ProbeInput>["with"],
  async run(input, context) {
    await acts[input.act as Act](input, context);
  },
};

export default probe;

/** By name. */
export const probes: ReadonlyMap<string, StageModule> = new Map([
  ["probe", probe as StageModule],
]);
