#!/bin/sh
# Fetches the pinned relying parties and the browser's driver. Quick when nothing changed. Node and Python must be there;
# Apache and Chromium come from the distribution's packages.
set -eu
cd "$(dirname "$0")"
venv=${PORTCULLIS_RP_VENV:-../../build/relying_parties/venv}

unchanged() { # unchanged STAMP FILE…
  stamp=$1; shift
  [ -f "$stamp" ] && cat "$@" | cmp -s - "$stamp"
}

if ! unchanged node_modules/.installed package.json package-lock.json; then
  echo "relying parties: npm packages"
  npm ci --no-progress
  cat package.json package-lock.json > node_modules/.installed
fi

if ! unchanged "$venv/.installed" authlib/requirements.txt; then
  echo "relying parties: Python packages"
  rm -rf "$venv"
  mkdir -p "$(dirname "$venv")"
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
    --require-hashes --only-binary :all: --requirement authlib/requirements.txt
  cat authlib/requirements.txt > "$venv/.installed"
fi
