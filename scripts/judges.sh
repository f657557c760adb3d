#!/usr/bin/env bash
# Make a Python environment of the programs that judge exported masks (scripts/judges.txt). Without it their tests skip and
# say so: a machine that cannot get it still tests all else.
#
#   scripts/judges.sh DIR
set -euo pipefail
here=$(dirname "$0")
stamp=$1/ready
[ -f "$stamp" ] && [ "$stamp" -nt "$here/judges.txt" ] && exit 0
if ! { ${PYTHON:-python3} -m venv "$1" && "$1/bin/python" -m pip install --quiet --requirement "$here/judges.txt"; }; then
  echo "The judges of exported masks cannot be installed; tests that ask them will skip." >&2
  exit 0
fi
touch "$stamp"
