#!/bin/bash
# Two real charons in network namespaces of their own, joined by a veth pair, without the kernel's ESP (kernel-libipsec),
# and the program that calls every command on them.
# usage: charon.sh PROGRAM EXAMPLES…        exits 77 (skipped) where that cannot run: not root, no charon, no TUN
set -uo pipefail
charon=/usr/lib/ipsec/charon
skip() { echo "skipped: $1"; exit 77; }

if [ -z "${VICI_TEST_DIR:-}" ]; then
  [ "$(id -u)" = 0 ] || skip "needs root"
  [ -x $charon ] && command -v swanctl openssl ip >/dev/null || skip "needs strongswan-charon, strongswan-swanctl, openssl, iproute2"
  [ -e /usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so ] || skip "needs libcharon-extra-plugins (kernel-libipsec)"
  [ -c /dev/net/tun ] || skip "needs /dev/net/tun"
  unshare -n -m true 2>/dev/null || skip "may not make namespaces"
  VICI_TEST_DIR=$(mktemp -d)
  export VICI_TEST_DIR
  status=0
  # --kill-child: with this shell everything that it started ends.
  unshare -n -m -p -f --kill-child "$0" "$@" || status=$?
  [ "$status" = 0 ] || tail -n 40 "$VICI_TEST_DIR"/*/log
  rm -rf "$VICI_TEST_DIR"
  exit "$status"
fi

set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mount -t proc proc /proc
ip netns add b
ip link set lo up
ip link add to-b type veth peer name to-a netns b
ip addr add 192.0.2.1/24 dev to-b && ip link set to-b up
ip -n b addr add 192.0.2.2/24 dev to-a && ip -n b link set to-a up && ip -n b link set lo up
# kernel-libipsec makes a route for each policy, from an address of its own to a gateway.
ip addr add 10.0.0.1/32 dev lo && ip route add default via 192.0.2.2
ip -n b addr add 10.0.0.2/32 dev lo && ip -n b route add default via 192.0.2.1

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/C=CH/O=keel2tp/CN=Test CA" \
  -addext basicConstraints=critical,CA:TRUE -keyout "$VICI_TEST_DIR/key.pem" -out "$VICI_TEST_DIR/ca.pem" 2>/dev/null

start() {
  local dir=$VICI_TEST_DIR/$1
  mkdir -p "$dir"
  cat >"$dir/strongswan.conf" <<CONF
charon {
  load = random nonce aes sha1 sha2 hmac kdf pem pkcs1 pkcs8 x509 pubkey openssl constraints revocation counters kernel-libipsec kernel-netlink socket-default vici
  install_routes = no
  plugins { vici { socket = unix://$dir/vici } }
  filelog { f { path = $dir/log
                default = 1
                cfg = 0 } }
}
CONF
  shift
  # The pid file's path is compiled in: each has a /run of its own.
  STRONGSWAN_CONF=$dir/strongswan.conf "$@" unshare -m sh -c "mount -t tmpfs tmpfs /run && exec $charon" 2>/dev/null &
}
start a
start b ip netns exec b
for end in a b; do
  for _ in $(seq 200); do
    [ -S "$VICI_TEST_DIR/$end/vici" ] && swanctl --stats --uri "unix://$VICI_TEST_DIR/$end/vici" >/dev/null 2>&1 && break
    sleep 0.05
  done
  [ -S "$VICI_TEST_DIR/$end/vici" ] || { cat "$VICI_TEST_DIR/$end/log"; skip "charon does not start here"; }
done

program=$1
shift
"$program" --no-version
# Each example says something of a daemon that runs.
for example in "$@"; do
  case $example in
    *watch)
      timeout 20 "$example" "$VICI_TEST_DIR/a/vici" 1 >"$VICI_TEST_DIR/watched" &
      watching=$!
      for _ in $(seq 200); do grep -q 'left is up' "$VICI_TEST_DIR/watched" && break; sleep 0.05; done
      swanctl --terminate --ike left --uri "unix://$VICI_TEST_DIR/a/vici" >/dev/null 2>&1
      wait "$watching" && grep -q 'left down' "$VICI_TEST_DIR/watched" ;;
    *list_sas) "$example" "$VICI_TEST_DIR/a/vici" | grep -q 'left: IKEv2 with 192.0.2.2, ESTABLISHED' ;;
    *) "$example" "$VICI_TEST_DIR/a/vici" | grep -q '^since ' ;;
  esac || { echo "$example said nothing of use"; exit 1; }
done
