# Sourced by .ci/run, which has `log`: the tests that need an optional part, once without any of them.
#
#   bare_machine    fails unless they are all skipped, by name, and nothing fails
#
# An ordinary user with an empty home, in a copy that is his; no Docker engine, no Chromium, a package index that does not
# answer, and a kernel that refuses io_uring. What is said to be missing is in bench/testing/requirements.ts.

BARE_USER=dyno-bare-$$
bare_folder=

bare_machine() {
  log 'the tests that need an optional part, without any'
  bare_folder=$(mktemp -d)
  chmod 755 "$bare_folder"
  mkdir "$bare_folder/home" "$bare_folder/copy"
  tar --exclude=./.git --exclude=./.dyno --exclude=./reports/runs --exclude=./dist -cf - . | tar -xf - -C "$bare_folder/copy"
  local as_user=() files=() status=0
  if [ "$(id -u)" = 0 ]; then
    useradd --no-create-home --home-dir "$bare_folder/home" "$BARE_USER"
    chown -R "$BARE_USER:" "$bare_folder/home" "$bare_folder/copy"
    as_user=(setpriv --reuid "$BARE_USER" --regid "$(id -g "$BARE_USER")" --clear-groups)
  fi
  mapfile -t files < <(grep -rl 'testing/requirements.ts' bench --include='*.test.ts')
  (
    cd "$bare_folder/copy"
    python3 .ci/without_io_uring.py "${as_user[@]}" env -i HOME="$bare_folder/home" LANG=C.UTF-8 \
      PATH="$PWD/node_modules/.bin:/usr/local/bin:/usr/bin:/bin" TMPDIR=/tmp DOCKER_HOST=unix:///nonexistent/docker.sock \
      CHROMIUM_PATH=/nonexistent/chromium PIP_CONFIG_FILE=/dev/null PIP_RETRIES=0 PIP_INDEX_URL=http://127.0.0.1:9/simple \
      node node_modules/vitest/vitest.mjs run --project 'side by side' --project all "${files[@]}"
  ) >"$bare_folder/log" 2>&1 || status=$?
  bare_judge "$status" || { tail -150 "$bare_folder/log" >&2; return 1; }
  bare_clean
}

# By the counts, and by the names of what was to be missing.
bare_judge() {
  local part counts
  counts=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$bare_folder/log" | tail -1)
  [ "$1" = 0 ] || { echo "the tests end with $1: $counts" >&2; return 1; }
  [[ $counts == *', 0 failed, '* && $counts != *', 0 skipped' ]] || { echo "not as it should be: $counts" >&2; return 1; }
  local parts=('a Docker engine' Chromium io_uring 'the Python environment')
  [ "$(id -u)" != 0 ] || parts+=('the right to mount')
  for part in "${parts[@]}"; do
    grep -qF "SKIPPED without $part (" "$bare_folder/log" || { echo "nothing was skipped for want of $part" >&2; return 1; }
  done
  echo "as it should be, on a bare machine: $counts"
}

bare_clean() {
  ! id "$BARE_USER" >/dev/null 2>&1 || userdel "$BARE_USER" >/dev/null 2>&1 || true
  [ -z "$bare_folder" ] || rm -rf "$bare_folder"
  bare_folder=
}
