#!/bin/bash
# The library as others meet it: installed into a directory of its own, found by pkg-config, used by the examples.
# usage: installed.sh BUILD SOURCE CXX
set -euo pipefail
build=$1 source=$2 cxx=$3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

meson install -C "$build" --no-rebuild --quiet --tags devel --destdir "$dir/root" >"$dir/said" 2>&1 ||
  { cat "$dir/said"; exit 1; }
pc=$(find "$dir/root" -name keel2tp-vici.pc)
[ -n "$pc" ] || { echo "no keel2tp-vici.pc was installed"; exit 1; }
export PKG_CONFIG_LIBDIR=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$dir/root
pkg-config --exists --print-errors 'keel2tp-vici >= 0.1'
read -ra flags <<<"$(pkg-config --cflags --libs --static keel2tp-vici)"

# Only public headers, each of which stands alone.
find "$dir/root" -path '*/keel2tp-vici/vici/*.hpp' -printf '#include "vici/%f"\n' | sort >"$dir/headers.cpp"
[ "$(wc -l <"$dir/headers.cpp")" -ge 12 ] || { echo "headers are missing:"; cat "$dir/headers.cpp"; exit 1; }
"$cxx" -std=c++23 -fsyntax-only -Wall -Wextra -Werror "$dir/headers.cpp" "${flags[@]}"

# In a directory of their own, so that nothing of the source tree is found; asked of a socket that is not there.
for example in "$source"/vici/examples/*.cpp; do
  cp "$example" "$dir/example.cpp"
  (cd "$dir" && "$cxx" -std=c++23 -O0 example.cpp -o example "${flags[@]}")
  status=0
  "$dir/example" "$dir/nobody" 2>"$dir/said" || status=$?
  [ "$status" = 1 ] || { echo "${example##*/} ended with $status:"; cat "$dir/said"; exit 1; }
done

# What the README shows is an example that was compiled here.
python3 - "$source/vici/README.md" "$source/vici/examples/list_sas.cpp" <<'CHECK'
import sys
readme, example = (open(name).read() for name in sys.argv[1:])
sys.exit(0 if example in readme else "vici/README.md does not show vici/examples/list_sas.cpp as it is")
CHECK
