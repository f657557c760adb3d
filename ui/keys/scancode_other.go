//go:build !darwin && !windows

package keys

// byScanCode holds the key codes of X11: those of the Linux input layer plus eight.
var byScanCode = consecutive([...]int{24, 38, 52})
