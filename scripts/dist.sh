#!/usr/bin/env bash
# Pack the program for machines without Go: a folder with all that it needs, and nothing to install.
#
#   scripts/dist.sh linux VERSION      dist/echoline-VERSION-linux-x86_64.tar.gz, of this machine's processor
#   scripts/dist.sh windows VERSION    dist/echoline-VERSION-windows-x86_64.zip, built here by MinGW
set -euo pipefail
cd "$(dirname "$0")/.."

system=$1 version=$2
go=${GO:-go}
case $system in
  linux) processor=$(uname -m) program=echoline library=libonnxruntime.so.1.29.0 ;;
  windows) processor=x86_64 program=echoline.exe library=onnxruntime.dll ;;
  *)
    echo "dist.sh: unknown system $system" >&2
    exit 2
    ;;
esac

name=echoline-$version-$system-$processor
work=$(mktemp -d)
trap 'rm -rf "$work" cmd/echoline/rsrc_windows_*.syso' EXIT
folder=$work/$name
mkdir -p "$folder/lib" "$folder/models" "$folder/licences" dist

[ -e "lib/$library" ] || scripts/runtime.sh "lib/$library"
cp "lib/$library" "$folder/lib/"
cp assets/models/*.onnx assets/models/*.md "$folder/models/"
cp packaging/README.txt LICENSE NOTICE "$folder/"

# What the program is made of may be passed on with its licence: of the fonts, the icons, ONNX Runtime, Go, and each module.
cp assets/fonts/LICENSE.txt "$folder/licences/fonts.txt"
cp assets/icons/LICENSE.txt "$folder/licences/icons.txt"
cp lib/onnxruntime-* "$folder/licences/"
cp "$("$go" env GOROOT)/LICENSE" "$folder/licences/go.txt"
GOOS=$system GOARCH=amd64 "$go" list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Dir}}{{end}}{{end}}' ./cmd/echoline | sort -u |
  while read -r module at; do
    text=$(find "$at" -maxdepth 1 -iregex '.*/\(licen[cs]e\|copying\)[^/]*' | head -1)
    [ -n "$text" ] || { echo "dist.sh: $module has no licence" >&2; exit 1; }
    cp "$text" "$folder/licences/${module//\//_}.txt"
  done

flags="-X main.version=$version"
# Without Fyne's thread checks, which are for tests, and without paths of this machine.
build=("$go" build -trimpath -tags migrated_fynedo)
if [ "$system" = windows ]; then
  cp /usr/share/doc/mingw-w64-common/copyright "$folder/licences/mingw-w64.txt"
  [ -e lib/openjp2.dll ] || scripts/openjpeg.sh lib/openjp2.dll
  cp lib/openjp2.dll "$folder/" # JPEG 2000: the decoding process looks beside the program
  cp lib/openjpeg-LICENSE "$folder/licences/"
  # Icon and version, a manifest for sharp text on dense screens, and no console window beside the program's own.
  number=$(sed -n 's/^v\?\([0-9]\+\.[0-9]\+\.[0-9]\+\).*/\1/p' <<<"$version")
  rsvg-convert --width 256 --height 256 --output "$work/echoline.png" assets/echoline.svg
  build/tools/go-winres simply --arch amd64 --out cmd/echoline/rsrc --icon "$work/echoline.png" --manifest gui \
    --product-name Echoline --file-description "Echoline - for research only, not a medical device" \
    --original-filename echoline.exe --product-version "${number:-0.1.0}.0" --file-version "${number:-0.1.0}.0"
  GOOS=windows GOARCH=amd64 CGO_ENABLED=1 CC=x86_64-w64-mingw32-gcc \
    "${build[@]}" -ldflags "$flags -s -w -H=windowsgui" -o "$folder/$program" ./cmd/echoline
  (cd "$work" && zip -q -r -X "$name.zip" "$name")
  mv "$work/$name.zip" dist/
else
  cp assets/echoline.svg "$folder/"
  "${build[@]}" -ldflags "$flags -s -w" -o "$folder/$program" ./cmd/echoline
  tar -C "$work" --owner=0 --group=0 -czf "$work/$name.tar.gz" "$name"
  mv "$work/$name.tar.gz" dist/
fi
ls -l dist/"$name".*
