#!/usr/bin/env bash
# Write requirements/*.txt: every version and hash, for every platform, and no address.
#
#   scripts/lock.sh             keep the pins that still satisfy the *.in files
#   scripts/lock.sh --upgrade   take the newest of everything
#
# Hashes name the files; which index they come from is the business of whoever installs them.
set -euo pipefail
cd "$(dirname "$0")/../requirements"
uv=${UV:-../.venv/bin/uv}

compile() { # compile OUTPUT INPUT... ; further options in $options
  local output=$1
  shift
  "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
    --no-annotate --no-emit-index-url --no-emit-find-links "${options[@]}" --output-file "$output" "$@"
}

# One resolution for all four, so that no two of them ever disagree about a version.
options=("$@")
compile dev.txt ../pyproject.toml build.in test.in docs.in dev.in
options=(--constraint dev.txt)
compile runtime.txt ../pyproject.toml build.in
compile test.txt ../pyproject.toml build.in test.in
compile docs.txt ../pyproject.toml build.in docs.in

# The peers of the benchmarks want different versions of the same libraries: one file each.
options=("$@")
for peer in bench-*.in; do
  compile "${peer%.in}.txt" "$peer"
done

# A public repository names no index. (`http` and `file:` would also be direct references.)
if grep -nE '(https?|file|git\+[a-z]+)://|^--?(extra-)?index' -- *.txt; then
  echo "lock: an address found its way into the pins above" >&2
  exit 1
fi
