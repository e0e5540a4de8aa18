#!/usr/bin/env bash
# Checks static/vendor against the published packages.
#
#   scripts/vendor.sh            fetch every package with `npm pack`, compare integrity and every file
#   scripts/vendor.sh --offline  compare the files in the repository with the recorded sha256 only
#   scripts/vendor.sh --restore  as the first, and put back any file that differs
#
# Each static/vendor/<name>@<version>/VENDOR.toml records the package, its sha512 integrity and one line per file:
#   "file" = { source = "path in the package", sha256 = "hex" }
set -euo pipefail
cd "$(dirname "$0")/.."

mode=${1:-check}
case "$mode" in check | --offline | --restore) ;; *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;; esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
fail() { echo "  FAIL $*" >&2; failed=1; }

sum() { if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d' ' -f1; }
value() { sed -n "s/^$2 = \"\(.*\)\"\$/\1/p" "$1"; }

for manifest in static/vendor/*/VENDOR.toml; do
  folder=$(dirname "$manifest")
  name=$(value "$manifest" name) version=$(value "$manifest" version) integrity=$(value "$manifest" integrity)
  echo "$name $version"
  unpacked=
  if [ "$mode" != --offline ]; then
    unpacked=$work/$(basename "$folder")
    mkdir -p "$unpacked"
    tarball=$(cd "$unpacked" && npm pack --silent "$name@$version" | tail -n 1)
    got=sha512-$(openssl dgst -sha512 -binary "$unpacked/$tarball" | openssl base64 -A)
    if [ "$got" != "$integrity" ]; then fail "package integrity is $got, recorded $integrity"; continue; fi
    tar -xzf "$unpacked/$tarball" -C "$unpacked"
  fi
  listed=" VENDOR.toml "
  while IFS='|' read -r file source sha256; do
    listed+="$file "
    if [ -n "$unpacked" ]; then
      upstream=$unpacked/package/$source
      if [ ! -f "$upstream" ]; then fail "$source is not in the package"; continue; fi
      if [ "$(sum "$upstream")" != "$sha256" ]; then fail "$source in the package differs from the recorded sha256"; continue; fi
      if [ "$mode" = --restore ]; then install -m 644 "$upstream" "$folder/$file"; fi
    fi
    if [ ! -f "$folder/$file" ]; then fail "$folder/$file is missing"
    elif [ "$(sum "$folder/$file")" != "$sha256" ]; then fail "$folder/$file was changed"
    else echo "  ok   $file"; fi
  done < <(sed -n 's/^"\([^"]*\)" = { source = "\([^"]*\)", sha256 = "\([0-9a-f]*\)" }$/\1|\2|\3/p' "$manifest")
  for path in "$folder"/*; do
    case "$listed" in *" $(basename "$path") "*) ;; *) fail "$path is not listed in VENDOR.toml" ;; esac
  done
done
exit "$failed"
