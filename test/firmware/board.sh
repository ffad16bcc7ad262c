#!/usr/bin/env bash
# board.sh BOARDS FOLDER: runs Inputs/board.c and Inputs/fault.c on each board.
set -uo pipefail
inputs=$(cd "$(dirname "$0")/Inputs" && pwd)
mkdir -p "$2"
for file in "$1"/{mps,virt}*.board; do
  board=$(basename "$file" .board)
  echo "board $board"
  printf 'hello file' > "$2/in put,1"
  rm -f "$2/in put,1.out"
  "$1/link" $board -o "$2/$board.elf" -Werror "$inputs/board.c" && timeout 60 "$1/emulate" $board "$2/$board.elf" "$2/in put,1"
  echo "status $?, $(head -c 12 "$2/in put,1.out" | tr '\0' '.')"
  "$1/link" $board -o "$2/fault.elf" -Werror "$inputs/fault.c" && timeout 60 "$1/emulate" $board "$2/fault.elf"
  echo "status $?"
done
