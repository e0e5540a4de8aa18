# shellcheck shell=sh
# Read with `.`: finds a Postgres server, in the places where src/kernel/postgres/binaries.rs looks.

OLDEST_POSTGRES=15

# The folder with `initdb` and a `postgres` of at least OLDEST_POSTGRES; fails where there is none.
postgres_bin() {
  {
    printf '%s\n' "${PORTCULLIS_DATABASE__BINARIES_DIR:-}"
    printf '%s\n' "$PATH" | tr ':' '\n'
    pg_config --bindir 2>/dev/null || true
    for postgres_dir in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/libexec/postgresql* \
      /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin \
      /Applications/Postgres.app/Contents/Versions/*/bin; do
      printf '%s\n' "$postgres_dir"
    done
  } | while IFS= read -r postgres_dir; do
    [ -x "$postgres_dir/initdb" ] || continue
    [ "$(postgres_major "$postgres_dir/postgres")" -ge "$OLDEST_POSTGRES" ] || continue
    printf '%s\n' "$postgres_dir"
    break
  done | grep .
}

# The major version that the program says; 0 where it says none.
postgres_major() {
  postgres_version=$("$1" --version 2>/dev/null | sed -n 's/^postgres (PostgreSQL) \([0-9]*\).*/\1/p')
  echo "${postgres_version:-0}"
}
