package e2e

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"echoline/internal/demo"
)

// orthanc is a real archive: Debian's Orthanc with its DICOMweb plugin, with a user and a password. The TLS in front of it
// is ours, as that of a hospital's proxy would be: with TLS of its own, Debian's Orthanc 1.10.1 ends at the first request
// (libcivetweb 1.15 calls a function that OpenSSL 3 no longer has).
type orthanc struct {
	url, node, ca string
	client        *http.Client
	log           *bytes.Buffer
}

// The user of the archive.
const (
	orthancUser     = "reader"
	orthancPassword = "canary-password-1"
)

// startOrthanc starts one with an empty store; the test is skipped where it is not installed.
func startOrthanc(t *testing.T) *orthanc {
	t.Helper()
	const plugin = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
	program, err := exec.LookPath("Orthanc")
	if err != nil || !exists(plugin) {
		t.Skip("Orthanc is missing: run `make test`, or scripts/packages.sh test")
	}
	dir := t.TempDir()
	web, store := freePort(t), freePort(t)
	inside, err := url.Parse(fmt.Sprintf("http://127.0.0.1:%d", web))
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewTLSServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(inside) }, ErrorLog: log.New(io.Discard, "", 0),
	})
	t.Cleanup(front.Close)
	front.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that are meant to fail
	o := &orthanc{
		url: front.URL + "/dicom-web", node: fmt.Sprintf("dicom://ORTHANC@127.0.0.1:%d", store),
		ca: filepath.Join(dir, "ca.pem"), client: front.Client(), log: &bytes.Buffer{},
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw})
	if err := os.WriteFile(o.ca, public, 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := json.Marshal(map[string]any{
		"StorageDirectory": filepath.Join(dir, "db"), "IndexDirectory": filepath.Join(dir, "db"), "Plugins": []string{plugin},
		"HttpPort": web, "DicomPort": store, "DicomAet": "ORTHANC",
		"AuthenticationEnabled": true, "RegisteredUsers": map[string]string{orthancUser: orthancPassword},
		"RemoteAccessAllowed": true, "DicomAlwaysAllowStore": true, "DicomWeb": map[string]any{"Enable": true, "Root": "/dicom-web/"},
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "orthanc.json")
	if err := os.WriteFile(path, config, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, path)
	cmd.Stdout, cmd.Stderr = o.log, o.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("Orthanc said:\n%s", o.log)
		}
	})
	o.await(t)
	return o
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// await waits until the archive answers.
func (o *orthanc) await(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		res, err := o.request("/studies")
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode < http.StatusMultipleChoices {
				return
			}
			err = errors.New(res.Status)
		}
		if time.Now().After(end) {
			t.Fatalf("Orthanc does not come up: %v", err)
		}
	}
}

func (o *orthanc) request(path string) (*http.Response, error) {
	r, err := http.NewRequest(http.MethodGet, o.url+path, nil)
	if err != nil {
		return nil, err
	}
	r.SetBasicAuth(orthancUser, orthancPassword)
	r.Header.Set("Accept", "application/dicom+json")
	return o.client.Do(r)
}

// list is what the archive says of itself, by another's client.
func (o *orthanc) list(t *testing.T, path string) []map[string]struct{ Value []any } {
	t.Helper()
	res, err := o.request(path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]struct{ Value []any }
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatalf("%s: %v\n%s", path, err, b)
	}
	return out
}

