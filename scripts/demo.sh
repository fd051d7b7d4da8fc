#!/usr/bin/env bash
# Run an example on real data, from the check to the record of the run, and say what to look at next.
set -euo pipefail
cd "$(dirname "$0")/.."
flows=.venv/bin/flows
target=examples/quakes/quakes.py:quakes

show() { # show COMMAND... : print it the way a user types it, then run it
  printf '\n\033[1m$ %s\033[0m\n' "flows $*"
  "$flows" "$@"
}

show check "$target"
show run "$target"
show runs

cat <<'TEXT'

That was a real catalogue of earthquakes: read, judged row by row, grouped, drawn, and written to a database
exactly once. Look at

  examples/quakes/quakes.py            the flow, as a Python function
  examples/quakes/workflow.toml        the same flow, as TOML; it gives the same result

and try (with .venv/bin in front, or after `source .venv/bin/activate`)

  flows graph examples/quakes/quakes.py:quakes --format mermaid
  flows show RUN                       every step of a run, by the id that `flows runs` prints
  flows explain DAG200                 what a code means
TEXT
