#!/bin/sh
# Runs the proof against a built server: relying parties and browser journeys. Arguments are test files (default: all).
#
#   PORTCULLIS_BIN         the server          (target/debug/portcullis)
#   OPENIDCONNECT_RS_BIN   the Rust example    (target/debug/examples/openidconnect-rs)
#   CHROMIUM               the browser         (/usr/bin/chromium)
#   PROOF_JOBS             files at a time     (2)
#
#   SHOW_PAGES             1: pictures of every kind of page, in build/pages
#
# Server and application logs are kept in build/proof-logs, screenshots in build/screenshots.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
[ $# -gt 0 ] || set -- "$here"/*.test.mjs "$here"/../browser/*.test.mjs

missing=0
need() { # need PROGRAM WHY
  [ -e "$1" ] || { echo "missing: $1 ($2)" >&2; missing=1; }
}
need "${PORTCULLIS_BIN:-$root/target/debug/portcullis}" "cargo build"
need "${OPENIDCONNECT_RS_BIN:-$root/target/debug/examples/openidconnect-rs}" "cargo build --example openidconnect-rs"
need "${CHROMIUM:-/usr/bin/chromium}" "package chromium"
need "${APACHE2:-/usr/sbin/apache2}" "package apache2"
need "${APACHE2_MODULES:-/usr/lib/apache2/modules}/mod_include.so" "package apache2-bin"
need "${APACHE2_MODULES:-/usr/lib/apache2/modules}/mod_auth_openidc.so" "package libapache2-mod-auth-openidc"
[ "$missing" = 0 ] || exit 1

"$here/install.sh"
PROOF_INSPECTED=$(mktemp -d) # Each kind of page is inspected once in a run.
export PROOF_INSPECTED
trap 'rm -rf "$PROOF_INSPECTED"' EXIT
node --test --test-reporter=spec --test-concurrency="${PROOF_JOBS:-2}" "$@"
