package trainer

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"echoline/internal/durable"
	"echoline/internal/fault"
)

// Machine is what another machine trains with.
type Machine struct {
	Processes int  // on one machine, that share every batch; with GPUs one for each
	GPU       bool // each process gets a GPU
	Cores     int  // for each process
}

// Names of what Elsewhere adds.
const (
	packageName = "training"
	slurmName   = "train.sbatch"
)

// Elsewhere completes the folder of a run so that it can be carried to another machine: it adds the package and a script
// for Slurm, and returns the commands that set Python up and train there, in the folder. The same commands go on with a run
// that was stopped. When it is done the folder, or model.onnx alone, is brought back. Faults: CodeUnevenly, CodePackage,
// CodeWrite, CodeFull.
func (r *Run) Elsewhere(t Tools, m Machine) (commands []string, err error) {
	m.Processes, m.Cores = max(m.Processes, 1), max(m.Cores, 1)
	if batch := batches[r.Recipe.Plan]; batch%m.Processes != 0 {
		return nil, fault.New(CodeUnevenly, "", nil, fault.Args{"Batch": batch, "Processes": m.Processes})
	}
	if err := copyPackage(t.Package, r.path(packageName)); err != nil {
		return nil, writeFault(r.Dir, err)
	}
	if err := durable.WriteFile(r.path(slurmName), []byte(r.slurm(m)), 0o755); err != nil {
		return nil, writeFault(r.Dir, err)
	}
	return []string{
		"python3 -m venv venv && venv/bin/pip install -r " + packageName + "/requirements.txt",
		"PYTHONPATH=" + packageName + " " + r.call("venv/bin/python", m),
		"PYTHON=venv/bin/python sbatch " + slurmName,
	}, nil
}

// call is the command line that trains with m.
func (r *Run) call(python string, m Machine) string {
	args := r.arguments("make")
	if m.Processes > 1 {
		// Without "--" torch takes --run for its own.
		args = append([]string{"-m", "torch.distributed.run", "--standalone", fmt.Sprintf("--nproc-per-node=%d", m.Processes), "-m", "--"}, args[1:]...)
	}
	words := []string{python}
	for _, a := range args {
		words = append(words, quoted(a))
	}
	return strings.Join(words, " ")
}

// quoted is a word as a shell takes it.
func quoted(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./=,:", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// slurm is the script for Slurm: one task on one node, which starts the processes itself. What Slurm ends, for its time or for
// others, goes on from the last checkpoint when the script is submitted again.
func (r *Run) slurm(m Machine) string {
	gpus := ""
	if m.GPU {
		gpus = fmt.Sprintf("#SBATCH --gres=gpu:%d\n", m.Processes)
	}
	return fmt.Sprintf(`#!/bin/bash
# Trains %s. Submit it in this folder: sbatch %s
# Submitted again it goes on where it was stopped.
#SBATCH --job-name=echoline-train
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=%d
%s#SBATCH --output=slurm-%%j.log
#SBATCH --open-mode=append
#SBATCH --requeue
set -euo pipefail
cd "${SLURM_SUBMIT_DIR:-.}"
export PYTHONPATH="$PWD/%s" PYTHONUNBUFFERED=1 ORT_DISABLE_TELEMETRY=1 OMP_NUM_THREADS=%d
%s
`, strings.Join(strings.Fields(r.Recipe.Name), " "), slurmName, m.Processes*m.Cores, gpus, packageName, m.Cores, r.call(`"${PYTHON:-python3}"`, m))
}

// copyPackage copies the sources and what they require, in the place of what is there.
func copyPackage(from, to string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	sources := filepath.Join(from, "echoline_training")
	if err := os.MkdirAll(filepath.Join(to, "echoline_training"), 0o755); err != nil {
		return err
	}
	if err := durable.Copy(filepath.Join(from, "requirements.txt"), filepath.Join(to, "requirements.txt")); err != nil {
		return err
	}
	return filepath.WalkDir(sources, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || filepath.Ext(path) != ".py" {
			return err
		}
		rel, err := filepath.Rel(sources, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, "echoline_training", rel)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		return durable.Copy(path, target)
	})
}
