package study

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// madeFile is what testdata/matrix.py says of a file.
type madeFile struct {
	File, Syntax string
	Photometric  string
	Frames, W, H int
	Colour       bool
	Tolerance    int
}

// Files that other tools wrote, of every syntax, photometric interpretation, layout and depth, have the pixels that went
// into them: lossless ones all bits, lossy ones within two levels of what a reference decoder gives.
func TestMatrix(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	dir := t.TempDir()
	c := exec.Command(pythonWith(t, "pydicom", "numpy"), filepath.Join("testdata", "matrix.py"), dir)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var made []madeFile
	if err := json.Unmarshal(data, &made); err != nil {
		t.Fatal(err)
	}
	if len(made) < 300 {
		t.Errorf("only %d files", len(made))
	}
	unread := map[string]int{}
	for _, m := range made {
		f := open(t, filepath.Join(dir, m.File)).Files[0]
		if f.Refused != nil && f.Refused.Code == CodeSyntax && syntaxes[m.Syntax].coding == unreadable {
			unread[syntaxes[m.Syntax].name]++
			continue
		}
		if f.Refused != nil {
			t.Errorf("%s: %v", m.File, f.Refused)
			continue
		}
		if it := f.Item; it.W != m.W || it.H != m.H || it.Frames != m.Frames || it.TransferSyntax != m.Syntax || it.Photometric != m.Photometric {
			t.Errorf("%s: %d×%d, %d frames, %s, %s", m.File, it.W, it.H, it.Frames, it.TransferSyntax, it.Photometric)
			continue
		}
		m.compare(t, f.Item, dir)
	}
	t.Logf("%d files; not read by this build: %v", len(made), unread)
}

// compare holds the frames against the pixels beside the file.
func (m madeFile) compare(t *testing.T, it *Item, dir string) {
	t.Helper()
	want, err := os.ReadFile(filepath.Join(dir, strings.TrimSuffix(m.File, ".dcm")+".bin"))
	if err != nil {
		t.Fatal(err)
	}
	n := m.W * m.H
	worst := 0
	for i := range m.Frames {
		f, err := it.Frame(i)
		if err != nil {
			t.Errorf("%s: %v", m.File, err)
			return
		}
		if (f.RGB != nil) != m.Colour {
			t.Errorf("%s: colour is %v", m.File, f.RGB != nil)
			return
		}
		for k := range n * (1 + 2*boolInt(m.Colour)) {
			var got, should int
			if m.Colour {
				got, should = int(f.RGB[k]), int(want[3*i*n+k])
			} else {
				got, should = int(f.Grey[k]), int(binary.LittleEndian.Uint16(want[2*(i*n+k):]))
			}
			worst = max(worst, got-should, should-got)
		}
	}
	if worst > m.Tolerance {
		t.Errorf("%s: %d levels off, %d allowed", m.File, worst, m.Tolerance)
	}
}
