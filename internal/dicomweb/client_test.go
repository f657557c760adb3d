package dicomweb

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"echoline/internal/fault"
)

// archive is a server over TLS and a client that trusts it and does not wait. Each request is answered by the next of
// answers, the last one again and again.
func archive(t *testing.T, secret Credentials, answers ...http.HandlerFunc) (*Client, *[]time.Duration) {
	t.Helper()
	calls := 0
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		answers[min(calls, len(answers))-1](w, r)
	}))
	t.Cleanup(s.Close)
	var waited []time.Duration
	c, err := New(Options{
		URL: s.URL + "/dicom-web/", CA: caFile(t, s), Credentials: secret,
		Pause: func(_ context.Context, d time.Duration) error { waited = append(waited, d); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, &waited
}

func caFile(t *testing.T, s *httptest.Server) string {
	t.Helper()
	return file(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})), 0o644)
}

func file(t *testing.T, name, content string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

const storedJSON = `{"00081199":{"vr":"SQ","Value":[{"00081155":{"vr":"UI","Value":["1.2"]}}]}}`

func say(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// hangUp breaks the connection off in the middle of an answer.
func hangUp(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, "{")
	panic(http.ErrAbortHandler)
}

func TestStoreSendsTheFileAsItIs(t *testing.T) {
	content := strings.Repeat("bytes of a file\r\n--", 5000)
	take := func(w http.ResponseWriter, r *http.Request) {
		kind, p, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		user, password, _ := r.BasicAuth()
		if err != nil || kind != "multipart/related" || p["type"] != "application/dicom" || r.URL.Path != "/dicom-web/studies" ||
			r.Method != http.MethodPost || user != "kim" || password != "s3cret" || r.ContentLength <= int64(len(content)) {
			t.Errorf("%s %s, %v, %v, user %q, %d bytes", r.Method, r.URL.Path, kind, p, user, r.ContentLength)
		}
		m := multipart.NewReader(r.Body, p["boundary"])
		part, err := m.NextRawPart()
		if err != nil {
			t.Error(err)
			return
		}
		b, err := io.ReadAll(part)
		if err != nil || string(b) != content || part.Header.Get("Content-Type") != "application/dicom" {
			t.Errorf("got %d bytes of %s, %v", len(b), part.Header, err)
		}
		if _, err := m.NextRawPart(); !errors.Is(err, io.EOF) {
			t.Errorf("after the part: %v", err)
		}
		_, _ = io.WriteString(w, storedJSON)
	}
	c, waited := archive(t, Credentials{User: "kim", Password: "s3cret"}, say(503, ""), hangUp, take)
	if _, err := c.Store(t.Context(), file(t, "a.dcm", content, 0o644)); err != nil {
		t.Fatal(err)
	}
	if want := []time.Duration{time.Second, 2 * time.Second}; !slices.Equal(*waited, want) {
		t.Errorf("waited %v, want %v", *waited, want)
	}
}

func TestTokenIsShown(t *testing.T) {
	c, _ := archive(t, Credentials{Token: "abc"}, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer abc" {
			t.Error(r.Header.Get("Authorization"))
		}
		_, _ = io.WriteString(w, "[]")
	})
	if _, err := c.Studies(t.Context(), Query{}); err != nil {
		t.Error(err)
	}
}

