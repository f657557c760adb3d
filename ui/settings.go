package ui

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	"echoline/internal/durable"
)

// settingsFile is the name of the settings inside the configuration folder.
const settingsFile = "settings.json"

// maxRecent is how many opened paths are remembered.
const maxRecent = 8

// Settings are a person's choices on this machine. They hold no patient data and nothing clinical: losing them loses
// comfort only.
type Settings struct {
	Language     string   `json:"language"` // "en", "ko", or "" for the system's
	Light        bool     `json:"light"`
	Reader       string   `json:"reader"`
	Acknowledged bool     `json:"acknowledged"` // the research-use note was read
	SortByName   bool     `json:"sort_by_name"`
	SortAtRandom bool     `json:"sort_at_random"`
	Recent       []string `json:"recent"`
	Last         Opened   `json:"last"` // what was opened last, and is opened again at the next start
	ExportDir    string   `json:"export_dir"`
	Private      bool     `json:"private"`          // exports leave persons out
	DeidDir      string   `json:"deidentify_dir"`   // where de-identified images go
	DeidDates    string   `json:"deidentify_dates"` // what becomes of dates
	Width        float32  `json:"width"`
	Height       float32  `json:"height"`

	path string
}

// Opened is a study by the files and folders that it was opened from, and the workspace that holds the work on it.
type Opened struct {
	Workspace string   `json:"workspace"`
	Paths     []string `json:"paths"`
}

// maxLast is up to how many paths a study is opened again at the next start.
const maxLast = 200

// LoadSettings reads the settings from dir. A missing or damaged file gives the defaults: a person must be able to start.
func LoadSettings(dir string) *Settings {
	s := &Settings{path: filepath.Join(dir, settingsFile)}
	if data, err := os.ReadFile(s.path); err == nil {
		if json.Unmarshal(data, s) != nil {
			*s = Settings{path: s.path}
		}
	}
	if s.Width < 800 || s.Height < 500 || s.Width > 8000 || s.Height > 8000 {
		s.Width, s.Height = 1280, 680 // with its title fits a laptop of 1366×768, above what the system keeps at the foot
	}
	return s
}

// Save writes the settings. An error is worth a log line, never a dialog.
func (s *Settings) Save() error {
	data, err := s.encode()
	if err != nil {
		return err
	}
	return s.write(data)
}

// encode is what the file is to hold.
func (s *Settings) encode() ([]byte, error) { return json.MarshalIndent(s, "", "  ") }

// write puts it there. It touches nothing that changes, so it may run beside the window.
func (s *Settings) write(data []byte) error {
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return err
	}
	return durable.WriteFile(s.path, data, 0o600)
}

// opened remembers what was opened last in a workspace.
func (s *Settings) opened(workspace string, paths []string) {
	s.Last = Opened{}
	if len(paths) <= maxLast {
		s.Last = Opened{Workspace: workspace, Paths: slices.Clone(paths)}
	}
}

// remember puts paths at the front of the recent list; of very many only the first.
func (s *Settings) remember(paths []string) {
	for _, p := range slices.Backward(paths[:min(len(paths), maxRecent)]) {
		s.Recent = slices.DeleteFunc(s.Recent, func(q string) bool { return q == p })
		s.Recent = slices.Insert(s.Recent, 0, p)
	}
	s.Recent = s.Recent[:min(len(s.Recent), maxRecent)]
}
