package assets

import _ "embed"

// FontRegular and FontBold are the program's one type family, Echoline Sans, as TrueType: Latin, Greek, Cyrillic, kana and
// all Hangul syllables, with digits of equal width.
var (
	//go:embed fonts/EcholineSans-Regular.ttf
	FontRegular []byte
	//go:embed fonts/EcholineSans-Bold.ttf
	FontBold []byte
)
