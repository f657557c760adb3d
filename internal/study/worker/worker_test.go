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
	program, err := self()
	if err != nil {
		tb.Fatal(err)
	}
	return newPool(program, nil, append(environment(), envRole+"="+role))
}

// decoders is a pool of real decoding processes for the time of a test.
func decoders(tb testing.TB) *Pool {
	tb.Helper()
	p := newDecoders(tb)
	tb.Cleanup(p.Close)
	return p
}

func TestState(t *testing.T) {
	s, _, err := decoders(t).State()
	t.Logf("%+v", s)
	if err != nil {
		t.Fatal(err)
	}
}

// using makes d the decoder for the time of a test.
func using(tb testing.TB, d study.Decoder) {
	study.Use(d)
	tb.Cleanup(func() { study.Use(study.Direct{}) })
}
