#!/usr/bin/env bash
# A night of hostile files. A quarter of it goes to files changed at random, read through the decoding process; the fuzz
# targets of every parser share the rest. What fails stays, and is named: a changed file in the temporary folder, what a
# fuzz target found in its testdata/fuzz, where it is a test from then on.
#
#   scripts/nightly.sh MINUTES      FUZZ_PROCESSES=1 keeps all but one processor free
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=$((${1:?how many minutes} * 60))
processes=${FUZZ_PROCESSES:-$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)}
failed=()

echo "$(date +%T) malformed files, then mutations for $((seconds / 4)) s"
ECHOLINE_MUTATIONS=$((seconds / 4))s go test -count=1 -run 'TestMalformed|TestMutations' -v -timeout 24h ./internal/study/worker ||
  failed+=(mutations)

mapfile -t targets < <(grep -rhoE '^func Fuzz[A-Za-z0-9]+' --include='*_test.go' -H inference internal | sed 's/:func /:/' | sort)
share=$((seconds * 3 / 4 / ${#targets[@]}))
# Whatever runs several goroutines covers other lines each time, so that making an input smaller would go on and on.
for target in "${targets[@]}"; do
  package=./$(dirname "${target%%:*}") name=${target##*:}
  echo "$(date +%T) $package $name for $share s"
  go test -run '^$' -fuzz "^$name\$" -fuzztime "${share}s" -fuzzminimizetime 100x -parallel "$processes" "$package" | tail -n 25 || failed+=("$package $name")
done

if [ ${#failed[@]} -gt 0 ]; then
  printf 'FAILED: %s\n' "${failed[@]}" >&2
  exit 1
fi
echo "$(date +%T) nothing found"
