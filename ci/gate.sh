#!/bin/sh
# Measures a scenario and judges it: what action.yml and the GitLab job of docs/ci.md run.
#   DYNO_SCENARIO   the scenario, required
#   DYNO_BASELINE   a baseline file for relative rules; empty: the baseline target of the run
#   DYNO_OUT        run directory, default dyno-results
#   DYNO_ARGUMENTS  more for `dyno run`, split at spaces
# Ends with the exit code of `dyno gate`, or of `dyno run` where nothing could be measured.
set -eu

: "${DYNO_SCENARIO:?name the scenario}"
out=${DYNO_OUT:-dyno-results}
root=$(cd "$(dirname "$0")/.." && pwd)
dyno() { "$root/node_modules/.bin/node" --no-parallel-scavenge "$root/bench/main.ts" "$@"; }

code=0
# shellcheck disable=SC2086 # split at spaces, as the name says
dyno run "$DYNO_SCENARIO" --out "$out" ${DYNO_ARGUMENTS:-} || code=$?
# 1 and 3 are verdicts on what was measured, which the gate says in full; anything else measured nothing.
case $code in 0 | 1 | 3) ;; *) exit "$code" ;; esac

set -- "$out" --junit "$out/gate.xml"
[ -z "${DYNO_BASELINE:-}" ] || set -- "$@" --baseline "$DYNO_BASELINE"
[ -z "${GITHUB_STEP_SUMMARY:-}" ] || set -- "$@" --summary "$GITHUB_STEP_SUMMARY"
dyno gate "$@"
