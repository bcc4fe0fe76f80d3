# Shared by tests/all, tests/demo and tests/bench/run: packages and the build. To be sourced.
REPO=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
BUILD=${KEEL2TP_BUILD:-$REPO/build}

say() { printf '%s\n' "$*" >&2; }

# Whether this kernel can hold the lab's tunnels; otherwise it boots Debian's kernel in QEMU.
host_has_l2tp() {
  local module
  for module in l2tp_ppp esp4; do
    [ -e "/sys/module/$module" ] || modprobe -q "$module" 2>/dev/null || return 1
  done
}

# install_packages GROUP…: installs with apt what is missing of these groups in tests/packages.
install_packages() {
  local groups=" $* " group package missing=()
  while read -r group package; do
    [[ $groups == *" $group "* ]] || continue
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done < <(grep -v '^#' "$REPO/tests/packages")
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ]; then
    say "missing packages: ${missing[*]}"
    say "install them, or run this as root"
    return 1
  fi
  say "installing with apt: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  # Daemons that a package brings must not start on the host only because the tests need their programs.
  local policy=/usr/sbin/policy-rc.d made=
  [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy && made=1; }
  local status=0
  { apt-get -q update && apt-get -q -y --no-install-recommends install "${missing[@]}"; } >&2 || status=$?
  [ -z "$made" ] || rm -f $policy
  return $status
}

# Installs all that the tests need on this host.
install_needed() {
  install_packages build lab || return
  host_has_l2tp || install_packages vm
}

# Configures the build directory once and builds what changed.
build() {
  [ -e "$BUILD/build.ninja" ] || meson setup "$BUILD" "$REPO" >&2 || return
  ninja -C "$BUILD" "$@" >&2
}
