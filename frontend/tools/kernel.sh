#!/bin/sh
# Builds engine/kernel.wasm (or the file given) from engine/kernel.c; needs clang with the wasm32 target, and lld.
set -e
here="$(cd "$(dirname "$0")/.." && pwd)"
exec clang --target=wasm32 -Os -msimd128 -ffreestanding -nostdlib -Wall -Werror -Wl,--no-entry -Wl,--import-memory \
    -Wl,--strip-all -Wl,-z,stack-size=4096 -o "${1:-$here/engine/kernel.wasm}" "$here/engine/kernel.c"
