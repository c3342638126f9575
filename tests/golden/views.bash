# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: BSD-2-Clause

# golden_views CAPTURE: every view of it as text, and as NDJSON what no other
# view has
golden_views() {
  local view
  for view in conversations ladder segments resets; do
    echo "== $view"
    "$SYNFLOW" -v -r "$1" --view $view
  done
  for view in conversations segments; do
    echo "== $view, NDJSON"
    "$SYNFLOW" -r "$1" --view $view -o ndjson
  done
  echo "== resets, NDJSON"
  "$SYNFLOW" -r "$1" --view resets -o ndjson | grep '"reset":' || :
}

# golden_pair CAPTURE CAPTURE: of two captures
golden_pair() {
  "$SYNFLOW" -r "$1" -r "$2"
  "$SYNFLOW" -r "$1" -r "$2" -o ndjson
}

# golden_pair_svg NAME: of a pair in this folder
golden_pair_svg() {
  "$SYNFLOW" -r "$1.client.pcapng" -r "$1.server.pcapng" -o svg
}
