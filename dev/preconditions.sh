# shellcheck shell=bash
# What a cluster needs of this machine, asked before anything is built or started. To be sourced after settings.sh and
# progress.sh.

HOST_PORTS=(8080 8081) # as in kind-config.yaml
DISK_NEEDED_GIB=15
MEMORY_NEEDED_GIB=6
MEMINFO=/proc/meminfo

# check_system: can this machine run the scripts at all?
check_system() {
  local tool
  [ "$(uname -s)" = Linux ] || fail "The local cluster is made for Linux (or WSL 2); this is $(uname -s)." \
    "use a cluster of your own: make quickstart CONTEXT=name"
  for tool in awk flock npm; do
    command -v "$tool" >/dev/null || fail "There is no $tool." \
      "install it with your system's package manager, and run this again"
  done
}

check_ports() {
  local port
  for port in "${HOST_PORTS[@]}"; do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      fail "Port $port of 127.0.0.1 is in use; the cluster's gateway is to be reached there." \
        "see who has it (ss -ltnp 'sport = :$port'), stop it, and run this again"
    fi
  done
}

check_disk() {
  local folder free_gib
  mkdir -p "$CACHE_DIR"
  for folder in "$(docker info -f '{{.DockerRootDir}}')" "$CACHE_DIR"; do
    # An engine elsewhere (a virtual machine's, say) has a folder that is not here.
    [ -d "$folder" ] || continue
    free_gib=$(($(df -Pk "$folder" | awk 'NR == 2 {print $4}') / 1024 / 1024))
    [ "$free_gib" -ge "$DISK_NEEDED_GIB" ] || fail "$folder has $free_gib GiB of free disk; $DISK_NEEDED_GIB GiB are needed." \
      "make room (docker system df shows what the engine holds), or set AUTHCLUSTER_CACHE to another folder"
  done
}

check_memory() {
  local free_gib
  free_gib=$(($(awk '/^MemAvailable:/ {print $2}' "$MEMINFO") / 1024 / 1024))
  [ "$free_gib" -ge "$MEMORY_NEEDED_GIB" ] || fail "$free_gib GiB of memory are free; the cluster needs $MEMORY_NEEDED_GIB GiB." \
    "stop something large, or use a cluster of your own: make quickstart CONTEXT=name"
}

check_preconditions() {
  check_ports
  check_disk
  check_memory
}
