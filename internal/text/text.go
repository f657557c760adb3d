// Package text gives every sentence that a person sees, in the chosen language, from the translation files in assets.
// Keys are dotted ("worklist.sort.work"); sentences are go-i18n messages, placeholders are written {{.Name}}.
package text

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync/atomic"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"echoline/assets"
	"echoline/internal/fault"
)

// Args fill a sentence's placeholders.
type Args = map[string]any

// Languages that ship, in the order of the switch.
var Languages = []string{"en", "ko"}

var (
	bundle  = load()
	current atomic.Pointer[chosen]
)

// chosen is a language with its localizer.
type chosen struct {
	lang string
	loc  *i18n.Localizer
}

func init() { SetLanguage("en") }

// load reads all translation files. They are embedded, so a fault in one is the program's own and stops it at once.
func load() *i18n.Bundle {
	b := i18n.NewBundle(language.English)
	b.RegisterUnmarshalFunc("json", json.Unmarshal)
	names, err := fs.Glob(assets.Translations, "translations/*.json")
	if err != nil {
		panic(err)
	}
	for _, n := range names {
		data, err := assets.Translations.ReadFile(n)
		if err != nil {
			panic(err)
		}
		if _, err := b.ParseMessageFileBytes(data, path.Base(n)); err != nil {
			panic(fmt.Sprintf("%s: %v", n, err))
		}
	}
	return b
}

// SetLanguage chooses the language by tag: "ko" or "ko_KR.UTF-8" gives Korean, everything else English.
func SetLanguage(tag string) {
	lang := "en"
	if strings.HasPrefix(strings.ToLower(tag), "ko") {
		lang = "ko"
	}
	current.Store(&chosen{lang, i18n.NewLocalizer(bundle, lang)})
}

// Language is the chosen language: "en" or "ko".
func Language() string { return current.Load().lang }

// T returns the sentence of key in the chosen language. A key without a sentence gives the key itself; a test keeps that
// from happening.
func T(key string, args ...Args) string { return localize(key, nil, args) }

// Instead gives the sentence of key in the chosen language in place of words, where those are its sentence in English: what a
// file says in English is told in the reader's language, if the program knows it.
func Instead(key, words string) string {
	english, err := i18n.NewLocalizer(bundle, "en").Localize(&i18n.LocalizeConfig{MessageID: key})
	if err != nil || english != words {
		return words
	}
	return T(key)
}

// N is T for a sentence that depends on a count, which it gets as {{.Count}}.
func N(key string, count int, args ...Args) string {
	a := Args{"Count": count}
	for _, m := range args {
		for k, v := range m {
			a[k] = v
		}
	}
	return localize(key, count, []Args{a})
}

func localize(key string, count any, args []Args) string {
	cfg := &i18n.LocalizeConfig{MessageID: key, PluralCount: count}
	if len(args) > 0 {
		cfg.TemplateData = args[0]
	}
	c := current.Load()
	s, err := c.loc.Localize(cfg)
	if err != nil && s == "" {
		return key
	}
	if c.lang == "ko" {
		return choose(s)
	}
	return s
}

// Fault says for a person what err is and what to do: one sentence each. Errors that are no faults give their own text.
func Fault(err error) string {
	what, do := FaultParts(err)
	return strings.TrimSpace(what + " " + do)
}

// FaultParts is Fault in two parts: what is wrong (with where), and what to do.
func FaultParts(err error) (what, do string) {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err.Error(), ""
	}
	args := Args{"Where": f.Where}
	for k, v := range f.Args {
		args[k] = v
	}
	if f.Cause != nil {
		args["Cause"] = f.Cause.Error()
	}
	what = T("fault."+string(f.Code)+".what", args)
	if f.Where != "" {
		what = f.Where + ": " + what
	}
	return what, T("fault."+string(f.Code)+".do", args)
}
