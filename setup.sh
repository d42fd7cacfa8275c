#!/bin/sh
# Prepares this machine: Deno, a WebGPU adapter, the packages. Safe to run again; says what it did.
#
#   sh setup.sh
#
# Works on Debian and Ubuntu (also under WSL) as root or with sudo, and on macOS. Other systems are
# told what to install. It never changes a shell's start-up files.
set -eu

DENO_VERSION=2.9.6 # installed where Deno is missing or too old
DENO_MINIMUM=2.9.0 # 2.8.3 crashes in the kernels' tests; 2.9.0 passes them all

cd "$(dirname "$0")"
log=$(mktemp "${TMPDIR:-/tmp}/setup.XXXXXX")
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT TERM

say() { printf 'setup: %s\n' "$*"; }
fail() {
  printf 'setup: error: %s\n' "$*" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# Runs a command without a word; where it fails, what it said is shown.
quietly() {
  "$@" </dev/null >"$log" 2>&1 || {
    status=$?
    cat "$log" >&2
    return "$status"
  }
}

can_be_root() { [ "$(id -u)" -eq 0 ] || have sudo; }

run() { "$@"; }

# Runs a command as root. Without a terminal sudo must not ask for a password.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif ! have sudo; then
    fail "this needs root: $*. Run sh setup.sh as root, or install sudo"
  elif [ -t 0 ]; then
    sudo -H "$@"
  else
    sudo -n -H "$@"
  fi
}

# Installs Debian packages. A broken list of some other source must not stop it, so the update may fail.
apt_install() {
  say "installing $* with apt-get"
  # Here a password can still be asked for; later output goes into a file.
  as_root true || fail "sudo did not work; run sh setup.sh as root"
  quietly as_root apt-get update -q || say "apt-get update complained; going on with the lists there are"
  quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install \
    -y -q --no-install-recommends "$@" ||
    fail "apt-get could not install $*; see its message above"
}

# The version of a deno, as 2.9.6; nothing where it is missing or does not start.
version_of() { "$1" --version 2>/dev/null | sed -n 's/^deno \([0-9][0-9.]*\).*/\1/p'; }

# True where version $1 is at least DENO_MINIMUM.
recent_enough() {
  [ -n "$1" ] && [ "$(printf '%s\n%s\n' "$DENO_MINIMUM" "$1" |
    sort -t. -k1,1n -k2,2n -k3,3n | head -n 1)" = "$DENO_MINIMUM" ]
}

# True where one may write into a folder, or create it.
writable() {
  place=$1
  while [ ! -e "$place" ]; do place=$(dirname "$place"); done
  [ -w "$place" ]
}

# Installs Deno with npm, as root where its folder asks for that, into ~/.local where there is no root.
install_with_npm() {
  prefix=$(npm prefix --global 2>/dev/null) || fail "npm does not work; see what npm --version says"
  user_config=$(npm config get userconfig 2>/dev/null)
  owner=run
  set --
  if ! writable "$prefix/lib/node_modules" || ! writable "$prefix/bin"; then
    if can_be_root; then
      owner=as_root
    else
      set -- --prefix "$HOME/.local" --globalconfig "$(npm config get globalconfig 2>/dev/null)"
      prefix=$HOME/.local
    fi
  fi
  say "installing Deno $DENO_VERSION with npm into $prefix"
  "$owner" true || fail "sudo did not work; run sh setup.sh as root"
  # npm 12 runs no install script that is not allowed by name; npm 9 and 10 pass over the flag.
  quietly "$owner" env "PATH=$PATH" "npm_config_userconfig=$user_config" npm install --global "$@" \
    --no-fund --no-audit --no-update-notifier --allow-scripts=deno "deno@$DENO_VERSION" ||
    fail "npm could not install Deno; see its message above"
  installed=$prefix/bin/deno
  # Where install scripts are off altogether, deno is a Node.js program that starts the real one and
  # leaves it behind at Ctrl-C. The script puts the real one in its place.
  if [ "$(head -c 2 "$installed")" = '#!' ]; then
    quietly "$owner" env "PATH=$PATH" node "$prefix/lib/node_modules/deno/install.cjs" ||
      fail "Deno's install script did not work; see its message above"
  fi
}

