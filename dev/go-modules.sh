# shellcheck shell=bash
# Programs of others, built from their Go modules. To be sourced after settings.sh.

# module PATH VERSION: the folder of a Go module, downloaded.
module() {
  (cd "${TMPDIR:-/tmp}" && go mod download "$1@$2" && echo "$(go env GOMODCACHE)/$1@$2")
}

# built_from_copy PATH VERSION PROGRAM PACKAGE [PREPARE]: builds a package of a module, after PREPARE in its folder if that
# is named. In a copy, since `go install` refuses a module with replacements, and what is prepared may change it.
built_from_copy() {
  local program=$3 package=$4 prepare=${5:-true} copy
  copy=$(mktemp -d -p "$CACHE_DIR")
  cp -r --no-preserve=mode "$(module "$1" "$2")/." "$copy"
  cd "$copy" || return
  "$prepare"
  mkdir -p "$(dirname "$program")"
  CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$program.part" "$package"
  cd / || return
  # What was built of other versions goes.
  rm -rf "$copy" "${program%-*-*}"-*[0-9a-f]
  mv "$program.part" "$program"
}
