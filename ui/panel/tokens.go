package panel

import "image/color"

type tokenSet struct {
	Ground, Panel, Raised, Line, Text, Quiet, Accent, Sure, Middling, Weak, Confirmed, Corrected, NotVisible, Good, Warn, Bad color.NRGBA
}

func hex(v uint32) color.NRGBA { return color.NRGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 0xff} }

func tokens() tokenSet {
	return tokenSet{
		hex(0x0E1116), hex(0x161B22), hex(0x1F2630), hex(0x2D3643), hex(0xE6EBF2), hex(0x9AA7B8), hex(0x4EA8FF), hex(0x5CC8FF), hex(0xFFD166),
		hex(0xFF4F8B), hex(0xFFFFFF), hex(0x7CF29A), hex(0x9AA7B8), hex(0x54D18C), hex(0xFFB454), hex(0xFF6B6B),
	}
}

func errorColour(v float64) color.NRGBA {
	t := tokens()
	if v < 0.5 {
		return mix(t.Sure, t.Middling, max(v, 0)*2)
	}
	return mix(t.Middling, t.Weak, min(v, 1)*2-1)
}
