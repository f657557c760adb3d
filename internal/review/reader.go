package review

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// ReaderName gives a reader's name in the one form that counts: without spaces around and doubled inside, and with its
// letters composed, for some systems type Hangul and accents apart. Who types the same name is the same reader.
func ReaderName(name string) string { return norm.NFC.String(strings.Join(strings.Fields(name), " ")) }
