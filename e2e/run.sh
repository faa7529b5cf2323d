#!/usr/bin/env bash
# Runs the tests against the cluster of the current context: run.sh [jest option]... Two runs against one cluster would
# delete each other's namespace, so the later one waits for the earlier one to end. The kernel lets go of the lock when
# its holder ends, however it ends: a file with a process id would outlive a killed run, and then name a stranger.
set -euo pipefail
cd "$(dirname "$0")"

exec 9>>"${TMPDIR:-/tmp}/authcluster-e2e.lock"
if ! flock --nonblock 9; then
  echo "waiting for another run of these tests on this machine to end"
  flock 9
fi
exec node --experimental-vm-modules ../node_modules/jest/bin/jest.js --runInBand "$@"
