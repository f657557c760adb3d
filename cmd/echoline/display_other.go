//go:build !linux

package main

// checkDisplay has nothing to ask on systems that always have a screen.
func checkDisplay() finding { return well("doctor.display.system", nil) }
