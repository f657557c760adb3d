package deid

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"echoline/internal/durable"
	"echoline/internal/fault"
	"echoline/internal/study"
)

// Boxes are rectangles that a user drew, remembered by manufacturer, model and size of the picture.
type Boxes struct {
	path string
	all  map[string]Drawn
}

// Drawn are the rectangles for the pictures of one machine: what to blank, and what to keep where the file does not
// declare its regions rightly.
type Drawn struct {
	Keep  []image.Rectangle `json:"keep,omitempty"`
	Blank []image.Rectangle `json:"blank,omitempty"`
}

// OpenBoxes reads what was remembered in a file, which need not be there.
func OpenBoxes(path string) (*Boxes, error) {
	b := &Boxes{path: path, all: map[string]Drawn{}}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &b.all)
	}
	if err != nil {
		return nil, fault.New(CodeBoxes, path, err, nil)
	}
	return b, nil
}

// machine names the maker, the model and the picture's size. Both are names of companies and machines that this program
// knows: nothing else of a file gets into the memory.
func machine(it *study.Item) string {
	maker, model := "", ""
	if it.Header != nil {
		maker, model = knownWords(it.Header.Attr["Manufacturer"], false), knownWords(it.Header.Attr["ManufacturerModelName"], true)
	}
	return strings.ToLower(fmt.Sprintf("%s|%s|%d×%d", maker, model, it.W, it.H))
}

// of are the boxes for a picture.
func (b *Boxes) of(it *study.Item) Drawn {
	if b == nil {
		return Drawn{}
	}
	return b.all[machine(it)]
}

// Remember keeps boxes for all pictures of the machine that it came from. Empty boxes forget.
func (b *Boxes) Remember(it *study.Item, d Drawn) error {
	if len(d.Keep)+len(d.Blank) == 0 {
		delete(b.all, machine(it))
	} else {
		b.all[machine(it)] = d
	}
	data, err := json.MarshalIndent(b.all, "", "  ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(b.path), 0o700)
	}
	if err == nil {
		err = durable.WriteFile(b.path, append(data, '\n'), 0o600)
	}
	if err != nil {
		return fault.New(CodeBoxes, b.path, err, nil)
	}
	return nil
}
