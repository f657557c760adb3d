package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestInfoListsEveryFile(t *testing.T) {
	dir := writeStudy(t)
	var out, log bytes.Buffer
	root := newRoot()
	root.SetOut(&out)
	root.SetErr(&log)
	root.SetArgs([]string{"info", dir, filepath.Join(dir, "missing.dcm")})
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	var got struct{ Files []fileInfo }
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	status := map[string]string{}
	byName := map[string]fileInfo{}
	for _, f := range got.Files {
		name, err := filepath.Rel(dir, f.Path)
		if err != nil {
			t.Fatal(err)
		}
		status[filepath.ToSlash(name)] = f.Status
		byName[filepath.ToSlash(name)] = f
		if (f.Reason == "") != (f.Status == "opened") || strings.Contains(f.Reason, f.Path) {
			t.Errorf("%s is %s because %q", name, f.Status, f.Reason)
		}
	}
	want := map[string]string{
		"a.png": "opened", "sub/a.png": "opened", "deep.png": "opened", "cine.dcm": "opened",
		"broken.png": "refused", "missing.dcm": "refused", "notes.txt": "skipped",
	}
	if !reflect.DeepEqual(status, want) {
		t.Errorf("got %v, want %v", status, want)
	}
	cine := byName["cine.dcm"]
	cine.Path = ""
	if want := (fileInfo{
		Status: "opened", Modality: "US", TransferSyntax: "1.2.840.10008.1.2.1", Photometric: "MONOCHROME2", Frames: 2, Rows: 1,
		Columns: 3, Regions: []regionInfo{{
			X1: 3, Y1: 1, SpatialFormat: 1, DataType: 1, UnitsX: 3, UnitsY: 3, DeltaX: 0.01, DeltaY: 0.02,
		}},
	}); !reflect.DeepEqual(cine, want) {
		t.Errorf("cine is %+v, want %+v", cine, want)
	}
	if log.Len() > 0 || bytes.Contains(out.Bytes(), []byte("Secret")) {
		t.Errorf("log %q", log.String())
	}
	if !bytes.Contains(out.Bytes(), []byte(`"regions": []`)) {
		t.Error("a file without regions has no empty list")
	}
}
