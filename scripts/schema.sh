#!/bin/sh
# Writes src/schema.rs anew from the migrations, by way of a throw-away Postgres.
#
#   scripts/schema.sh           write it
#   scripts/schema.sh --check   change nothing; exit 1 when it is not what the migrations make
set -eu
cd "$(dirname "$0")/.."
. scripts/env.sh
. scripts/postgres.sh

case "${1:-}" in
  "") locked= ;;
  --check) locked=--locked-schema ;;
  *) sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac

bin=$(postgres_bin) || { echo "schema: no Postgres server programs; scripts/install.sh run" >&2; exit 1; }
diesel=build/tools/bin/diesel
[ -x "$diesel" ] || { echo "schema: diesel_cli is missing; scripts/install.sh schema" >&2; exit 1; }

folder=$(mktemp -d /tmp/portcullis-schema.XXXXXX)
# Postgres refuses to run as root.
as_postgres() {
  if [ "$(id -u)" != 0 ]; then (cd "$folder" && "$@")
  else (cd "$folder" && setpriv --reuid "$account" --regid "$(id -g "$account")" --clear-groups "$@")
  fi
}
account=
if [ "$(id -u)" = 0 ]; then
  account=$(id -un postgres 2>/dev/null || echo nobody)
  chown "$account" "$folder"
fi
clean_up() {
  if [ -f "$folder/data/postmaster.pid" ]; then as_postgres "$bin/pg_ctl" -D "$folder/data" -m immediate -s stop || true; fi
  rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

as_postgres "$bin/initdb" -D "$folder/data" -U schema -A trust -E UTF8 --no-locale --no-sync >/dev/null
as_postgres "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -s -w \
  -o "-k $folder -c listen_addresses= -c fsync=off" start || { cat "$folder/log" >&2; exit 1; }

url="postgres:///postgres?host=$folder&user=schema"
# shellcheck disable=SC2086 # empty or one word
if "$diesel" migration run --database-url "$url" $locked; then exit 0; fi
[ -z "$locked" ] || echo "schema: a migration failed, or src/schema.rs is not what the migrations make (then: make schema)" >&2
exit 1
