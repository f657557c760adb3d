package assets

import "embed"

//go:embed icons/*.svg
var icons embed.FS

// Emblem is the SVG of the program itself, in its colours: what the system shows for its window and its file.
//
//go:embed echoline.svg
var Emblem []byte

// Icon returns the SVG of the icon called name, for example "brush", or nil if there is none. Its strokes are drawn in
// currentColor, which the user of the icon replaces.
func Icon(name string) []byte {
	data, err := icons.ReadFile("icons/" + name + ".svg")
	if err != nil {
		return nil
	}
	return data
}