func TestFaultsOfStoring(t *testing.T) {
	failed := func(reason string) string {
		return `{"00081198":{"vr":"SQ","Value":[{"00081197":{"vr":"US","Value":[` + reason + `]}}]}}`
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		code   fault.Code
		tries  int
		arg    any
	}{
		"401":                  {say(401, ""), CodeAuth, 1, 401},
		"403":                  {say(403, ""), CodeAuth, 1, 403},
		"404":                  {say(404, ""), CodeNoService, 1, 404},
		"redirect":             {say(302, ""), CodeNoService, 1, 302},
		"400":                  {say(400, ""), CodeServer, 1, 400},
		"500":                  {say(500, ""), CodeServer, 5, 500},
		"503":                  {say(503, ""), CodeServer, 5, 503},
		"409 with a reason":    {say(409, failed("290")), CodeRefused, 1, "SOP class not supported (0122)"},
		"409 out of resources": {say(409, failed("42752")), CodeRefused, 1, "out of resources (A700)"},
		"409 mismatch":         {say(409, failed("43264")), CodeRefused, 1, "data set does not match SOP class (A900)"},
		"409 not understood":   {say(409, failed("49152")), CodeRefused, 1, "cannot understand (C000)"},
		"409 alone":            {say(409, "no"), CodeRefused, 1, "no reason given"},
		"202 with a failure":   {say(202, failed("272")), CodeRefused, 1, "processing failure (0110)"},
		"not JSON":             {say(200, "<html>"), CodeAnswer, 1, nil},
		"nothing stored":       {say(200, "{}"), CodeAnswer, 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			client, waited := archive(t, Credentials{User: "kim", Password: "s3cret"}, c.answer)
			_, err := client.Store(t.Context(), file(t, "a.dcm", "x", 0o644))
			var f *fault.Error
			if !errors.As(err, &f) || f.Code != c.code || len(*waited) != c.tries-1 {
				t.Fatalf("%v after %d tries", err, len(*waited)+1)
			}
			if c.arg != nil && f.Args["Status"] != c.arg && f.Args["Reason"] != c.arg {
				t.Errorf("args %v", f.Args)
			}
			if strings.Contains(err.Error()+fmt.Sprintf("%v %+v", f, f), "s3cret") {
				t.Errorf("the password is in %v", err)
			}
		})
	}
}

func TestRetryAfterIsWaitedFor(t *testing.T) {
	c, waited := archive(t, Credentials{}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(http.StatusTooManyRequests)
	}, say(200, storedJSON))
	if _, err := c.Store(t.Context(), file(t, "a.dcm", "x", 0o644)); err != nil || len(*waited) != 1 || (*waited)[0] != 30*time.Second {
		t.Errorf("%v, waited %v", err, *waited)
	}
}

