package worker

import "os"

// input is the standard input.
func input() *os.File { return os.Stdin }
