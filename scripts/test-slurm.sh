#!/usr/bin/env bash
# Tests the Slurm script that the program writes for another machine on a real Slurm: one node, this machine, with all its
# daemons in a folder that is removed afterwards. Two processes train the small plan.
#
#   scripts/test-slurm.sh          needs root, and Debian's slurmctld, slurmd, slurm-client and munge
#
# Without these, or where the daemons cannot run, it says why and skips: status 0.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

skip() { echo "test-slurm: skipped: $*" >&2; exit 0; }

python=${ECHOLINE_PYTHON:-$root/training/.venv/bin/python}
[ -x "$python" ] || skip "no Python to train with: make train-setup, or set ECHOLINE_PYTHON"
[ "$(id -u)" = 0 ] || skip "Slurm's daemons need root"
need="slurmctld slurmd sbatch munged mungekey"
for tool in $need; do
  if ! command -v "$tool" >/dev/null 2>&1 && [ ! -x "/usr/sbin/$tool" ]; then
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends slurmctld slurmd slurm-client munge >/dev/null 2>&1 || true
  fi
  command -v "$tool" >/dev/null 2>&1 || [ -x "/usr/sbin/$tool" ] || skip "$tool is not installed"
done
PATH=$PATH:/usr/sbin

work=$(mktemp -d)
chmod 755 "$work"
pids=()
end() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap end EXIT

host=$(hostname -s)
cores=$(getconf _NPROCESSORS_ONLN)
[ "$cores" -ge 2 ] || skip "two processors are needed"
mkdir -p "$work"/{state,spool,log,munge}
chmod 700 "$work/munge"
chown munge: "$work/munge" 2>/dev/null || true
mungekey --create --keyfile "$work/munge/key" >/dev/null 2>&1 || skip "no key for munge"
chown munge: "$work/munge/key" 2>/dev/null || true

# munged of its own: another socket, key and log than the system's.
# In the background each is its own process, so that the one that is ended is the daemon.
run_as() { if id munge >/dev/null 2>&1; then exec setpriv --reuid munge --regid munge --clear-groups "$@"; else exec "$@"; fi; }
mkdir -p "$work/run"
chmod 755 "$work/run"
chown munge: "$work/run" 2>/dev/null || true
run_as munged --foreground --force --socket "$work/run/socket" --key-file "$work/munge/key" --log-file "$work/munge/log" \
  --pid-file "$work/munge/pid" --seed-file "$work/munge/seed" >"$work/log/munged" 2>&1 &
pids+=($!)

cat >"$work/slurm.conf" <<CONF
ClusterName=echoline
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$work/run/socket
CryptoType=crypto/munge
SlurmctldPort=16817
SlurmdPort=16818
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/log/slurmctld
SlurmdLogFile=$work/log/slurmd
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cores State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=60 State=UP
CONF
sed -i '/^CryptoType=/d' "$work/slurm.conf"
export SLURM_CONF=$work/slurm.conf

slurmctld -D -i -f "$SLURM_CONF" >"$work/log/slurmctld.out" 2>&1 &
pids+=($!)
slurmd -D -N "$host" -f "$SLURM_CONF" >"$work/log/slurmd.out" 2>&1 &
pids+=($!)

for _ in $(seq 60); do
  state=$(sinfo -h -o %t 2>/dev/null || true)
  case $state in idle*) break ;; esac
  sleep 1
done
case ${state:-} in
idle*) ;;
*)
  tail -5 "$work"/log/* >&2 || true
  skip "the node is ${state:-not there}, not idle"
  ;;
esac
sinfo
echo "test-slurm: $(sbatch --version) runs; submitting"
ECHOLINE_SLURM=1 ECHOLINE_PYTHON=$python go test -count=1 -timeout 60m -run '^TestSlurm$' -v ./internal/trainer
