// Package tools holds what the project is checked with: the linters, pinned by this module's go.mod so that the
// program's own stays lean, and the proof that they hold the import law.
package tools
