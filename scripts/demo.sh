#!/usr/bin/env bash
# Run an example on real data, from the check to the record of the run, and say what to look at next.
set -euo pipefail
cd "$(dirname "$0")/../examples/quakes"
flows=../../.venv/bin/flows

bold='' plain=''
if [ -t 1 ]; then bold=$'\033[1m' plain=$'\033[0m'; fi

show() { # show ARGUMENT... : print the command the way a user types it, then run it
  printf '\n%s$ flows %s%s\n' "$bold" "$*" "$plain"
  "$flows" "$@"
}

show check quakes.py workflow.toml
show run quakes.py
show runs --limit 1

cat <<'TEXT'

That was a real week of earthquakes: read, judged row by row, grouped, searched for its largest
cluster, drawn, and stored in a database exactly once. To see what came of it:

  cd examples/quakes && source ../../.venv/bin/activate

  out/quakes.svg                 the picture; any browser shows it
  out/rejected.csv               the rows left out, and why
  quakes.py, workflow.toml       the flow, as a Python function and as a file; same steps, same result

  flows show last                every step of that run, its files and its result
  flows graph quakes.py          the graph; --format mermaid draws it, --format json is the whole flow
  flows run workflow.toml        the same result; the database has it, so nothing is stored twice
  flows run quakes.py --param from_magnitude=5 --param within_km=300
  flows explain DAG-CKPT-004     what a code means
TEXT
