/**
 * setup.sh on make-believe machines: what it installs and how, what it leaves alone, what it says.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../../std/assert.ts";
import { Machine } from "./machine.ts";

const FETCH_PACKAGES = "deno install --frozen";
const UPDATE = "apt-get update -q";
const INSTALL_DRIVER = "apt-get -o DPkg::Lock::Timeout=120 install -y -q --no-install-recommends " +
  "libvulkan1 mesa-vulkan-drivers";

/** A machine with Deno. */
async function withDeno(version = "2.9.6"): Promise<Machine> {
  const machine = await Machine.make();
  await machine.command("deno", machine.deno(version));
  return machine;
}

/** Gives a machine an npm that installs Deno into a folder which is not on the PATH. */
async function addNpm(machine: Machine): Promise<void> {
  await Deno.mkdir(machine.path("npm", "bin"), { recursive: true });
  await machine.script(machine.path("deno"), machine.deno("2.9.6"));
  await machine.command(
    "npm",
    `case $1 in
prefix) echo "$ROOT/npm" ;;
config) echo "$ROOT/home/.npmrc" ;;
install) note "$@"; ln -sf "$ROOT/deno" "$ROOT/npm/bin/deno" ;;
esac`,
  );
  await machine.command("node", `note "$@"`);
}

/** Gives a machine an apt-get whose packages bring an adapter. */
async function addApt(machine: Machine): Promise<void> {
  await machine.command("apt-get", `note "$@"; [ "$1" = update ] || touch "$ROOT/adapter"`);
}

Deno.test("setup.sh leaves a machine that has everything as it is", async () => {
  await using machine = await withDeno();
  await machine.plugAdapter();
  await addNpm(machine);
  await addApt(machine);
  const { code, out, error, calls } = await machine.setUp();
  assertEquals([code, error, calls], [0, "", [FETCH_PACKAGES]]);
  assertEquals(
    out,
    `setup: Deno 2.9.6 is here: ${machine.path("bin", "deno")}
setup: WebGPU adapter: a fine card, a GPU
setup: the packages are here
setup: ready; next: deno task workflow workflows/quickstart.yaml
`,
  );
});

for (const version of ["2.9.0", "2.10.0", "3.0.1"]) {
  Deno.test(`setup.sh takes Deno ${version}`, async () => {
    await using machine = await withDeno(version);
    await machine.plugAdapter();
    await addNpm(machine);
    const { code, calls } = await machine.setUp();
    assertEquals([code, calls], [0, [FETCH_PACKAGES]]);
  });
}

Deno.test("setup.sh installs Deno with npm, links it into the PATH, and does so once", async () => {
  await using machine = await Machine.make();
  await machine.plugAdapter();
  await addNpm(machine);
  await machine.addPersonalBin();
  const first = await machine.setUp();
  assertEquals(first.code, 0, first.error);
  assertEquals(first.calls, [
    "npm install --global --no-fund --no-audit --no-update-notifier --allow-scripts=deno deno@2.9.6",
    `node ${machine.path("npm", "lib", "node_modules", "deno", "install.cjs")}`,
    FETCH_PACKAGES,
  ]);
  const link = machine.path("home", ".local", "bin", "deno");
  assertEquals(await Deno.readLink(link), machine.path("npm", "bin", "deno"));
  assertStringIncludes(first.out, `setup: linked ${link} to ${machine.path("npm", "bin", "deno")}`);
  assertStringIncludes(first.out, `setup: Deno 2.9.6 is installed: ${link}`);

  const second = await machine.setUp();
  assertEquals([second.code, second.calls], [0, [...first.calls, FETCH_PACKAGES]]);
});

Deno.test("setup.sh says what to do where the Deno it installed is not on the PATH", async () => {
  await using machine = await Machine.make();
  await addNpm(machine);
  const { code, error } = await machine.setUp();
  assertEquals(code, 1);
  assertStringIncludes(error, "the command deno is not found");
  assertStringIncludes(error, `export PATH="${machine.path("npm", "bin")}:$PATH"`);
});

Deno.test("setup.sh says so where an older Deno hides the one it installed", async () => {
  await using machine = await withDeno("2.8.3");
  await addNpm(machine);
  await machine.addPersonalBin();
  const { code, out, error } = await machine.setUp();
  assertEquals(code, 1);
  assertStringIncludes(out, "is older than 2.9.0");
  assertStringIncludes(error, `the command deno still means ${machine.path("bin", "deno")}`);
});

