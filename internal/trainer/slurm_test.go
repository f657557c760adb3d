package trainer

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"echoline/internal/export"
)

// TestSlurm submits the script for another machine to a real Slurm, with two processes; scripts/test-slurm.sh sets one up.
func TestSlurm(t *testing.T) {
	if os.Getenv("ECHOLINE_SLURM") == "" {
		t.Skip("scripts/test-slurm.sh runs this test")
	}
	tools, err := Find(packageFolder(t), "")
	if err != nil {
		t.Fatal(err)
	}
	r := written(t, reviewed(t, 40, map[string]int{"Kim": 40}), Choice{Include: export.Accepted})
	if _, err := r.Elsewhere(tools, Machine{Processes: 2, Cores: 1}); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("sbatch", "--wait", slurmName)
	c.Dir, c.Env = r.Dir, append(os.Environ(), "PYTHON="+tools.Python)
	said, err := c.CombinedOutput()
	logs, _ := filepath.Glob(filepath.Join(r.Dir, "slurm-*.log"))
	for _, log := range logs {
		if said, err := os.ReadFile(log); err == nil {
			t.Logf("%s:\n%s", filepath.Base(log), said)
		}
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	if s := r.Status(); s.State != Ready || s.Share != 1 && r.Model() == "" {
		t.Logf("%+v", s)
	}
	if r.Model() == "" {
		t.Fatal("no model came out")
	}
}
