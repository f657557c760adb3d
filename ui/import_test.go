package ui

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"echoline/internal/review"
	"echoline/internal/text"
)

func TestMasksAreImportedToBeCorrected(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 2)}})
	b.open()
	it := b.sess.study.Items[0]
	im := image.NewGray(image.Rect(0, 0, it.W, it.H))
	for y := 4; y < it.H/2; y++ {
		for x := 4; x < it.W/2; x++ {
			im.SetGray(x, y, color.Gray{255})
		}
	}
	path := filepath.Join(t.TempDir(), it.Name+"_mask.png")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, im); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	b.importMasks([]string{path}, nil)
	k := review.Key{Instance: it.ID}
	b.wait("the mask", func() bool { return b.sess.review.Frame(k).Imported() })
	fr := b.sess.review.Frame(k)
	if fr.Labels.At(5, 5) != 1 || fr.Labels.At(0, 0) != 0 || fr.Touched || fr.Status != review.Open {
		t.Errorf("%+v", fr)
	}
	b.wait("its provenance", func() bool { return b.ws.Recall(k, fr.Model) != nil })
}

// The button of the dialog says that it imports, not that it opens.
func TestImportSaysThatItImports(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	b.open()
	for lang, want := range map[string]string{"en": "Import", "ko": "가져오기"} {
		text.SetLanguage(lang)
		b.chooseMasks()
		words := wordsIn(b.win.Canvas().Overlays().Top())
		if !slices.Contains(words, text.T("panel.import.folder")) || slices.Contains(words, text.T("panel.browser.open_folder")) {
			t.Errorf("%s: %q", lang, words)
		}
		for n := range 3 {
			if got := importText(n); !strings.Contains(got, want) {
				t.Errorf("%s: %q of %d", lang, got, n)
			}
		}
	}
}
