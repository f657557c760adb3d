package ui

import (
	"testing"

	"echoline/internal/text"
)

func TestStagesAreNamedInWords(t *testing.T) {
	defer text.SetLanguage(text.Language())
	for lang, want := range map[string]map[string]string{
		"en": {"fold0": "fold 0", "outline": "outline", "fold1-doubt2": "fold 1, doubt, round 2", "outline-doubt1": "outline, doubt, round 1", "error2": "expected error"},
		"ko": {"fold0": "폴드 0", "outline": "윤곽", "fold1-doubt2": "폴드 1, 불확실성 2회차", "outline-doubt1": "윤곽, 불확실성 1회차", "error2": "예상 오차"},
	} {
		text.SetLanguage(lang)
		for name, told := range want {
			if got := stageName(name); got != told {
				t.Errorf("%s: %q, want %q", name, got, told)
			}
		}
	}
}
