#!/usr/bin/env bash
# Makes the three lock files from pyproject.toml, for every platform and Python, with hashes. `--check` only compares.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for pair in "requirements.lock:" "requirements-captions.lock:--extra captions" "requirements-test.lock:--extra test"; do
  file=${pair%%:*}
  # The present lock is the starting point: only what pyproject.toml demands changes. `--upgrade` takes the newest.
  if [ "${1:-}" != "--upgrade" ] && [ -f "$file" ]; then cp "$file" "$work/$file"; fi
  # shellcheck disable=SC2086
  uv pip compile -q pyproject.toml ${pair#*:} --universal --python-version 3.11 --generate-hashes --no-header \
    --no-emit-index-url --no-annotate -o "$work/$file"
  if [ "${1:-}" = "--check" ]; then
    diff -q "$file" "$work/$file" || { echo "$file is not what pyproject.toml says: run scripts/lock.sh"; exit 1; }
  else
    cp "$work/$file" "$file"
  fi
done
