#!/usr/bin/env bash
# Put the ONNX Runtime shared library at the path given: from the package pinned in
# scripts/onnxruntime.txt, whose SHA-256 pip checks before anything is taken out of it.
#
#   scripts/runtime.sh lib/libonnxruntime.so.1.29.0
set -euo pipefail

target=$1
here=$(cd "$(dirname "$0")" && pwd)

if [ "$(uname -s)" != Linux ]; then
  echo "On this system, get ONNX Runtime as docs/build.md tells and set ONNXRUNTIME_SHARED_LIBRARY_PATH." >&2
  exit 1
fi
case $(uname -m) in
  x86_64) platform=manylinux_2_28_x86_64 ;;
  aarch64 | arm64) platform=manylinux_2_28_aarch64 ;;
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
part = target + ".part"
with zipfile.ZipFile(wheel) as z, z.open("onnxruntime/capi/" + os.path.basename(target)) as src, open(part, "wb") as dst:
    shutil.copyfileobj(src, dst)
os.chmod(part, 0o755)
os.replace(part, target)
PY
echo "ONNX Runtime is at $target"
