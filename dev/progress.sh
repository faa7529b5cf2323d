# shellcheck shell=bash
# What every script under dev/ says while it works: one line per step, with the time it took. To be sourced.

# step MESSAGE COMMAND...: runs the command with its output kept in a log, and shows the log's end if it fails.
step() {
  local message=$1 started log status
  shift
  started=$(date +%s)
  mkdir -p "$LOG_DIR"
  find "$LOG_DIR" -name '*.log' ! -name dockerd.log -mtime +7 -delete
  log=$LOG_DIR/$(tr -cs 'a-zA-Z0-9' '-' <<<"$message" | cut -c1-60 | sed 's/-*$//').log
  # On a terminal the result completes the line; elsewhere a reader line by line sees what is being waited for.
  if [ -t 1 ]; then printf '  %-61s ' "$message"; else printf '  %s ...\n' "$message"; fi
  # A subshell of its own: `set -e` has no effect in a function called from a condition.
  set +e
  (set -e; "$@") >"$log" 2>&1 </dev/null
  status=$?
  set -e
  [ -t 1 ] || printf '  %-61s ' "$message"
  if [ "$status" = 0 ]; then
    printf 'done in %ds\n' "$(($(date +%s) - started))"
    return
  fi
  printf 'FAILED after %ds\n\n' "$(($(date +%s) - started))"
  # Without the colours that some programs put out to a file as well.
  tail -n 25 "$log" | sed -e 's/\x1b\[[0-9;]*m//g' -e 's/^/    /'
  fail "\"$message\" did not work." "see above, or the whole log: $log"
}

# skipped MESSAGE: a step whose result is already there.
skipped() {
  printf '  %-61s there already\n' "$1"
}

# fail MESSAGE [NEXT STEP]: what is wrong, and what to do about it.
fail() {
  printf '\n%s\n' "$1" >&2
  [ $# -lt 2 ] || printf 'Next: %s\n' "$2" >&2
  exit 1
}
