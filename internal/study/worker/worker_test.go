package worker

import (
	"os"
	"testing"

	"echoline/internal/study"
)

// envRole makes the test program what it names instead of running tests.
const envRole = "ECHOLINE_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(envRole) {
	case "":
		os.Exit(m.Run())
	case "decoder":
		os.Exit(Main())
	case "trickster":
		os.Exit(play(trickster{}))
	case "unsealed":
		os.Exit(playUnsealed(trickster{}))
	case "liar":
		lie()
	}
}

// newDecoders is a pool of real decoding processes.
func newDecoders(tb testing.TB) *Pool {
	tb.Helper()
	return poolOf(tb, "decoder")
}

// poolOf is a pool of processes of a role.
func poolOf(tb testing.TB, role string) *Pool {
	tb.Helper()
	return newPool(self(), nil, append(environment(), envRole+"="+role))
}

// decoders is a pool of real decoding processes for the time of a test.
func decoders(tb testing.TB) *Pool {
	tb.Helper()
	p := newDecoders(tb)
	tb.Cleanup(p.Close)
	return p
}

// using makes d the decoder for the time of a test.
func using(tb testing.TB, d study.Decoder) {
	study.Use(d)
	tb.Cleanup(func() { study.Use(study.Direct{}) })
}
