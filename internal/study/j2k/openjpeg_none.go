//go:build !cgo

package j2k

// version is none: without C there is no door to the library.
func version() string { return "" }

func decode([]byte, []byte, *Head, int) error { return ErrLibrary }
