package dicomweb

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
)

// Record remembers which files were stored where, so that a sending that was interrupted goes on. It is a file of one
// JSON object a line, each on the disk before the next file is sent; it names files by their SHA-256 alone.
type Record struct {
	f    *os.File
	to   string
	done map[string]bool
}

// entry is a line of the file.
type entry struct {
	To     string `json:"to"`
	SHA256 string `json:"sha256"`
	UID    string `json:"sop_instance_uid"`
}

// OpenRecord opens or makes the file, for what goes to one server. A last line that was cut off is taken away.
func OpenRecord(path, to string) (*Record, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	r := &Record{f: f, to: to, done: map[string]bool{}}
	good := int64(0)
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadBytes('\n')
		var e entry
		if err != nil || json.Unmarshal(bytes.TrimSpace(line), &e) != nil {
			break
		}
		good += int64(len(line))
		if e.To == to {
			r.done[e.SHA256] = true
		}
	}
	if info, err := f.Stat(); err == nil && good == 0 && info.Size() > 0 && !beginsLikeOurs(f) {
		_ = f.Close() // nothing was written
		return nil, os.ErrExist
	}
	if err := f.Truncate(good); err != nil {
		_ = f.Close() // the fault is told already
		return nil, err
	}
	if _, err := f.Seek(good, 0); err != nil {
		_ = f.Close() // as above
		return nil, err
	}
	return r, nil
}

// beginsLikeOurs keeps a file of something else from being emptied.
func beginsLikeOurs(f *os.File) bool {
	head := make([]byte, len(`{"to":`))
	n, _ := f.ReadAt(head, 0)
	return bytes.HasPrefix([]byte(`{"to":`), head[:n])
}

// Has tells whether a file of that SHA-256 was stored.
func (r *Record) Has(sha256 string) bool { return r.done[sha256] }

// Add notes that it was.
func (r *Record) Add(sha256, uid string) error {
	line, err := json.Marshal(entry{r.to, sha256, uid})
	if err != nil {
		return err
	}
	if _, err := r.f.Write(append(line, '\n')); err != nil {
		return err
	}
	r.done[sha256] = true
	return r.f.Sync()
}

// Close closes the file.
func (r *Record) Close() error { return r.f.Close() }
