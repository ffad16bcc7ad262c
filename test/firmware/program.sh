#!/usr/bin/env bash
# program.sh BOARD OUT PROGRAM.c MODEL.onnx BUDGET[,...] [ARGUMENT...]: compiles a
# model of the examples, links it with a program of the tests and runs that on a
# board. IMAGES is the number of images (1). STACK_BYTES is
# the bound that swapc printed.
set -euo pipefail
board=$1 out=$2 program=$3 model=$4 budget=$5
shift 5
firmware=$(cd "$(dirname "$0")/../../examples/firmware" && pwd)
source "$firmware/boards/$board.board"
name=$(basename "$model" .onnx)
mkdir -p "$out"
swapc "$model" --emit lib --mtriple "$triple" --mcpu "$cpu" ${attributes:+--mattr "$attributes"} \
  --budget "$budget" -o "$out/$name" 2> "$out/report"
stack=$(sed -n 's/^code .*, stack \([0-9]*\) bytes.*/\1/p' "$out/report")
"$firmware/digits_images.py" "${IMAGES:-1}" "$out/digits_images.h"
dma=()
[ "$start" = cortex-m.c ] && dma=("$firmware/boards/dma.c")
"$firmware/boards/link" "$board" -o "$out/program.elf" -Werror "-DSTACK_BYTES=${stack:?}" "-I$out" "-I$out/$name" "-I$firmware/../../runtime/include" "$program" "${dma[@]}" \
  "$out/$name/lib$name.a" "BLOB:${name}_blob=$out/$name/$name.swap"
exec "$firmware/boards/emulate" "$board" "$out/program.elf" "$@"
