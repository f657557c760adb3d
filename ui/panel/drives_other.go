//go:build !windows

package panel

// drives returns the roots of the file system.
func drives() []string { return []string{"/"} }
