#!/usr/bin/env bash
# Put the ONNX Runtime shared library at the path given: from the package pinned in
# scripts/onnxruntime.txt, whose SHA-256 pip checks before anything is taken out of it. Its licences come beside it.
#
#   scripts/runtime.sh lib/libonnxruntime.so.1.29.0    for this machine
#   scripts/runtime.sh lib/onnxruntime.dll             for Windows on x86-64, to pack there
set -euo pipefail

target=$1
here=$(cd "$(dirname "$0")" && pwd)

if [ "$(uname -s)" != Linux ]; then
  echo "On this system, get ONNX Runtime as docs/build.md tells and set ONNXRUNTIME_SHARED_LIBRARY_PATH." >&2
  exit 1
fi
case $(basename "$target"):$(uname -m) in
  *.dll:*) platform=win_amd64 ;;
  *:x86_64) platform=manylinux_2_28_x86_64 ;;
  *:aarch64 | *:arm64) platform=manylinux_2_28_aarch64 ;;
  *)
    echo "There is no ready ONNX Runtime for $(uname -m). Build it and set ONNXRUNTIME_SHARED_LIBRARY_PATH." >&2
    exit 1
    ;;
esac

python=
for candidate in python3 /usr/bin/python3; do
  if "$candidate" -m pip --version >/dev/null 2>&1; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ]; then
  echo "pip is missing: run scripts/packages.sh python" >&2
  exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "Getting ONNX Runtime for $platform"
"$python" -m pip download --quiet --no-deps --only-binary=:all: --require-hashes \
  --platform "$platform" --python-version 3.11 --implementation cp --abi cp311 \
  --dest "$work" --requirement "$here/onnxruntime.txt"

mkdir -p "$(dirname "$target")"
"$python" - "$work" "$target" <<'PY'
import glob, os, shutil, sys, zipfile

folder, target = sys.argv[1:]
(wheel,) = glob.glob(os.path.join(folder, "onnxruntime-*.whl"))
name = os.path.basename(target)
with zipfile.ZipFile(wheel) as z:
    texts = [(f"onnxruntime/{t}", f"onnxruntime-{t}") for t in ("LICENSE", "ThirdPartyNotices.txt")]
    for inside, outside in [*texts, (f"onnxruntime/capi/{name}", name)]:  # the library last: make looks for it
        path = os.path.join(os.path.dirname(target), outside)
        with z.open(inside) as src, open(path + ".part", "wb") as dst:
            shutil.copyfileobj(src, dst)
        os.chmod(path + ".part", 0o755 if outside == name else 0o644)
        os.replace(path + ".part", path)
PY
echo "ONNX Runtime is at $target"
