#!/bin/sh
# Prepares this machine: Deno, a WebGPU adapter, the packages. Safe to run again; says what it did.
#
#   sh setup.sh
#
# Works on Debian and Ubuntu (also under WSL) as root or with sudo, and on macOS. Other systems are
# told what to install.
set -eu

DENO_VERSION=2.9.6  # installed where Deno is missing or too old
DENO_MINIMUM=2.9    # older ones lack parts of WebGPU this program needs

cd "$(dirname "$0")"

say() { printf 'setup: %s\n' "$*"; }
fail() {
  printf 'setup: error: %s\n' "$*" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# Runs a command as root: directly, or through sudo.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif have sudo; then
    sudo "$@"
  else
    fail "this step needs root: run as root or install sudo, then run sh setup.sh again ($*)"
  fi
}

# The installed Deno's version, or nothing.
deno_version() { deno eval 'console.log(Deno.version.deno)' 2>/dev/null || true; }

# True where version $1 is at least DENO_MINIMUM.
recent_enough() {
  [ -n "$1" ] && [ "$(printf '%s\n%s\n' "$DENO_MINIMUM" "$1" | sort -t. -k1,1n -k2,2n | head -n 1)" = "$DENO_MINIMUM" ]
}

install_deno() {
  if have npm; then
    say "installing Deno $DENO_VERSION with npm"
    # npm 11 runs no install scripts unless told so; older ones do not know the flag and only warn.
    npm install --global --no-fund --no-audit --allow-scripts=deno "deno@$DENO_VERSION" </dev/null ||
      as_root npm install --global --no-fund --no-audit --allow-scripts=deno "deno@$DENO_VERSION" </dev/null ||
      fail "npm could not install Deno; see its message above"
    hash -r
    have deno || fail "npm installed Deno into $(npm prefix --global)/bin, which is not on the PATH; add it and run sh setup.sh again"
  elif have curl; then
    say "installing Deno $DENO_VERSION from deno.land"
    curl -fsSL https://deno.land/install.sh | sh -s -- -y "v$DENO_VERSION" ||
      fail "the installer of deno.land did not work; install Deno $DENO_MINIMUM or newer by hand"
    place="${DENO_INSTALL:-$HOME/.deno}/bin/deno"
    # The installer's folder is on the PATH only of later shells; the next command needs it now.
    have deno || as_root ln -sf "$place" /usr/local/bin/deno
  else
    fail "neither npm nor curl is here to install Deno with; install Deno $DENO_MINIMUM or newer and run sh setup.sh again"
  fi
}

prepare_deno() {
  version=$(deno_version)
  if recent_enough "$version"; then
    say "Deno $version is here"
    return
  fi
  if [ -z "$version" ]; then say "Deno is missing"; else say "Deno $version is older than $DENO_MINIMUM"; fi
  install_deno
  version=$(deno_version)
  recent_enough "$version" ||
    fail "the deno on the PATH ($(command -v deno)) is ${version:-not working}; expected $DENO_MINIMUM or newer. Remove it or put the new one first"
  say "Deno $version installed"
}

# Prints the adapter's description; fails where there is none. Without a Vulkan driver Linux would
# offer OpenGL instead, which lacks what is needed, so Vulkan is asked for by name.
adapter() {
  if [ "$(uname -s)" = Linux ]; then
    DENO_WEBGPU_BACKEND="${DENO_WEBGPU_BACKEND:-vulkan}"
    XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-/tmp}"
    export DENO_WEBGPU_BACKEND XDG_RUNTIME_DIR
  fi
  deno eval --quiet 'const adapter = await navigator.gpu.requestAdapter();
    if (adapter === null) Deno.exit(1);
    console.log(adapter.info.description || adapter.info.vendor || "unnamed");' 2>/dev/null
}

prepare_adapter() {
  if found=$(adapter); then
    say "WebGPU adapter: $found"
    return
  fi
  say "no WebGPU adapter found"
  if have apt-get; then
    say "installing the software Vulkan driver (mesa-vulkan-drivers)"
    as_root apt-get update -q </dev/null || fail "apt-get update did not work; see its message above"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
      libvulkan1 mesa-vulkan-drivers </dev/null ||
      fail "apt-get could not install mesa-vulkan-drivers; see its message above"
  elif have dnf; then
    fail "install a Vulkan driver with: dnf install vulkan-loader mesa-vulkan-drivers; then run sh setup.sh again"
  elif have pacman; then
    fail "install a Vulkan driver with: pacman -S vulkan-icd-loader vulkan-swrast; then run sh setup.sh again"
  elif have apk; then
    fail "install a Vulkan driver with: apk add vulkan-loader mesa-vulkan-swrast; then run sh setup.sh again"
  else
    fail "install the GPU's driver (on Linux a Vulkan driver such as Mesa's lavapipe), then run sh setup.sh again"
  fi
  found=$(adapter) || fail "the driver is installed, but still no WebGPU adapter answers"
  say "WebGPU adapter: $found"
}

prepare_packages() {
  deno install --frozen </dev/null >/dev/null || fail "the packages could not be fetched; see the message above"
  say "packages are here"
}

prepare_deno
prepare_adapter
prepare_packages
say "ready: deno task workflow workflows/quickstart.yaml"
