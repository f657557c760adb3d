package text

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template"

	"echoline/assets"
	"echoline/internal/fault"
)

const root = "../.."

// beginning is what a composed key starts with, as in text.T("edit." + name). Sentences that start so count as used.
var beginning = regexp.MustCompile(`^[a-z_]+(\.[a-z_]+)*\.$`)

// sentence is one entry of a translation file: a plain sentence, or one per plural form.
type sentence map[string]string

func (s *sentence) UnmarshalJSON(data []byte) error {
	var plain string
	if json.Unmarshal(data, &plain) == nil {
		*s = sentence{"other": plain}
		return nil
	}
	return json.Unmarshal(data, (*map[string]string)(s))
}

// readAll returns every language's sentences by file ("panel") and key.
func readAll(t *testing.T) map[string]map[string]map[string]sentence {
	t.Helper()
	names, err := fs.Glob(assets.Translations, "translations/*.json")
	if err != nil || len(names) == 0 {
		t.Fatal("no translation files", err)
	}
	all := map[string]map[string]map[string]sentence{}
	for _, n := range names {
		data, err := assets.Translations.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		part := strings.Split(strings.TrimSuffix(filepath.Base(n), ".json"), ".")
		if len(part) != 2 || !slices.Contains(Languages, part[1]) {
			t.Errorf("%s is not called AREA.LANGUAGE.json", n)
			continue
		}
		var m map[string]sentence
		if err := json.Unmarshal(data, &m); err != nil {
			t.Fatalf("%s: %v", n, err)
		}
		if all[part[1]] == nil {
			all[part[1]] = map[string]map[string]sentence{}
		}
		all[part[1]][part[0]] = m
	}
	return all
}

var placeholder = regexp.MustCompile(`\{\{-?\s*\.(\w+)`)

// placeholders returns the names of a sentence's placeholders over all its forms, sorted. A count may be left to the plural
// form ("One file"), so it does not have to be written.
func placeholders(s sentence) []string {
	var out []string
	for _, form := range s {
		for _, m := range placeholder.FindAllStringSubmatch(form, -1) {
			if m[1] != "Count" && !slices.Contains(out, m[1]) {
				out = append(out, m[1])
			}
		}
	}
	slices.Sort(out)
	return out
}

func TestLanguagesSayTheSame(t *testing.T) {
	all := readAll(t)
	first := Languages[0]
	for _, lang := range Languages {
		for area := range all[lang] {
			for _, other := range Languages {
				if all[other][area] == nil {
					t.Errorf("%s.%s.json is missing", area, other)
				}
			}
		}
		for area, m := range all[lang] {
			for key, s := range m {
				same, ok := all[first][area][key]
				if !ok {
					t.Errorf("%s: %s is in %s only", area, key, lang)
					continue
				}
				if a, b := placeholders(same), placeholders(s); !slices.Equal(a, b) {
					t.Errorf("%s: %s has placeholders %v in %s and %v in %s", area, key, a, first, b, lang)
				}
				if (len(same) == 1 && same["one"] == "") && len(s) > 1 {
					t.Errorf("%s: %s counts in %s only", area, key, lang)
				}
			}
			for key := range all[first][area] {
				if _, ok := m[key]; !ok {
					t.Errorf("%s: %s is missing in %s", area, key, lang)
				}
			}
		}
	}
}

func TestSentencesAreWellFormed(t *testing.T) {
	for lang, areas := range readAll(t) {
		seen := map[string]string{}
		for area, m := range areas {
			for key, s := range m {
				if other, ok := seen[key]; ok {
					t.Errorf("%s: %s is in %s and %s", lang, key, other, area)
				}
				seen[key] = area
				if s["other"] == "" {
					t.Errorf("%s: %s has no sentence for other counts", lang, key)
				}
				for form, text := range s {
					if _, err := template.New("").Parse(text); err != nil {
						t.Errorf("%s: %s (%s): %v", lang, key, form, err)
					}
					if strings.TrimSpace(text) != text {
						t.Errorf("%s: %s has blanks at its ends", lang, key)
					}
				}
			}
		}
	}
}

// use is a key that Go code names, and where. args are the placeholders that it fills, unless these are not written there.
type use struct {
	key, where string
	args       []string
	unknown    bool
}

// source is what the program's Go files say about sentences.
type source struct {
	calls    []use           // keys given to T and N
	literals map[string]bool // every string literal
	composed []string        // beginnings of composed keys
	codes    []use           // fault codes
}

