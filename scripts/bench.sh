#!/usr/bin/env bash
# Measure ours, the floor and the peers in one go. Every peer has an environment of its own under .bench/,
# because they want different versions of the same libraries.
#
#   scripts/bench.sh [arguments of benchmarks/run.py]
#   FLOWS_BENCH_PEERS="hamilton dbos" scripts/bench.sh      only these peers
set -euo pipefail
cd "$(dirname "$0")/.."
python=.venv/bin/python
mkdir -p .bench

if [ -n "${FLOWS_BENCH_PEERS:-}" ]; then
  read -ra peers <<<"$FLOWS_BENCH_PEERS"
else
  peers=()
  for file in requirements/bench-*.txt; do
    file=${file##*/bench-}
    peers+=("${file%.txt}")
  done
fi

for peer in "${peers[@]}"; do
  pins=requirements/bench-$peer.txt
  stamp=.bench/$peer/.ready
  if [ ! -e "$stamp" ] || [ "$pins" -nt "$stamp" ]; then
    echo "bench: preparing $peer" >&2
    [ -x ".bench/$peer/bin/python" ] || "$python" -m venv ".bench/$peer"
    if ".bench/$peer/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$pins"; then
      touch "$stamp"
    else
      echo "bench: $peer can't be installed here and is left out" >&2
    fi
  fi
done

exec "$python" benchmarks/run.py --environments .bench "$@"
