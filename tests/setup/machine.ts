/**
 * A make-believe machine for tests of setup.sh: a PATH of its own, on which the commands that would
 * change the real one are scripts that write down how they were called.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SETUP = fileURLToPath(new URL("../../setup.sh", import.meta.url));

/** What setup.sh uses that changes nothing but what it is pointed at. */
const REAL = "cat dirname env head ln mkdir mktemp rm sed sh sort touch".split(" ");

/** How a run of setup.sh ended. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly error: string;
  /** Calls of scripted commands so far, in order, as they were written. */
  readonly calls: readonly string[];
}

/** A folder with a `bin` that is the PATH (with `home/.local/bin`, if it is there), and the calls that were written down. */
export class Machine implements AsyncDisposable {
  private constructor(readonly root: string) {}

  /** A Linux machine with root and nothing but the basics. */
  static async make(): Promise<Machine> {
    const machine = new Machine(await Deno.makeTempDir({ prefix: "setup-" }));
    await Deno.mkdir(machine.path("bin"));
    await Deno.mkdir(machine.path("home"));
    for (const name of REAL) {
      const place = ["/usr/bin/", "/bin/"].map((folder) => folder + name).find(exists);
      if (place === undefined) throw new Error(`this machine has no ${name}`);
      await Deno.symlink(place, machine.path("bin", name));
    }
    await machine.command("id", "echo 0");
    await machine.command("uname", "echo Linux");
    return machine;
  }

  path(...parts: string[]): string {
    return join(this.root, ...parts);
  }

  /** Puts a command on the PATH: a shell script with `$ROOT`, and `note` to write its call down. */
  async command(name: string, script: string): Promise<void> {
    await this.script(this.path("bin", name), script);
  }

  /** Writes such a script anywhere. */
  async script(file: string, script: string): Promise<void> {
    const name = file.slice(file.lastIndexOf("/") + 1);
    const text = `#!/bin/sh
ROOT='${this.root}'
note() { echo "${name} $*" >>"$ROOT/calls"; }
${script}
`;
    await Deno.writeTextFile(file, text, { mode: 0o755 });
  }

  /** Makes `~/.local/bin`, which is on the PATH. */
  async addPersonalBin(): Promise<void> {
    await Deno.mkdir(this.path("home", ".local", "bin"), { recursive: true });
  }

  /** The script of a Deno that finds an adapter if the file `adapter` is there. */
  deno(version: string): string {
    return `case $1 in
--version) echo "deno ${version} (stable, release, x86_64-unknown-linux-gnu)" ;;
run) cat >/dev/null; [ -e "$ROOT/adapter" ] || { echo "NoAdapterError: none" >&2; exit 3; }; echo "a fine card, a GPU" ;;
install) note "$@" ;;
esac`;
  }

  /** Gives the machine an adapter. */
  async plugAdapter(): Promise<void> {
    await Deno.writeTextFile(this.path("adapter"), "");
  }

  /** Runs setup.sh. */
  async setUp(): Promise<Outcome> {
    const { code, stdout, stderr } = await new Deno.Command("sh", {
      // The parent's PATH finds `sh`; from there on the machine's own counts.
      args: ["-c", `PATH=$BIN:$HOME/.local/bin exec /bin/sh '${SETUP}'`],
      env: { BIN: this.path("bin"), HOME: this.path("home"), TMPDIR: this.root },
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    const calls = exists(this.path("calls")) ? await Deno.readTextFile(this.path("calls")) : "";
    return {
      code,
      out: decoder.decode(stdout),
      error: decoder.decode(stderr),
      calls: calls.split("\n").filter((line) => line !== ""),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.root, { recursive: true });
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
