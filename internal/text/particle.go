package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// particles are the pairs that sentences write beside a name which is not known when they are written, and the two forms: after a
// consonant and after a vowel.
var particles = []struct{ pair, consonant, vowel string }{
	{"이(가)", "이", "가"}, {"을(를)", "을", "를"}, {"은(는)", "은", "는"}, {"와(과)", "과", "와"}, {"(으)로", "으로", "로"},
}

// sound is how a word ends when it is read.
type sound int

const (
	unknown   sound = iota // nobody can tell: both forms stay
	vowel                  // 가, a
	liquid                 // 갈, l: as a consonant, but for (으)로 as a vowel
	consonant              // 각, n
)

// choose replaces the pairs of particles in a Korean sentence by what is right after the word before.
func choose(s string) string {
	for _, p := range particles {
		from := 0
		for {
			at := strings.Index(s[from:], p.pair)
			if at < 0 {
				break
			}
			at += from
			form := p.pair
			switch end := ending(s[:at]); {
			case end == vowel, end == liquid && p.vowel == "로":
				form = p.vowel
			case end != unknown:
				form = p.consonant
			}
			s = s[:at] + form + s[at+len(p.pair):]
			from = at + len(form)
		}
	}
	return s
}

// ending is how the last word of s ends when it is read: without closing quotes, and without what stands in brackets behind it.
func ending(s string) sound {
	s = strings.TrimRight(s, "\"'”’")
	if open := strings.LastIndex(s, "("); open > 0 && strings.HasSuffix(s, ")") {
		return ending(s[:open])
	}
	last, _ := utf8.DecodeLastRuneInString(s)
	switch {
	case last >= '가' && last <= '힣':
		return hangul(last)
	case last >= '0' && last <= '9':
		return digits[last-'0']
	}
	return latin(s[len(strings.TrimRightFunc(s, func(r rune) bool { return r <= unicode.MaxASCII && unicode.IsLetter(r) })):])
}

// hangul is how a syllable ends: 28 of them in a row differ in their final consonant only, of which none is the first and ㄹ the ninth.
func hangul(r rune) sound {
	switch (r - '가') % 28 {
	case 0:
		return vowel
	case 8:
		return liquid
	}
	return consonant
}

// digits end as 영 일 이 삼 사 오 육 칠 팔 구 do; of numbers that end in 0, 십, 백, 천 and 만 are as 영.
var digits = [10]sound{consonant, liquid, vowel, consonant, vowel, vowel, consonant, liquid, liquid, vowel}

// latin is how a word in Latin letters ends. One without vowels, as an abbreviation, is read letter by letter; of others it is told
// by their last letter, as far as that tells it: "book" ends in a consonant in Korean and "mask" does not.
func latin(word string) sound {
	word = strings.ToLower(word)
	spelled := !strings.ContainsAny(word, "aeiouy") || len(word) == 1
	switch {
	case word == "":
		return unknown
	case strings.HasSuffix(word, "l"), spelled && strings.HasSuffix(word, "r"): // 엘, 알
		return liquid
	case strings.HasSuffix(word, "m"), strings.HasSuffix(word, "n"), !spelled && strings.HasSuffix(word, "ng"):
		return consonant
	case spelled, strings.ContainsAny(word[len(word)-1:], "afhijorsuvwxyz"):
		return vowel
	}
	return unknown
}
