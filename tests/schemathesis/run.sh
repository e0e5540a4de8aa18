#!/bin/sh
# Asks a running server everything that its OpenAPI document allows, and much that it does not: no 5xx, no answer that the
# document does not promise, nothing accepted that it forbids. First with made-up names in paths, then with names of what is there.
#
#   PORTCULLIS_BIN     the server                  (target/debug/portcullis)
#   SCHEMATHESIS_SECS  time for each of the two    (30)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
bin=${PORTCULLIS_BIN:-$root/target/debug/portcullis}
secs=${SCHEMATHESIS_SECS:-30}
venv=$root/build/schemathesis/venv

if ! cmp -s "$here/requirements.txt" "$venv/.installed"; then
  echo "schemathesis: Python packages"
  rm -rf "$venv"
  mkdir -p "$(dirname "$venv")"
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
    --require-hashes --only-binary :all: --requirement "$here/requirements.txt"
  cp "$here/requirements.txt" "$venv/.installed"
fi

work=$(mktemp -d)
server=
end() {
  [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" || true; }
  rm -rf "$work"
}
trap end EXIT

port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
at=$(port)
export PORTCULLIS_DATA__DIR="$work/data" PORTCULLIS_SERVER__LISTEN="127.0.0.1:$at" \
  PORTCULLIS_SERVER__PUBLIC_URL="http://localhost:$at" PORTCULLIS_METRICS__LISTEN="127.0.0.1:$(port)" PORTCULLIS_LOG__LEVEL=warn
chmod 711 "$work"
"$bin" serve >"$work/server.log" 2>&1 &
server=$!
tries=0
until python3 -c "import urllib.request; urllib.request.urlopen(\"http://localhost:$at/readyz\")" 2>/dev/null; do
  tries=$((tries + 1))
  [ "$tries" -lt 120 ] || { cat "$work/server.log" >&2; exit 1; }
  sleep 0.5
done

member() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
printf 'correct horse battery staple' |
  "$bin" user create --username root --email root@example.test --email-verified --superuser --password-stdin --json >/dev/null
key=$("$bin" api-key create --user root --name proof --scope api:write --json | member api_key)
user=$("$bin" user create --username bob --email bob@example.test --service --json | member id)
group=$("$bin" group create editors --json >/dev/null && "$bin" group show editors --json | member id)
"$bin" permission create-model blog.article --json >/dev/null
"$bin" client create --id app --redirect-uri https://app.example/cb --json >/dev/null

ask() { # ask NAME OPTION…
  name=$1
  shift
  echo "schemathesis: $name"
  "$venv/bin/schemathesis" "$@" run "http://localhost:$at/api/openapi.json" --header "Authorization: Bearer $key" \
    --phases coverage,fuzzing --max-time "$secs" --continue-on-failure --generation-database none \
    --exclude-checks positive_data_acceptance,ignored_auth --warnings off
}
cp "$here/schemathesis.toml" "$work/made-up.toml"
ask "made-up names" --config-file "$work/made-up.toml"
{
  cat "$here/schemathesis.toml"
  printf '\n[parameters]\n'
  printf '"path.user" = "%s"\n"path.group" = "%s"\n"path.client" = "app"\n"path.permission" = "blog.view_article"\n' "$user" "$group"
} >"$work/known.toml"
ask "names of what is there" --config-file "$work/known.toml"
if grep -E 'panicked|"status":5' "$work/server.log" >&2; then
  exit 1
fi
