package models

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"echoline/internal/fault"
)

var errNoONNX = errors.New("models: not an ONNX file, or without what Echoline needs to know")

// ownCases is what the program calls the masks that it trains from (package trainer).
const ownCases = "cases"

// Read looks at a model file: what it says of itself, without loading it. Fault CodeNoModel.
func Read(file string) (Model, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return Model{}, fault.New(CodeNoModel, file, cause(err), nil)
	}
	text := metadata(data, "echoline")
	var doc struct {
		Name, Version string
		Input         struct{ Width, Height int }
		Data, Metrics json.RawMessage
	}
	if text == nil || json.Unmarshal(text, &doc) != nil || doc.Name == "" {
		return Model{}, fault.New(CodeNoModel, file, errNoONNX, nil)
	}
	// What only tells may be of another form: the model works all the same.
	var sources []Source
	var metrics struct {
		Test map[string]map[string]json.RawMessage
	}
	_, _ = json.Unmarshal(doc.Data, &sources), json.Unmarshal(doc.Metrics, &metrics)
	sum := sha256.Sum256(data)
	m := Model{
		SHA256: hex.EncodeToString(sum[:]), Name: doc.Name, Version: doc.Version, File: file,
		Input:    fmt.Sprintf("%d×%d", doc.Input.Width, doc.Input.Height),
		OwnCases: slices.ContainsFunc(sources, func(d Source) bool { return d.Name == ownCases }),
		Data:     sources, Measured: told(metrics.Test),
	}
	if info, err := os.Stat(file); err == nil {
		m.Added = info.ModTime()
	}
	if card := strings.TrimSuffix(file, ".onnx") + ".md"; card != file {
		if info, err := os.Stat(card); err == nil && info.Mode().IsRegular() {
			m.Card = card
		}
	}
	return m, nil
}

// metadataField is the number of ModelProto.metadata_props: entries of a key (1) and a value (2).
const metadataField = 14

// metadata is a value of an ONNX file's metadata; nil where there is none. It reads the outermost fields of the protocol
// buffer alone, and nothing of the graph.
func metadata(b []byte, key string) []byte {
	for len(b) > 0 {
		number, content, rest, ok := field(b)
		if !ok {
			return nil
		}
		if number == metadataField {
			if k, v := entry(content); k == key {
				return v
			}
		}
		b = rest
	}
	return nil
}

// entry is a pair of strings.
func entry(b []byte) (key string, value []byte) {
	for len(b) > 0 {
		number, content, rest, ok := field(b)
		if !ok {
			return "", nil
		}
		switch number {
		case 1:
			key = string(content)
		case 2:
			value = content
		}
		b = rest
	}
	return key, value
}

// field takes the first field off a message. content is empty for numbers.
func field(b []byte) (number uint64, content, rest []byte, ok bool) {
	tag, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, nil, false
	}
	b = b[n:]
	size := uint64(0)
	switch tag & 7 {
	case 0:
		if _, n = binary.Uvarint(b); n <= 0 {
			return 0, nil, nil, false
		}
		return tag >> 3, nil, b[n:], true
	case 1:
		size = 8
	case 2:
		if size, n = binary.Uvarint(b); n <= 0 {
			return 0, nil, nil, false
		}
		b = b[n:]
	case 5:
		size = 4
	default:
		return 0, nil, nil, false
	}
	if size > uint64(len(b)) {
		return 0, nil, nil, false
	}
	return tag >> 3, b[:size], b[size:], true
}
