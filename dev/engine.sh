#!/usr/bin/env bash
# Sees to it that a Docker engine answers: starts the one there is, or installs and starts one (Debian, root).
set -euo pipefail
# shellcheck source=dev/settings.sh
. "$(dirname "$0")/settings.sh"
# shellcheck source=dev/progress.sh
. "$DEV_DIR/progress.sh"

START_TIMEOUT_SECONDS=60
CAP_SYS_RESOURCE_BIT=24

install_engine() {
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io iptables jq
}

# Some sandboxes withhold CAP_SYS_RESOURCE, and then every privileged container fails with "unable to apply caps". The
# engine gets a runc that does not ask for it; the nodes made here have the same one inside.
adapt_runtime() {
  local bounding
  bounding=$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status)
  (((0x$bounding >> CAP_SYS_RESOURCE_BIT) & 1)) && return
  command -v jq >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends jq; }
  install -m 755 "$DEV_DIR/node-image/node/runc-nores" /usr/local/sbin/runc-nores
  [ -e /etc/docker/daemon.json ] && return
  mkdir -p /etc/docker
  cat >/etc/docker/daemon.json <<'JSON'
{"runtimes": {"runc-nores": {"path": "/usr/local/sbin/runc-nores"}}, "default-runtime": "runc-nores"}
JSON
}

start_engine() {
  if [ -d /run/systemd/system ]; then
    systemctl start docker
  else
    adapt_runtime
    mkdir -p "$LOG_DIR"
    # In a session of its own, and without our lock: it goes on when this script and its terminal are gone.
    setsid dockerd >"$LOG_DIR/dockerd.log" 2>&1 </dev/null 9>&- &
  fi
  for _ in $(seq "$START_TIMEOUT_SECONDS"); do
    docker info >/dev/null 2>&1 && return
    sleep 1
  done
  echo "no answer within ${START_TIMEOUT_SECONDS}s; the engine's log is $LOG_DIR/dockerd.log"
  return 1
}

docker info >/dev/null 2>&1 && exit 0

if [ "$(id -u)" != 0 ]; then
  fail "No Docker engine answers: $(docker info 2>&1 | tail -n 1)" \
    "start Docker, or install it (https://docs.docker.com/engine/install), and see that your user may use it"
fi
if ! command -v dockerd >/dev/null; then
  command -v apt-get >/dev/null || fail "There is no Docker engine." "install one: https://docs.docker.com/engine/install"
  step "install a Docker engine" install_engine
fi
step "start the Docker engine" start_engine
