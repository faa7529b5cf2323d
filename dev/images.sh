#!/usr/bin/env bash
# Builds the project's images, each tagged by the hash of its inputs, so that only what changed is built; writes their
# names as Helm values to .make/images.yaml. Usage: images.sh [NAME]...
set -euo pipefail
# shellcheck source=dev/settings.sh
. "$(dirname "$0")/settings.sh"
# shellcheck source=dev/progress.sh
. "$DEV_DIR/progress.sh"

POSTGRES_MAJOR=17
KEPT_VERSIONS=2
ALL=(postgres pgbouncer redis gateway exporters operator auth-api)
# Of no release: for development, built when asked for by name. Their names go to .make/NAME-image.
TOOLS=(prometheus)
REVISION=$(git -C "$ROOT_DIR" rev-parse --short=12 HEAD 2>/dev/null || echo unknown)

# inputs NAME: the files that go into an image, relative to the repository, NUL-separated.
inputs() {
  case $1 in
    operator | auth-api)
      {
        cd "$ROOT_DIR"
        printf '%s\0' package.json package-lock.json .npmrc tsconfig.base.json */package.json clients/*/package.json
        # Tests and benchmarks are in no image: changing one rebuilds nothing.
        find "$1" \( -name node_modules -o -name dist -o -name coverage -o -name bench -o -name integration -o -name edge \
          -o -name scripts -o -name openapi.json \) -prune \
          -o -type f ! -name '*.test.ts' ! -name 'jest*' ! -path '*/testing/*' -print0
      }
      ;;
    *) (cd "$ROOT_DIR" && find "images/$1" -type f -print0) ;;
  esac | LC_ALL=C sort -zu
}

# input_hash NAME: 12 hex digits over names, executability and contents of the inputs.
input_hash() {
  (cd "$ROOT_DIR" && inputs "$1" | while IFS= read -r -d '' file; do
    [ -x "$file" ] && printf 'x '
    printf '%s ' "$file"
    sha256sum <"$file"
  done) | sha256sum | cut -c1-12
}

# image NAME: its full name, with the tag its inputs give it.
image() {
  case $1 in
    postgres) echo "$IMAGE_PREFIX/postgres:$POSTGRES_MAJOR-dev-$(input_hash postgres)" ;;
    *) echo "$IMAGE_PREFIX/$1:dev-$(input_hash "$1")" ;;
  esac
}

# build_arguments NAME: what the build needs to know of this machine: proxies and the npm registry, where set.
build_arguments() {
  local variable
  for variable in HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy; do
    [ -z "${!variable:-}" ] || printf '%s\0' --build-arg "$variable"
  done
  case $1 in
    operator | auth-api) printf '%s\0' --build-arg "NPM_CONFIG_REGISTRY=$(cd "$ROOT_DIR" && npm config get registry 2>/dev/null)" ;;
    postgres) printf '%s\0' --build-arg "POSTGRES_MAJOR=$POSTGRES_MAJOR" ;;
  esac
  printf '%s\0' --build-arg "REVISION=$REVISION"
}

# context NAME: the build context as a tar: the inputs and nothing else, so that the hash misses nothing.
context() {
  case $1 in
    operator | auth-api)
      # A certificate authority that npm needs behind a TLS proxy: used by the build stage only.
      local certificates=()
      if [ -r "${NODE_EXTRA_CA_CERTS:-}" ]; then
        mkdir -p "$MAKE_DIR"
        cp "$NODE_EXTRA_CA_CERTS" "$MAKE_DIR/build-ca.pem"
        certificates=(.make/build-ca.pem)
      fi
      { inputs "$1"; [ ${#certificates[@]} = 0 ] || printf '%s\0' "${certificates[@]}"; } |
        tar -C "$ROOT_DIR" --null -T - -cf -
      ;;
    *) inputs "$1" | tar -C "$ROOT_DIR" --null -T - --transform "s,^images/$1/,," -cf - ;;
  esac
}

dockerfile() {
  case $1 in
    operator | auth-api) echo "$1/Dockerfile" ;;
    *) echo Dockerfile ;;
  esac
}

build() {
  local name=$1 target=$2 arguments
  mapfile -d '' arguments < <(build_arguments "$name")
  context "$name" | docker build -t "$target" -f "$(dockerfile "$name")" "${arguments[@]}" -
  # Earlier ones are of no use, save the last, for going back and forth between two branches.
  docker images --format '{{.Repository}}:{{.Tag}}' "${target%:*}" | grep -E -- '(^|:|-)dev-[0-9a-f]{12}$' |
    tail -n "+$((KEPT_VERSIONS + 1))" | xargs -r docker rmi >/dev/null || true
}

ensure() {
  local name=$1 target
  [ -e "$ROOT_DIR/$name/Dockerfile" ] || [ -e "$ROOT_DIR/images/$name/Dockerfile" ] || fail "there is no image \"$name\"" "${ALL[*]} ${TOOLS[*]}"
  target=${TARGETS[$name]}
  if has_image "$target"; then
    skipped "${target#"$IMAGE_PREFIX/"}"
  else
    step "build ${target#"$IMAGE_PREFIX/"}" build "$name" "$target"
  fi
}

write_values() {
  local name
  # After a build of some: only if all of the names would lead to something.
  for name in "${ALL[@]}"; do has_image "${TARGETS[$name]}" || return 0; done
  cat >"$MAKE_DIR/images.yaml" <<VALUES
# Written by "make images": the images of this working tree, as values of the Helm chart.
images:
  operator: ${TARGETS[operator]}
  authApi: ${TARGETS[auth-api]}
  postgres: {"$POSTGRES_MAJOR": ${TARGETS[postgres]}}
  pgbouncer: ${TARGETS[pgbouncer]}
  redis: ${TARGETS[redis]}
  gateway: ${TARGETS[gateway]}
  exporters: ${TARGETS[exporters]}
VALUES
}

mkdir -p "$MAKE_DIR"
# Two at once would build the same twice.
exec 9>"$MAKE_DIR/images.lock"
flock 9
[ $# -gt 0 ] || set -- "${ALL[@]}"
# Named once: a file that is edited meanwhile makes another image the next time.
declare -A TARGETS
for name in "${ALL[@]}" "${TOOLS[@]}"; do TARGETS[$name]=$(image "$name"); done
for name in "$@"; do ensure "$name"; done
for name in "$@"; do
  if [[ " ${TOOLS[*]} " == *" $name "* ]]; then echo "${TARGETS[$name]}" >"$MAKE_DIR/$name-image"; fi
done
write_values