# Installs Deno with the installer of deno.land, which needs curl and unzip.
install_with_curl() {
  if have apt-get; then
    have curl || apt_install ca-certificates curl
    have unzip || apt_install unzip
  fi
  have curl || fail "neither npm nor curl is here to install Deno with; install Deno $DENO_MINIMUM or newer (https://deno.com), then run sh setup.sh again"
  have unzip || have 7z || fail "the installer of Deno needs unzip; install it, then run sh setup.sh again"
  say "installing Deno $DENO_VERSION from deno.land"
  installer=$(curl -fsSL https://deno.land/install.sh) ||
    fail "https://deno.land/install.sh cannot be fetched; install npm (setup.sh then uses it) or Deno $DENO_MINIMUM or newer (https://deno.com)"
  quietly sh -c "$installer" install.sh "v$DENO_VERSION" ||
    fail "the installer of deno.land did not work; see its message above"
  installed=${DENO_INSTALL:-$HOME/.deno}/bin/deno
}

# Makes `deno` mean the one just installed for the next command too, by a link where PATH lacks its folder.
put_on_path() {
  for folder in /usr/local/bin "$HOME/.local/bin" "$HOME/bin"; do
    recent_enough "$(version_of deno)" && return
    case ":$PATH:" in *":$folder:"*) ;; *) continue ;; esac
    [ ! -e "$folder/deno" ] || continue
    owner=run
    if [ ! -w "$folder" ]; then
      if [ "$folder" != /usr/local/bin ] || ! can_be_root; then continue; fi
      owner=as_root
    fi
    if "$owner" ln -sf "$installed" "$folder/deno"; then say "linked $folder/deno to $installed"; fi
    hash -r
  done
  recent_enough "$(version_of deno)"
}

prepare_deno() {
  version=$(version_of deno)
  if recent_enough "$version"; then
    say "Deno $version is here: $(command -v deno)"
    return
  fi
  if [ -n "$version" ]; then
    say "Deno $version ($(command -v deno)) is older than $DENO_MINIMUM"
  else
    say "Deno is missing"
  fi
  # Its C library runs no Deno but Alpine's own.
  have apk && fail "install Deno $DENO_MINIMUM or newer: apk add deno; then run sh setup.sh again"
  if have npm; then install_with_npm; else install_with_curl; fi
  hash -r
  version=$(version_of "$installed")
  recent_enough "$version" || fail "Deno was installed to $installed, but it does not start: $("$installed" --version 2>&1 | head -n 3)"
  put_on_path || fail "Deno $version was installed to $installed, but the command deno $(
    if have deno; then echo "still means $(command -v deno)"; else echo "is not found"; fi
  ). Run this and try again: export PATH=\"$(dirname "$installed"):\$PATH\""
  say "Deno $version is installed: $(command -v deno)"
}

# Prints what the program will compute on. Fails with 3 where there is no adapter.
adapter() {
  deno run --quiet --no-config --no-prompt --allow-env=DENO_WEBGPU_BACKEND,XDG_RUNTIME_DIR - <<'SCRIPT'
import { requestDevice } from "./kernels/device.ts";
import { NoAdapterError } from "./kernels/errors.ts";
try {
  const { adapter } = await requestDevice();
  const name = adapter.description || adapter.vendor || "unnamed";
  console.log(`${name}, ${adapter.software ? "software on the processor" : "a GPU"}`);
  Deno.exit(0);
} catch (error) {
  console.error(String(error));
  Deno.exit(error instanceof NoAdapterError ? 3 : 1);
}
SCRIPT
}

# Installs a software Vulkan driver, or says what to install.
install_driver() {
  case $(uname -s) in
  Linux) ;;
  Darwin) fail "macOS offers no WebGPU adapter here; it needs Metal, which some virtual machines lack" ;;
  *) fail "no WebGPU adapter; install the GPU's driver (on Windows use WSL), then run sh setup.sh again" ;;
  esac
  again="then run sh setup.sh again"
  if have apt-get; then
    apt_install libvulkan1 mesa-vulkan-drivers
  elif have dnf; then
    fail "install a Vulkan driver: dnf install vulkan-loader mesa-vulkan-drivers; $again"
  elif have pacman; then
    fail "install a Vulkan driver: pacman -S vulkan-icd-loader vulkan-swrast; $again"
  elif have apk; then
    fail "install a Vulkan driver: apk add vulkan-loader mesa-vulkan-swrast; $again"
  else
    fail "install a Vulkan driver, the GPU's own or Mesa's lavapipe; $again"
  fi
}

prepare_adapter() {
  status=0
  found=$(adapter 2>"$log") || status=$?
  if [ "$status" -eq 3 ]; then
    say "no WebGPU adapter was found"
    install_driver
    status=0
    found=$(adapter 2>"$log") || status=$?
    [ "$status" -ne 3 ] || fail "the driver is installed, but still no WebGPU adapter answers; look at vulkaninfo --summary (package vulkan-tools)"
  fi
  if [ "$status" -ne 0 ]; then
    cat "$log" >&2
    fail "the WebGPU adapter does not work; see the message above"
  fi
  say "WebGPU adapter: $found"
}

# Fetches the packages now, so that no command has to later. Certificates that this system trusts
# count too: many companies' networks need theirs.
prepare_packages() {
  DENO_TLS_CA_STORE=${DENO_TLS_CA_STORE:-mozilla,system}
  export DENO_TLS_CA_STORE
  NO_COLOR=1 quietly deno install --frozen ||
    fail "the packages could not be fetched from the npm registry; see the message above"
  say "the packages are here"
}

prepare_deno
prepare_adapter
prepare_packages
say "ready; next: deno task workflow workflows/quickstart.yaml"