func TestCancelEndsRetrying(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c, _ := archive(t, Credentials{}, func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	if _, err := c.Store(ctx, file(t, "a.dcm", "x", 0o644)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestCertificates(t *testing.T) {
	s := httptest.NewTLSServer(say(200, "[]"))
	defer s.Close()
	s.Config.ErrorLog = nil
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	for name, c := range map[string]struct {
		url, ca string
		code    fault.Code
	}{
		"of nobody":        {s.URL, "", CodeCertificate},
		"trusted":          {s.URL, caFile(t, s), ""},
		"of another name":  {"https://localhost:" + port, caFile(t, s), CodeCertificate},
		"no TLS there":     {"https://" + plainServer(t), "", CodeCertificate},
		"TLS but not told": {"http://127.0.0.1:" + port, "", CodeServer},
	} {
		client, err := New(Options{URL: c.url, CA: c.ca, Tries: 1})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Studies(t.Context(), Query{}); fault.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, ca := range []string{filepath.Join(t.TempDir(), "none"), file(t, "ca.pem", "no certificate", 0o644)} {
		if _, err := New(Options{URL: s.URL, CA: ca}); fault.CodeOf(err) != CodeCA {
			t.Error(err)
		}
	}
}

func plainServer(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(say(200, "[]"))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func TestNobodyAnswers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := l.Addr().String()
	_ = l.Close() // so that nobody listens there
	waits := 0
	c, err := New(Options{URL: "http://" + free, Pause: func(context.Context, time.Duration) error { waits++; return nil }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Studies(t.Context(), Query{PatientID: "4711"}); fault.CodeOf(err) != CodeUnreachable || waits != 4 {
		t.Errorf("%v after %d waits", err, waits)
	} else if strings.Contains(err.Error(), "4711") {
		t.Errorf("the patient's number is in %v", err)
	}
}

func TestAddresses(t *testing.T) {
	secret := Credentials{User: "kim", Password: "s3cret"}
	for url, c := range map[string]struct {
		with Credentials
		why  string
	}{
		"https://pacs/dicom-web":         {secret, ""},
		"http://127.0.0.1:8042":          {secret, ""},
		"http://localhost":               {secret, ""},
		"http://pacs/dicom-web":          {Credentials{}, ""},
		"http://pacs/":                   {secret, "plain"},
		"https://kim:s3cret@pacs/":       {Credentials{}, "secret"},
		"https://pacs/?token=s3cret":     {Credentials{}, "secret"},
		"ftp://pacs/":                    {Credentials{}, "form"},
		"pacs":                           {Credentials{}, "form"},
		"https://":                       {Credentials{}, "form"},
		"https://pacs/s3cret\x7f/broken": {Credentials{}, "form"},
	} {
		_, err := New(Options{URL: url, Credentials: c.with})
		var f *fault.Error
		if errors.As(err, &f) != (c.why != "") || f != nil && (f.Code != CodeURL || f.Args["Why"] != c.why) {
			t.Errorf("%q: %v", url, err)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the secret is in %v", err)
		}
	}
	for node, why := range map[string]string{
		"dicom://AE@host:104": "", "dicom://AE@host": "node", "dicom://host:104": "node", "dicom://AE:s3cret@host:1": "secret",
		"dicom://AE@host:104/x": "node", "dicom://-x@host:104": "node", "dicom://ABCDEFGHIJKLMNOPQ@host:104": "node",
	} {
		_, err := ParseNode(node)
		var f *fault.Error
		if errors.As(err, &f) != (why != "") || f != nil && f.Args["Why"] != why {
			t.Errorf("%q: %v", node, err)
		}
	}
}

func TestCredentials(t *testing.T) {
	t.Setenv("ECHOLINE_USER", "kim")
	t.Setenv("ECHOLINE_PASSWORD", "s3cret")
	if c, err := ReadCredentials(""); err != nil || c.User != "kim" || c.Password != "s3cret" {
		t.Errorf("%v %v", c, err)
	} else if strings.Contains(fmt.Sprintf("%v %+v %#v %s", c, c, c, c), "s3cret") {
		t.Error("printing shows the password")
	}
	if c, err := ReadCredentials(file(t, "c", "# archive\nuser=lee\n\npassword=a=b \n", 0o600)); err != nil || c.User != "lee" || c.Password != "a=b" {
		t.Errorf("%q %q %v", c.User, c.Password, err)
	}
	for name, path := range map[string]string{
		"missing": filepath.Join(t.TempDir(), "none"), "open to others": file(t, "c", "user=lee\n", 0o644),
		"another format": file(t, "c", "s3cret\n", 0o600),
	} {
		if _, err := ReadCredentials(path); fault.CodeOf(err) != CodeCredentials || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStudiesArePaged(t *testing.T) {
	page := func(from, n int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			q := r.URL.Query()
			if off := q.Get("offset"); (from == 0) != (off == "") || from > 0 && off != fmt.Sprint(from) || q.Get("StudyDate") != "20260101" {
				t.Errorf("query %v", q)
			}
			var out []map[string]any
			for i := range n {
				out = append(out, map[string]any{
					"0020000D": map[string]any{"Value": []any{fmt.Sprintf("1.2.%d", from+i)}}, "00080061": map[string]any{"Value": []any{"US", "SEG"}},
					"00201208": map[string]any{"Value": []any{7}}, "00100010": map[string]any{"Value": []any{map[string]string{"Alphabetic": "X"}}},
				})
			}
			_ = json.NewEncoder(w).Encode(out)
		}
	}
	c, _ := archive(t, Credentials{}, page(0, pageSize), page(pageSize, 3))
	got, err := c.Studies(t.Context(), Query{Date: "20260101"})
	if err != nil || len(got) != pageSize+3 || got[202].UID != "1.2.202" || got[0].Instances != 7 || !slices.Equal(got[0].Modalities, []string{"US", "SEG"}) {
		t.Errorf("%d studies, %v", len(got), err)
	}
	c, _ = archive(t, Credentials{}, say(http.StatusNoContent, ""))
	if got, err := c.Studies(t.Context(), Query{}); err != nil || len(got) != 0 {
		t.Errorf("none: %v %v", got, err)
	}
	c, _ = archive(t, Credentials{}, func(w http.ResponseWriter, r *http.Request) { // it knows no offset
		r.URL.RawQuery = "StudyDate=20260101"
		page(0, pageSize)(w, r)
	})
	if got, err := c.Studies(t.Context(), Query{Date: "20260101"}); err != nil || len(got) != pageSize {
		t.Errorf("the same again: %d, %v", len(got), err)
	}
}

// parts answers with a study of several instances; cut leaves out the end.
func parts(cut int, bodies ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		var b strings.Builder
		for _, s := range bodies {
			b.WriteString("\r\n--edge\r\nContent-Type: application/dicom\r\n\r\n" + s)
		}
		b.WriteString("\r\n--edge--\r\n")
		w.Header().Set("Content-Type", `multipart/related; type="application/dicom"; boundary=edge`)
		_, _ = io.WriteString(w, b.String()[:b.Len()-cut])
	}
}

func TestFetch(t *testing.T) {
	var got []string
	take := func(r io.Reader) error {
		b, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		got = append(got, string(b))
		return nil
	}
	c, waited := archive(t, Credentials{}, parts(20, "one", "two"), parts(0, "one", "two"))
	if err := c.Fetch(t.Context(), "1.2.3", take); err != nil || len(*waited) != 1 {
		t.Fatalf("%v, waits %v", err, *waited)
	}
	if want := []string{"one", "one", "two"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	full := errors.New("disk full")
	if err := c.Fetch(t.Context(), "1.2.3", func(io.Reader) error { return full }); !errors.Is(err, full) {
		t.Error(err)
	}
	for name, h := range map[string]struct {
		answer http.HandlerFunc
		code   fault.Code
	}{"no such study": {say(404, ""), CodeNoStudy}, "not multipart": {say(200, "{}"), CodeAnswer}, "401": {say(401, ""), CodeAuth}} {
		c, _ := archive(t, Credentials{}, h.answer)
		if err := c.Fetch(t.Context(), "1.2.3", take); fault.CodeOf(err) != h.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := c.Fetch(t.Context(), "../1.2", take); fault.CodeOf(err) != CodeNoStudy {
		t.Error(err)
	}
}

func TestIsUID(t *testing.T) {
	for s, want := range map[string]bool{
		"1.2.840.10008": true, "2.25.1": true, "": false, "..": false, ".1": false, "1.": false, "1..2": false, "1/2": false,
		"1.2 ": false, strings.Repeat("1", 65): false,
	} {
		if IsUID(s) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}

func TestRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sent.jsonl")
	open := func(to string) *Record {
		t.Helper()
		r, err := OpenRecord(path, to)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	a := open("a")
	if err := errors.Join(a.Add("11", "1.1"), a.Add("22", "1.2"), a.Close()); err != nil {
		t.Fatal(err)
	}
	if b := open("b"); b.Has("11") || errors.Join(b.Add("33", "1.3"), b.Close()) != nil {
		t.Error("another server")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(data) { // cut anywhere, it opens and has whole lines only
		if err := os.WriteFile(path, data[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		r := open("a")
		lines := strings.Count(string(data[:n]), "\n")
		if r.Has("11") != (lines > 0) || r.Has("22") != (lines > 1) || r.Has("33") {
			t.Fatalf("cut at %d: %v", n, r.done)
		}
		if err := errors.Join(r.Add("44", "1.4"), r.Close()); err != nil {
			t.Fatal(err)
		}
		again := open("a")
		if !again.Has("44") || again.Close() != nil {
			t.Fatalf("cut at %d: what was added is lost", n)
		}
	}
	other := file(t, "letter.txt", "Dear Dr. Kim,\n", 0o600)
	if _, err := OpenRecord(other, "a"); err == nil {
		t.Error("took a letter for a record")
	}
	if b, _ := os.ReadFile(other); len(b) != 14 {
		t.Error("the letter is gone")
	}
}

func TestStoreSCUMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	n, err := ParseNode("dicom://AE@127.0.0.1:104")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Store(t.Context(), "a.dcm", ""); fault.CodeOf(err) != CodeTool {
		t.Error(err)
	}
}
