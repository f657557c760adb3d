#!/usr/bin/env bash
# Look for known vulnerabilities in what the program calls. The database is on the network: where it
# cannot be reached this says so and passes, since an offline machine proves nothing either way.
#
#   scripts/vulnerabilities.sh build/tools/govulncheck
set -uo pipefail

out=$("$1" ./... 2>&1)
status=$?
if [ $status -ne 0 ] && grep -qiE 'fetching vulnerabilities|dial tcp|no such host|connection refused|i/o timeout|proxyconnect|forbidden' <<<"$out"; then
  echo "govulncheck: its database could not be reached, nothing was checked"
  exit 0
fi
printf '%s\n' "$out"
exit $status
