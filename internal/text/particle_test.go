package text

import (
	"regexp"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

// TestParticlesAfterEverySyllable: what follows is told by the syllable's final consonant, as Unicode decomposes it.
func TestParticlesAfterEverySyllable(t *testing.T) {
	for r := '가'; r <= '힣'; r++ {
		want := "이 을 은 과 으로"
		switch jamo := []rune(norm.NFD.String(string(r))); {
		case len(jamo) == 2:
			want = "가 를 는 와 로"
		case jamo[2] == '\u11af': // ㄹ
			want = "이 을 은 과 로"
		}
		var got []string
		for _, p := range particles {
			form, ok := strings.CutPrefix(choose("이름"+string(r)+p.pair), "이름"+string(r))
			if !ok {
				t.Fatalf("%c: the name changed", r)
			}
			got = append(got, form)
		}
		if got := strings.Join(got, " "); got != want {
			t.Fatalf("after %c: %s, want %s", r, got, want)
		}
	}
}

func TestParticlesAfterWhatIsNotHangul(t *testing.T) {
	for name, want := range map[string]string{
		"R1": "이 로", "R2": "가 로", "R3": "이 으로", "R4": "가 로", "R5": "가 로", "R6": "이 으로", "R7": "이 로", "R8": "이 로", "R9": "가 로", "R10": "이 으로",
		"Kim": "이 으로", "Dr. Park Min": "이 으로", "Cho": "가 로", "Reader": "가 로", "reading": "이 으로", "model": "이 로", "Lee": "이(가) (으)로", "mask": "이(가) (으)로",
		"A": "가 로", "L": "이 로", "R": "이 로", "N": "이 으로", "B": "가 로", "scan.png": "가 로", "a.dcm": "이 으로", "C:\\x.jpg": "가 로",
		"“김영희”": "가 로", `"병변"`: "이 으로", "유방 모델(3fa9)": "이 로", "(3fa9)": "이(가) (으)로", "": "이(가) (으)로", "山": "이(가) (으)로", "…": "이(가) (으)로",
	} {
		if got := choose(name+"이(가)") + " " + choose(name+"(으)로"); got != name+strings.Replace(want, " ", " "+name, 1) {
			t.Errorf("%q, want %s", got, want)
		}
	}
	if got := choose("가나이(가), 다람이(가) 그리고 라마바을(를)."); got != "가나가, 다람이 그리고 라마바를." {
		t.Errorf("several in one sentence: %q", got)
	}
}

// unchosen is a pair of particles, or half of one.
var unchosen = regexp.MustCompile(`[이가을를은는와과]\([이가을를은는와과]\)|\((으|이)\)`)

// TestParticlesInSentences: in Korean they are chosen, also in faults; no sentence writes a pair that nobody chooses from.
func TestParticlesInSentences(t *testing.T) {
	SetLanguage("ko")
	t.Cleanup(func() { SetLanguage("en") })
	for label, want := range map[string]string{"병변": "병변이 잠겨", "낭종 2": "낭종 2가 잠겨", "duct": "duct이(가) 잠겨"} {
		if got := T("app.hint.locked", Args{"Label": label}); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for area, m := range readAll(t)["ko"] {
		for key, forms := range m {
			for _, s := range forms {
				for _, p := range particles {
					s = strings.ReplaceAll(s, p.pair, "")
				}
				if found := unchosen.FindString(s); found != "" {
					t.Errorf("%s: %s writes %q", area, key, found)
				}
			}
		}
	}
}
