#!/bin/sh
# Everything that must hold before a change is merged, in the order of what fails soonest. `make test` and CI run this.
set -eu
cd "$(dirname "$0")/.."

begin=$(date +%s)
times=

main() {
  step "what tests need" scripts/install.sh test
  . scripts/env.sh
  step "format" cargo fmt --check
  step "vendored files" scripts/vendor.sh --offline
  step "clippy" cargo clippy --all-targets --locked -- -D warnings
  step "schema" scripts/schema.sh --check
  step "build" cargo build --locked --bins --examples
  step "tests" cargo test --locked
  step "the API by its document" tests/schemathesis/run.sh
  step "relying parties" tests/relying_parties/run.sh
  echo
  printf '%s' "$times"
  echo "make test: everything passed, $(($(date +%s) - begin)) s"
}

# step NAME COMMAND…: runs it, notes how long it took; ends everything where it fails.
step() {
  name=$1
  shift
  printf '\n== %s\n' "$name"
  started=$(date +%s)
  "$@" || {
    code=$?
    printf '\n%s' "$times"
    echo "make test: \"$name\" failed (exit $code) after $(($(date +%s) - started)) s"
    exit 1
  }
  times="$times$(printf '%5d s  %s' "$(($(date +%s) - started))" "$name")
"
}

main
