package ui

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"echoline/internal/models"
	"echoline/internal/text"
)

// The words that the window has of a model's use and limits are those of the card that training/ writes.
func TestCardWordsAreTheCards(t *testing.T) {
	text.SetLanguage("en")
	src, err := os.ReadFile(filepath.Join("..", "training", "echoline_training", "card.py"))
	if err != nil {
		t.Fatal(err)
	}
	plain := func(s string) string {
		s = strings.NewReplacer("**", "", "`", "", " (above)", "").Replace(s)
		return strings.Join(strings.Fields(s), " ")
	}
	for key, constant := range map[string]string{
		"models.card.intended": "INTENDED", "models.card.limits": "LIMITS", "models.card.limits.own": "OTHERS",
	} {
		m := regexp.MustCompile(`(?s)\n` + constant + ` = """\\\n## [^\n]*\n\n(.*?)"""`).FindSubmatch(src)
		if m == nil {
			t.Fatal("card.py has no ", constant)
		}
		if got, want := plain(text.T(key)), plain(string(m[1])); got != want {
			t.Errorf("%s says\n%s\nthe card\n%s", key, got, want)
		}
	}
}

// In Korean every sentence of the card's blocks is Korean; figures, names and licences are as in the file.
func TestCardIsToldInKorean(t *testing.T) {
	m, err := models.Read(filepath.Join("..", "assets", "models", "echoline-breast.onnx"))
	if err != nil {
		t.Skip("no model ships with this build:", err)
	}
	text.SetLanguage("ko")
	t.Cleanup(func() { text.SetLanguage("en") })
	hangul := func(s string) bool {
		return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Hangul, r) })
	}
	figures := 0
	for _, b := range cardBlocks(&m) {
		if b.Heading != "" && !hangul(b.Heading) {
			t.Error("heading", b.Heading)
		}
		for line := range strings.Lines(b.Words) {
			if !hangul(line) && !strings.HasPrefix(line, "BUS") {
				t.Error(line)
			}
		}
		for _, f := range b.Figures {
			figures++
			if f.Value == "" || strings.HasPrefix(f.Name, "models.") {
				t.Error(f)
			}
		}
	}
	if figures < 2*len(models.Figures) {
		t.Error(figures, "figures")
	}
	own := models.Model{OwnCases: true, Data: []models.Source{{Name: "cases"}}}
	if got := limitsOf(&own); got != text.T("models.card.limits.own") {
		t.Error(got)
	}
	foreign := models.Model{Data: []models.Source{{Name: "BUSI"}, {Name: "elsewhere", URL: "u"}}}
	if limitsOf(&foreign) != "" || !hangul(measuredBlocks(&foreign)[0].Words) {
		t.Error("limits of data that nobody here knows")
	}
}