Deno.test("setup.sh uses the installer of deno.land where there is no npm", async () => {
  await using machine = await Machine.make();
  await machine.plugAdapter();
  await machine.addPersonalBin();
  await Deno.mkdir(machine.path("home", ".deno", "bin"), { recursive: true });
  await machine.script(machine.path("deno"), machine.deno("2.9.6"));
  await machine.command("unzip", "");
  await machine.command(
    "curl",
    `note "$@"; echo 'echo "installer $*" >>'"$ROOT/calls"'; ln -s '"$ROOT"'/deno "$HOME/.deno/bin/deno"'`,
  );
  const { code, error, calls } = await machine.setUp();
  assertEquals(code, 0, error);
  assertEquals(calls, [
    "curl -fsSL https://deno.land/install.sh",
    "installer v2.9.6",
    FETCH_PACKAGES,
  ]);
});

Deno.test("setup.sh without a way to install Deno fails with what to install", async () => {
  await using machine = await Machine.make();
  const { code, out, error } = await machine.setUp();
  assertEquals([code, out], [1, "setup: Deno is missing\n"]);
  assertMatch(
    error,
    /^setup: error: neither npm nor curl is here .* install Deno 2\.9\.0 or newer/,
  );
});

Deno.test("setup.sh installs a software driver where there is no adapter, and does so once", async () => {
  await using machine = await withDeno();
  await addApt(machine);
  const first = await machine.setUp();
  assertEquals(first.code, 0, first.error);
  assertEquals(first.calls, [UPDATE, INSTALL_DRIVER, FETCH_PACKAGES]);
  assertMatch(first.out, /no WebGPU adapter was found\n.*mesa-vulkan-drivers.*\n.*: a fine card/);
  const second = await machine.setUp();
  assertEquals([second.code, second.calls], [0, [...first.calls, FETCH_PACKAGES]]);
});

Deno.test("setup.sh goes on where apt-get cannot update some list", async () => {
  await using machine = await withDeno();
  await machine.command(
    "apt-get",
    `note "$@"; [ "$1" = update ] && { echo "E: a list is gone"; exit 100; }; touch "$ROOT/adapter"`,
  );
  const { code, error, calls } = await machine.setUp();
  assertEquals([code, calls], [0, [UPDATE, INSTALL_DRIVER, FETCH_PACKAGES]]);
  assertEquals(error, "E: a list is gone\n");
});

Deno.test("setup.sh fails where the driver cannot be installed, or does not help", async () => {
  await using machine = await withDeno();
  await machine.command("apt-get", `echo "E: no such package" >&2; exit 100`);
  const failed = await machine.setUp();
  assertEquals(failed.code, 1);
  assertMatch(
    failed.error,
    /E: no such package\nsetup: error: apt-get could not install libvulkan1/,
  );

  await machine.command("apt-get", "");
  const useless = await machine.setUp();
  assertEquals(useless.code, 1);
  assertStringIncludes(useless.error, "still no WebGPU adapter answers");
});

for (const manager of ["dnf", "pacman", "apk"]) {
  Deno.test(`setup.sh names the driver's package for ${manager}`, async () => {
    await using machine = await withDeno();
    await machine.command(manager, `note "$@"`);
    const { code, error, calls } = await machine.setUp();
    assertEquals([code, calls], [1, []]);
    assertMatch(
      error,
      new RegExp(`install a Vulkan driver: ${manager} .*vulkan.*sh setup\\.sh again`),
    );
  });
}

Deno.test("setup.sh works with sudo, and without it says that root is needed", async () => {
  await using machine = await withDeno();
  await machine.command("id", "echo 1000");
  await addApt(machine);
  const refused = await machine.setUp();
  assertEquals([refused.code, refused.calls], [1, []]);
  assertStringIncludes(refused.error, "this needs root");

  await machine.command("sudo", `note "$1"; shift 2; "$@"`);
  const { code, error, calls } = await machine.setUp();
  assertEquals(code, 0, error);
  assertEquals(calls.filter((call) => !call.startsWith("sudo")), [
    UPDATE,
    INSTALL_DRIVER,
    FETCH_PACKAGES,
  ]);
  assert(calls.every((call) => !call.startsWith("sudo") || call === "sudo -n"), calls.join("\n"));
});

Deno.test("setup.sh fails where packages cannot be fetched, with the reason", async () => {
  await using machine = await withDeno();
  await machine.plugAdapter();
  const deno = machine.deno("2.9.6").replace(`note "$@"`, `echo "no network" >&2; exit 1`);
  await machine.command("deno", deno);
  const { code, out, error } = await machine.setUp();
  assertEquals(code, 1);
  assertMatch(error, /^no network\nsetup: error: the packages could not be fetched/);
  assert(!out.includes("ready"), out);
});
