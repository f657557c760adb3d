#!/usr/bin/env bash
# Install the system packages that a step needs: those that are missing, no others, and say which.
#
#   scripts/packages.sh GROUP…     groups: build run python test lint windows wine training
#
# Only systems with apt-get are served; on others it names what to install and goes on, so that a
# machine that has the libraries in its own way still builds.
set -euo pipefail

packages_of() {
  case $1 in
    # Fyne's GLFW 3.4 compiles its X11 and Wayland halves and links OpenGL.
    build) echo gcc libc6-dev pkg-config ca-certificates libgl1-mesa-dev libwayland-dev libxkbcommon-dev \
      libx11-dev libxcursor-dev libxrandr-dev libxinerama-dev libxi-dev libxxf86vm-dev ;;
    # What the window opens at run time; JPEG 2000, which is loaded then too.
    run) echo libgl1 libegl1 libgl1-mesa-dri libopenjp2-7 ;;
    # The ONNX Runtime library comes in a Python package.
    python) echo python3-pip ;;
    # A screen without a monitor, a window manager, a hand and an eye; the judges of DICOM files; what makes and reads videos.
    test) echo xvfb openbox xdotool x11-utils imagemagick strace dicom3tools python3-pydicom python3-numpy \
      dcmtk libgdcm-tools libopenjp2-tools ffmpeg orthanc orthanc-dicomweb python3-venv poppler-utils ;;
    lint) echo git ;;
    # A compiler for Windows, what builds OpenJPEG with it and draws the icon, and the way of packing there.
    windows) echo gcc-mingw-w64-x86-64 cmake librsvg2-bin zip ;;
    # A Windows to try that in.
    wine) echo wine wine64 unzip ;;
    training) echo python3-venv python3-pip ;;
    *)
      echo "packages.sh: unknown group $1" >&2
      exit 2
      ;;
  esac
}

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

wanted=()
for group in "$@"; do
  read -ra names <<<"$(packages_of "$group")"
  wanted+=("${names[@]}")
done

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  echo "This system has no apt-get. If the next step fails, install what Debian calls:" >&2
  echo "  ${wanted[*]}" >&2
  echo "docs/build.md has the names on other systems." >&2
  exit 0
fi

missing=()
for name in "${wanted[@]}"; do
  # A newer or a hand-built pip does as well as Debian's.
  if [ "$name" = python3-pip ] && python3 -m pip --version >/dev/null 2>&1; then continue; fi
  installed "$name" || missing+=("$name")
done
[ ${#missing[@]} -gt 0 ] || exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "These system packages are missing, and there is no sudo. As root, run:" >&2
    echo "  apt-get update && apt-get install -y ${missing[*]}" >&2
    exit 1
  fi
  root=(sudo)
fi

echo "Installing system packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${root[@]}" apt-get update -q
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