func readSource(t *testing.T) source {
	t.Helper()
	src := source{literals: map[string]bool{}}
	set := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "bin" || name == "training" || name == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		ast.Inspect(f, func(n ast.Node) bool { src.add(set, n); return true })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func (s *source) add(set *token.FileSet, n ast.Node) {
	switch n := n.(type) {
	case *ast.BasicLit:
		if v, ok := literal(n); ok {
			s.literals[v] = true
			if beginning.MatchString(v) {
				s.composed = append(s.composed, v)
			}
		}
	case *ast.CallExpr:
		s.addCall(set, n)
	case *ast.GenDecl:
		if n.Tok == token.CONST {
			s.addCodes(set, n)
		}
	}
}

// addCall takes a call of text.T or text.N whose key is written there.
func (s *source) addCall(set *token.FileSet, n *ast.CallExpr) {
	sel, ok := n.Fun.(*ast.SelectorExpr)
	if !ok || len(n.Args) == 0 || (sel.Sel.Name != "T" && sel.Sel.Name != "N") {
		return
	}
	if pkg, ok := sel.X.(*ast.Ident); !ok || pkg.Name != "text" {
		return
	}
	key, ok := literal(n.Args[0])
	if !ok {
		return
	}
	u := use{key: key, where: set.Position(n.Pos()).String()}
	rest := n.Args[1:]
	if sel.Sel.Name == "N" && len(rest) > 0 {
		rest = rest[1:]
	}
	for _, a := range rest {
		u.fill(a)
	}
	s.calls = append(s.calls, u)
}

// fill takes the names of one written text.Args.
func (u *use) fill(e ast.Expr) {
	lit, ok := e.(*ast.CompositeLit)
	if !ok {
		u.unknown = true
		return
	}
	for _, el := range lit.Elts {
		if kv, ok := el.(*ast.KeyValueExpr); ok {
			if name, ok := literal(kv.Key); ok {
				u.args = append(u.args, name)
			}
		}
	}
}

// addCodes takes the constants of type fault.Code of one declaration, written `CodeX fault.Code = "…"`.
func (s *source) addCodes(set *token.FileSet, d *ast.GenDecl) {
	for _, spec := range d.Specs {
		v, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		sel, ok := v.Type.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != "Code" {
			continue
		}
		if pkg, ok := sel.X.(*ast.Ident); !ok || pkg.Name != "fault" {
			continue
		}
		for _, value := range v.Values {
			if code, ok := literal(value); ok {
				s.codes = append(s.codes, use{key: code, where: set.Position(v.Pos()).String()})
			}
		}
	}
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	v, err := strconv.Unquote(lit.Value)
	return v, err == nil
}

func TestEveryKeyHasASentence(t *testing.T) {
	src, all := readSource(t), readAll(t)
	if len(src.calls) == 0 {
		t.Fatal("no call of text.T found: this test looks in the wrong place")
	}
	for _, lang := range Languages {
		known := keysOf(all[lang])
		for _, c := range src.calls {
			if !known[c.key] {
				t.Errorf("%s: no sentence %q in %s", c.where, c.key, lang)
			}
		}
		for _, c := range src.codes {
			for _, part := range []string{".what", ".do"} {
				if key := "fault." + c.key + part; !known[key] {
					t.Errorf("%s: no sentence %q in %s", c.where, key, lang)
				}
			}
		}
	}
}

func TestPlaceholdersAreFilled(t *testing.T) {
	src, all := readSource(t), readAll(t)
	known := map[string]sentence{}
	for _, m := range all[Languages[0]] {
		for k, s := range m {
			known[k] = s
		}
	}
	for _, c := range src.calls {
		for _, p := range placeholders(known[c.key]) {
			if !c.unknown && !slices.Contains(c.args, p) {
				t.Errorf("%s: %q is not given its %s", c.where, c.key, p)
			}
		}
	}
}

func keysOf(areas map[string]map[string]sentence) map[string]bool {
	out := map[string]bool{}
	for _, m := range areas {
		for k := range m {
			out[k] = true
		}
	}
	return out
}

func TestEverySentenceIsUsed(t *testing.T) {
	src, all := readSource(t), readAll(t)
	codes := map[string]bool{}
	for _, c := range src.codes {
		codes["fault."+c.key+".what"], codes["fault."+c.key+".do"] = true, true
	}
	for key := range keysOf(all[Languages[0]]) {
		used := src.literals[key] || codes[key] || slices.ContainsFunc(src.composed, func(p string) bool { return strings.HasPrefix(key, p) })
		if !used {
			t.Errorf("nothing says %q", key)
		}
	}
}

func TestSetLanguage(t *testing.T) {
	t.Cleanup(func() { SetLanguage("en") })
	for tag, want := range map[string]string{"ko": "ko", "ko_KR.UTF-8": "ko", "ko-KR": "ko", "en": "en", "en_GB": "en", "fr": "en", "": "en"} {
		SetLanguage(tag)
		if got := Language(); got != want {
			t.Errorf("language of %q is %q, want %q", tag, got, want)
		}
	}
	SetLanguage("ko")
	if got := T("research.only"); !strings.Contains(got, "연구용") {
		t.Errorf("Korean note is %q", got)
	}
	if got := T("no.such.sentence"); got != "no.such.sentence" {
		t.Errorf("a missing sentence is %q", got)
	}
}

func TestWordsOfAFileInTheReadersLanguage(t *testing.T) {
	english := T("models.card.intended")
	SetLanguage("ko")
	t.Cleanup(func() { SetLanguage("en") })
	if got := Instead("models.card.intended", english); got != T("models.card.intended") || got == english {
		t.Errorf("known words: %q", got)
	}
	for _, key := range []string{"models.card.intended", "no.such"} {
		if got := Instead(key, "Another use."); got != "Another use." {
			t.Errorf("%s: %q", key, got)
		}
	}
}

func TestCounting(t *testing.T) {
	t.Cleanup(func() { SetLanguage("en") })
	for _, c := range []struct {
		lang string
		n    int
		want string
	}{{"en", 1, "1 image"}, {"en", 2, "2 images"}, {"ko", 1, "영상 1개"}, {"ko", 5, "영상 5개"}} {
		SetLanguage(c.lang)
		if got := N("panel.worklist.count", c.n); got != c.want {
			t.Errorf("%s %d: %q, want %q", c.lang, c.n, got, c.want)
		}
	}
}

func TestFaultOfAnythingElse(t *testing.T) {
	err := fmt.Errorf("plain")
	if what, do := FaultParts(err); what != "plain" || do != "" {
		t.Errorf("got %q, %q", what, do)
	}
	f := fault.New("none.such", "a.dcm", nil, nil)
	if what, _ := FaultParts(fmt.Errorf("around: %w", f)); !strings.HasPrefix(what, "a.dcm: ") {
		t.Errorf("the place is missing in %q", what)
	}
}
