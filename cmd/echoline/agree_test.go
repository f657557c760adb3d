package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"echoline/internal/fault"
	"echoline/internal/text"
)

// agreed runs the command on a workspace.
func agreed(t *testing.T, args ...string) (out string, said string, err error) {
	t.Helper()
	out = filepath.Join(t.TempDir(), "agreement")
	c := agreeCommand()
	var b strings.Builder
	c.SetOut(&b)
	c.SetErr(&b)
	c.SetArgs(append(args, "--out", out))
	c.SilenceErrors, c.SilenceUsage = true, true
	err = c.ExecuteContext(context.Background())
	return out, b.String(), err
}

// Two readers who drew the same agree on every frame that both accepted, and the page says so in both languages.
func TestAgree(t *testing.T) {
	workspace, _ := workedOn(t, "Kim", "이서연")
	for _, lang := range text.Languages {
		text.SetLanguage(lang)
		out, said, err := agreed(t, "--workspace", workspace)
		if err != nil || !strings.Contains(said, "Kim – 이서연") || !strings.Contains(said, "1.000") {
			t.Fatalf("%v: %s", err, said)
		}
		page, err := os.ReadFile(filepath.Join(out, agreePage))
		if err != nil {
			t.Fatal(err)
		}
		if paper, err := os.ReadFile(filepath.Join(out, "agreement.pdf")); err != nil || !bytes.HasPrefix(paper, []byte("%PDF-")) {
			t.Error("no PDF", err)
		}
		for _, want := range []string{text.T("agree.page.title"), text.T("research.only"), "demo-7-cine #3", "<circle"} {
			if !bytes.Contains(page, []byte(want)) {
				t.Errorf("%s: the page lacks %q", lang, want)
			}
		}
		for _, no := range []string{"agree.page.", "NaN", "Inf", "<script", "http"} {
			if bytes.Contains(page, []byte(no)) {
				t.Errorf("%s: the page holds %q", lang, no)
			}
		}
		if rows := readTable(t, filepath.Join(out, agreeCases)); len(rows) != 4 || rows[1][5] != "1" { // the head, two frames and the photo
			t.Errorf("%v", rows)
		}
		if rows := readTable(t, filepath.Join(out, agreeSummary)); len(rows) != 2 || len(rows[0]) != len(rows[1]) {
			t.Errorf("%v", rows)
		}
	}
	text.SetLanguage("en")
}

func readTable(t *testing.T, path string) [][]string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestAgreeRefuses(t *testing.T) {
	alone, _ := workedOn(t, "Kim")
	for name, c := range map[string]struct {
		args []string
		code fault.Code
	}{
		"no workspace": {[]string{"--workspace", t.TempDir()}, codeExportWorkspace},
		"one reader":   {[]string{"--workspace", alone}, codeAgreeReaders},
		"a stranger":   {[]string{"--workspace", alone, "--readers", "Kim,Lee"}, codeExportReader},
	} {
		if _, _, err := agreed(t, c.args...); fault.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, args := range [][]string{{}, {"--workspace", alone, "more"}, {"--workspace", alone, "--tolerance", "-1"}} {
		if _, _, err := agreed(t, args...); !errors.Is(err, errUsage) {
			t.Errorf("%v: %v", args, err)
		}
	}
	out, _, _ := agreed(t, "--workspace", alone)
	if _, err := os.Stat(out); err == nil {
		t.Error("an empty report was left behind")
	}
}
