#!/bin/sh
# Sets up a real Django project and dumps it, for the tests of `portcullis import django`.
#
#   scripts/django_project.sh install    the pinned packages, in build/django/venv; quick when they are there
#   scripts/django_project.sh FOLDER     that, and FOLDER/{plain,natural,mail}.json and lines.jsonl
set -eu
cd "$(dirname "$0")/.."

project=tests/fixtures/django
venv=$PWD/build/django/venv

main() {
  case "${1:-}" in
    '') sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    install) install ;;
    *) install; dump_all "$1" ;;
  esac
}

install() {
  if cmp -s "$project/requirements.txt" "$venv/.installed"; then return; fi
  echo "django project: Python packages" >&2
  rm -rf "$venv"
  mkdir -p "$(dirname "$venv")"
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check --only-binary :all: \
    --requirement "$project/requirements.txt"
  cp "$project/requirements.txt" "$venv/.installed"
}

dump_all() {
  mkdir -p "$1"
  out=$(cd "$1" && pwd)
  set_up name
  manage dumpdata > "$out/plain.json"
  manage dumpdata --natural-foreign --natural-primary --indent 2 > "$out/natural.json"
  manage dumpdata --format jsonl > "$out/lines.jsonl"
  set_up mail
  manage dumpdata > "$out/mail.json"
}

# set_up PEOPLE: a filled project in a fresh database. Its migrations for `people` exist only there.
set_up() {
  export PEOPLE="$1" PROJECT_DATABASE="$out/$1.sqlite3"
  rm -f "$PROJECT_DATABASE"
  manage migrate --run-syncdb --verbosity 0
  manage fill
}

manage() { PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" "$project/manage.py" "$@"; }

main "$@"
