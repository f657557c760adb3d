package export

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestYOLOSplits: data.yaml names folders that are there, beside itself wherever that is; train and val are never missing, as Ultralytics
// asks for both.
func TestYOLOSplits(t *testing.T) {
	studies := map[string]string{} // a study for each part
	for n := 0; len(studies) < 3; n++ {
		uid := "2.25." + itoa(n)
		it := source("x", 8, 8, 1)
		it.Header.Attr["StudyInstanceUID"] = uid
		studies[splitOf(&Item{Source: it})] = uid
	}
	for _, c := range []struct {
		parts, lines []string
	}{
		{[]string{"train", "val", "test"}, []string{"train: images/train", "val: images/val", "test: images/test"}},
		{[]string{"train"}, []string{"train: images/train", "val: images/train"}},
		{[]string{"train", "test"}, []string{"train: images/train", "val: images/train", "test: images/test"}},
		{[]string{"test"}, []string{"train: images/test", "val: images/test", "test: images/test"}},
		{[]string{"val"}, []string{"train: images/val", "val: images/val"}},
	} {
		var items []Item
		for _, part := range c.parts {
			it := cine(part, 20, 16, 1, 1)
			it.Source.Header.Attr["StudyInstanceUID"] = studies[part]
			items = append(items, filmed(t, it))
		}
		o := options(t, "yolo")
		run(t, input(items...), o)
		data, err := os.ReadFile(filepath.Join(o.Dir, "data.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for line := range strings.Lines(string(data)) {
			key, folder, _ := strings.Cut(strings.TrimSpace(line), ": ")
			if strings.HasPrefix(folder, "images/") {
				got = append(got, strings.TrimSpace(line))
				if _, err := os.Stat(filepath.Join(o.Dir, folder)); err != nil {
					t.Error(c.parts, err)
				}
			}
			if key == "path" {
				t.Errorf("%q: Ultralytics would look from where it is started", line)
			}
		}
		if !slices.Equal(got, c.lines) || strings.Contains(string(data), "stands for") != (got[0] != "train: images/train" || got[1] != "val: images/val") {
			t.Errorf("%v: %s", c.parts, data)
		}
	}
}
