//go:build race

package worker

// underRace tells that the race detector is in the program: it keeps memory of its own, and ends a process differently that gets no more.
const underRace = true
