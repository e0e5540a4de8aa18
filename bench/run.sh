#!/usr/bin/env bash
# Measures Portcullis against what this machine can do, and writes docs/performance.md.
#
#   bench/run.sh                        everything: about seven minutes, on an otherwise idle machine
#   bench/run.sh --only refresh         one figure (or several, with commas), printed only
#   bench/run.sh --seconds 30 --rounds 1 --only login    long enough for a profiler
#   bench/run.sh --help                 all options
#
#   PORTCULLIS_BIN, BASELINE_BIN   measure these programs instead of building
#
# It starts its own server on a private Postgres in a temporary folder, talks to 127.0.0.1 only, and ends what it started.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=0
need() { # need PROGRAM PACKAGE
  command -v "$1" >/dev/null || { echo "missing: $1 (package $2)" >&2; missing=1; }
}
need python3 python3
need wrk wrk
need psql postgresql-client
[ "$missing" = 0 ] || exit 1

if [ -z "${PORTCULLIS_BIN:-}" ] || [ -z "${BASELINE_BIN:-}" ]; then
  cargo build --release --locked --bin portcullis --example baseline
  target=${CARGO_TARGET_DIR:-target}
  : "${PORTCULLIS_BIN:=$target/release/portcullis}" "${BASELINE_BIN:=$target/release/examples/baseline}"
fi
export PORTCULLIS_BIN BASELINE_BIN PYTHONDONTWRITEBYTECODE=1
exec python3 bench/measure "$@"
