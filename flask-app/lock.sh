#!/bin/sh
# Writes the four hash-pinned locks of the Python side again, so that they agree with each other and install together.
# Needs uv (`pip install uv`). Versions already locked are kept; `./lock.sh --upgrade` takes the newest ones.
set -eu
cd "$(dirname "$0")"

lock() { # lock INPUT OUTPUT [OPTION...]
  input=$1 output=$2
  shift 2
  uv pip compile --quiet --universal --generate-hashes --python-version 3.10 --no-emit-index-url --no-emit-find-links --no-annotate \
    --custom-compile-command "flask-app/lock.sh" "$input" --output-file "$output" "$@"
}

# The smallest set is resolved last, under the constraints of the largest: one version of everything.
lock requirements-dev.in requirements-dev.txt "$@"
lock requirements-train.in requirements-train.txt --constraints requirements-dev.txt
lock requirements.in requirements.txt --constraints requirements-dev.txt
lock ../docker/triton-cpu/requirements.in ../docker/triton-cpu/requirements.txt --constraints requirements-dev.txt --no-deps
