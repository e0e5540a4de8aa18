# shellcheck shell=sh disable=SC1091
# Read with `.` from the repository's root: where programs are found that scripts/install.sh put elsewhere than on PATH.

[ -f "${HOME:-}/.cargo/env" ] && . "$HOME/.cargo/env"

PATH="$PWD/build/tools/bin:$PATH"
for portcullis_node in "$PWD"/build/tools/node/node_modules/node-*/bin; do
  [ -x "$portcullis_node/node" ] && PATH="$portcullis_node:$PATH"
done
unset portcullis_node

if [ -z "${CHROMIUM:-}" ]; then
  for portcullis_browser in /usr/bin/chromium /usr/bin/google-chrome \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
    "$PWD"/build/tools/browsers/chromium-*/chrome-linux*/chrome; do
    if [ -x "$portcullis_browser" ]; then
      export CHROMIUM="$portcullis_browser"
      break
    fi
  done
  unset portcullis_browser
fi

# Homebrew keeps versioned packages off PATH; `pg_config` has to be found to link with libpq.
if [ "$(uname -s)" = Darwin ] && command -v brew >/dev/null; then
  for portcullis_version in 15 16 17 18; do
    portcullis_bin=$(brew --prefix)/opt/postgresql@$portcullis_version/bin
    [ -x "$portcullis_bin/pg_config" ] && PATH="$portcullis_bin:$PATH"
  done
  unset portcullis_version portcullis_bin
fi
export PATH
