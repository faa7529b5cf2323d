#!/usr/bin/env bash
# Pushes the images of .make/images.yaml to the registry they are named after. Usage: REGISTRY=host/path push.sh
set -euo pipefail
# shellcheck source=dev/settings.sh
. "$(dirname "$0")/settings.sh"
# shellcheck source=dev/progress.sh
. "$DEV_DIR/progress.sh"

[ -n "${REGISTRY:-}" ] || fail "Which registry?" "make images push REGISTRY=registry.example.com/team"
[ -s "$MAKE_DIR/images.yaml" ] || fail "There is no .make/images.yaml." "make images push REGISTRY=$REGISTRY"
mapfile -t images < <(grep -oE '[^ {}"]+/[^ {}"]+:[^ {}"]+' "$MAKE_DIR/images.yaml")
for image in "${images[@]}"; do
  [[ $image == "$REGISTRY"/* ]] || fail "$image is not named after $REGISTRY." "make images push REGISTRY=$REGISTRY"
  step "push ${image#"$REGISTRY/"}" docker push -q "$image"
done
