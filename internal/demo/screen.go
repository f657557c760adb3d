package demo

import (
	"image"
	"image/color"
	"image/draw"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// screen puts a sector on the black screen of the invented scanner, with its caption, grey bar and depth scale.
func screen(sector []uint8) []uint8 {
	im := image.NewGray(image.Rect(0, 0, width, height))
	for y := range sectorH {
		copy(im.Pix[(top+y)*width+left:], sector[y*sectorW:(y+1)*sectorW])
	}
	caption := font.Drawer{Dst: im, Src: image.NewUniform(color.Gray{150}), Face: basicfont.Face7x13, Dot: fixed.P(left, top-9)}
	caption.DrawString("ECHOLINE DEMO   SYNTHETIC, NOT A PATIENT")
	for y := range 160 {
		grey := color.Gray{uint8(255 - y*255/159)}
		draw.Draw(im, image.Rect(20, top+20+y, 30, top+21+y), image.NewUniform(grey), image.Point{}, draw.Src)
	}
	const tick = 5 // mm
	for n := 0; n*tick*1000 <= sectorH*pitchMicrons; n++ {
		y, length := top+n*tick*1000/pitchMicrons, 5+5*((n+1)%2)
		draw.Draw(im, image.Rect(left+sectorW+8, y, left+sectorW+8+length, y+1), image.NewUniform(color.Gray{140}), image.Point{}, draw.Src)
	}
	return im.Pix
}