// command runs the program without a window and returns its exit status and all that it said.
func command(t *testing.T, env []string, args ...string) (status int, said string) {
	t.Helper()
	cmd := exec.Command(binary(t), args...)
	home := t.TempDir()
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_CONFIG_HOME=" + home, "XDG_CACHE_HOME=" + home, "LANG=C.UTF-8"}, env...)
	out, err := cmd.CombinedOutput()
	if strings.Contains(string(out), orthancPassword) {
		t.Errorf("the password is in what %s said", args[0])
	}
	if err != nil && cmd.ProcessState.ExitCode() < 0 {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// pairs makes images of the demo study, and the segmentations that the program predicts on them and exports.
func pairs(t *testing.T, names ...string) (files []string, study string) {
	t.Helper()
	dir := t.TempDir()
	sources, ws, masks := filepath.Join(dir, "sources"), filepath.Join(dir, "ws"), filepath.Join(dir, "masks")
	if err := demo.Write(sources); err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		files = append(files, filepath.Join(sources, n+".dcm"))
	}
	for _, args := range [][]string{
		append([]string{"predict", "--quiet", "--workspace", ws}, files...),
		{"export", "--quiet", "--workspace", ws, "--format", "seg", "--include", "all", "--out", masks},
	} {
		if status, said := command(t, nil, args...); status != 0 {
			t.Fatalf("%v: %d\n%s", args, status, said)
		}
	}
	found, err := filepath.Glob(filepath.Join(masks, "*.seg.dcm"))
	if err != nil || len(found) != len(names) {
		t.Fatalf("exported %v %v", found, err)
	}
	f, err := studyOf(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return append(files, found...), f
}

// studyOf is the Study Instance UID of a file.
func studyOf(path string) (string, error) {
	out, err := exec.Command("dcmdump", "+P", "0020,000d", path).Output()
	if err != nil {
		return "", err
	}
	_, rest, _ := strings.Cut(string(out), "[")
	uid, _, _ := strings.Cut(rest, "]")
	return uid, nil
}

func TestArchive(t *testing.T) {
	if !exists(binary(t)) {
		t.Skip("bin/echoline is missing: run `make build`")
	}
	o := startOrthanc(t)
	login := []string{"ECHOLINE_USER=" + orthancUser, "ECHOLINE_PASSWORD=" + orthancPassword}
	files, study := pairs(t, "demo-1-oval", "demo-7-cine")
	resume := filepath.Join(t.TempDir(), "sent.jsonl")

	for name, c := range map[string]struct {
		env  []string
		args []string
		want string
	}{
		"no credentials":   {nil, []string{"--ca", o.ca, "--to", o.url}, "401"},
		"no authority":     {login, []string{"--to", o.url}, "certificate is not trusted"},
		"another path":     {login, []string{"--ca", o.ca, "--to", strings.Replace(o.url, "dicom-web", "elsewhere", 1)}, "no DICOMweb"},
		"password in logs": {nil, []string{"--to", strings.Replace(o.url, "https://", "https://reader:"+orthancPassword+"@", 1)}, "credentials"},
	} {
		if status, said := command(t, c.env, slices.Concat([]string{"send"}, c.args, files)...); status != 1 || !strings.Contains(said, c.want) {
			t.Errorf("%s: %d\n%s", name, status, said)
		}
	}
	args := append([]string{"send", "--ca", o.ca, "--to", o.url, "--resume", resume}, files...)
	if status, said := command(t, login, args...); status != 0 || strings.Count(said, "stored\t") != 4 {
		t.Fatalf("sending: %d\n%s", status, said)
	}
	if status, said := command(t, login, args...); status != 0 || strings.Count(said, "already\t") != 4 || strings.Contains(said, "stored\t") {
		t.Errorf("sending again: %d\n%s", status, said)
	}
	if b, err := os.ReadFile(resume); err != nil || bytes.Contains(b, []byte(orthancPassword)) || bytes.Contains(b, []byte(filepath.Dir(files[0]))) {
		t.Errorf("the record holds more than it should: %s %v", b, err)
	}
	o.checkLists(t, study, 2)
	o.checkFetch(t, login, files, study)
}

// checkLists asks whether the archive shows the segmentations in the study of their sources, each referring to its own.
func (o *orthanc) checkLists(t *testing.T, study string, n int) {
	t.Helper()
	kinds := map[string][]string{}
	for _, s := range o.list(t, "/studies/"+study+"/instances?includefield=00080060") {
		kind := s["00080060"].Value[0].(string)
		kinds[kind] = append(kinds[kind], s["00080018"].Value[0].(string))
	}
	if len(kinds["US"]) != n || len(kinds["SEG"]) != n || len(kinds) != 2 {
		t.Fatalf("the study has %v", kinds)
	}
	referred := map[string]bool{}
	for _, s := range o.list(t, "/studies/"+study+"/metadata") {
		if s["00080060"].Value[0] != "SEG" {
			continue
		}
		whole, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, us := range kinds["US"] {
			if strings.Contains(string(whole), us) {
				referred[us] = true
			}
		}
	}
	if len(referred) != n {
		t.Errorf("the segmentations refer to %v of %v", referred, kinds["US"])
	}
}

// checkFetch gets the study back and compares.
func (o *orthanc) checkFetch(t *testing.T, login, files []string, study string) {
	t.Helper()
	out := t.TempDir()
	status, said := command(t, login, "fetch", "--ca", o.ca, "--from", o.url, "--list", "--patient", "ECHOLINE-DEMO")
	if status != 0 || !strings.HasPrefix(said, study+"\t20260101\t") || !strings.Contains(said, "\t4\t") || strings.Contains(said, "^") {
		t.Errorf("listing: %d\n%s", status, said)
	}
	args := []string{"fetch", "--ca", o.ca, "--from", o.url, "--study", study, "--out", out}
	for range 2 { // what is there already is left
		if status, said = command(t, login, args...); status != 0 {
			t.Fatalf("fetching: %d\n%s", status, said)
		}
	}
	got, err := filepath.Glob(filepath.Join(out, study, "*.dcm"))
	if err != nil || len(got) != 4 {
		t.Fatalf("fetched %v %v", got, err)
	}
	for _, name := range files {
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		same := false
		for _, g := range got {
			b, err := os.ReadFile(g)
			same = same || err == nil && bytes.Equal(b, want)
		}
		if !same {
			t.Errorf("%s did not come back byte for byte", name)
		}
	}
	if err := os.WriteFile(got[0], []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, said = command(t, login, args...); status != 1 || !strings.Contains(said, "left as it is") {
		t.Errorf("over a file: %d\n%s", status, said)
	}
	if b, err := os.ReadFile(got[0]); err != nil || string(b) != "mine" {
		t.Error("the file in the way is gone")
	}
	if status, said = command(t, login, "fetch", "--ca", o.ca, "--from", o.url, "--study", "1.2.3.4", "--out", out); status != 1 || !strings.Contains(said, "no such study") {
		t.Errorf("a study that is not there: %d\n%s", status, said)
	}
}

// TestArchiveByCStore stores by the DICOM protocol.
func TestArchiveByCStore(t *testing.T) {
	if _, err := exec.LookPath("storescu"); err != nil || !exists(binary(t)) {
		t.Skip("storescu or bin/echoline is missing: run `make test`")
	}
	o := startOrthanc(t)
	files, study := pairs(t, "demo-1-oval")
	if status, said := command(t, nil, append([]string{"send", "--to", o.node}, files...)...); status != 0 || strings.Count(said, "stored\t") != 2 {
		t.Fatalf("%d\n%s", status, said)
	}
	o.checkLists(t, study, 1)
	gone := fmt.Sprintf("dicom://ORTHANC@127.0.0.1:%d", freePort(t))
	if status, said := command(t, nil, "send", "--to", gone, files[1]); status != 1 || !strings.Contains(said, "does not answer") {
		t.Errorf("nobody there: %d\n%s", status, said)
	}
}
