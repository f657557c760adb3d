#!/usr/bin/env bash
# Build OpenJPEG for Windows, which has none of its own, at the path given; its licence comes beside it.
#
#   scripts/openjpeg.sh lib/openjp2.dll
set -euo pipefail

target=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "Building OpenJPEG for Windows"
python3 -m pip download --quiet --no-deps --no-binary pylibjpeg-openjpeg --require-hashes --dest "$work" --requirement "$here/openjpeg.txt"
tar -C "$work" -xzf "$work"/pylibjpeg_openjpeg-*.tar.gz
source=$(echo "$work"/pylibjpeg_openjpeg-*/lib/openjpeg)
{
  cmake -S "$source" -B "$work/build" -DCMAKE_SYSTEM_NAME=Windows -DCMAKE_C_COMPILER=x86_64-w64-mingw32-gcc \
    -DCMAKE_BUILD_TYPE=Release -DBUILD_CODEC=OFF -DBUILD_SHARED_LIBS=ON -DCMAKE_SHARED_LINKER_FLAGS="-static-libgcc -s"
  cmake --build "$work/build"
} >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }

mkdir -p "$(dirname "$target")"
cp "$source/LICENSE" "$(dirname "$target")/openjpeg-LICENSE"
cp "$work/build/bin/libopenjp2.dll" "$target.part"
mv "$target.part" "$target"
