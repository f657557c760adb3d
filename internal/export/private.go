package export

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"echoline/inference"
	"echoline/internal/deid"
	"echoline/internal/fault"
	"echoline/internal/review"
	"echoline/internal/study/dcmwrite"
)

// Pictures tells whether a format holds the images themselves, which somebody has to look at before they are given away.
func Pictures(name string) bool { return formats[name].pictures }

// without puts pseudonyms into the place of everything that names persons (docs/privacy.md): images become what
// deidentify writes of them, readers and imported files get pseudonyms, labels keep known names. Images that cannot be made
// safe are left out and named. The error is ctx's, or Review's where it is no fault.
func without(ctx context.Context, in Input, o Options) (Input, []*fault.Error, error) {
	p := o.Private
	var failed []*fault.Error
	was := map[string]string{} // IDs by pseudonym
	taken := map[string]bool{} // names
	models := map[string]string{}
	out := Input{Reader: pseudonym(p.Key, in.Reader), Table: in.Table.safe(), Models: map[string]inference.Info{}}
	for sha, m := range in.Models {
		safe := safeModel(p.Key, m)
		models[safe.SHA256] = sha
		out.Models[safe.SHA256] = safe
	}
	for _, l := range in.Labels {
		out.Labels = append(out.Labels, safeLabel(l))
	}
	out.Labels, out.Table = safeNames(in, out)
	for i, it := range in.Items {
		if err := ctx.Err(); err != nil {
			return out, failed, err
		}
		if len(it.Frames) == 0 {
			continue
		}
		name := p.Name(i, it.Source.Path)
		s, err := p.Stand(it.Source, name, Pictures(o.Format))
		if err != nil {
			var f *fault.Error
			if !errors.As(err, &f) {
				return out, failed, err
			}
			failed = append(failed, f)
			continue
		}
		for base, n := s.Item.Name, 2; taken[s.Item.Name]; n++ { // another file of the same UID
			s.Item.Name = fmt.Sprintf("%s-%d", base, n)
		}
		was[s.Item.ID], taken[s.Item.Name] = it.Source.ID, true
		out.Questions = append(out.Questions, safeQuestions(p.Key, in.Questions, it, s)...)
		for _, l := range in.Looked {
			if l.Reader == in.Reader && l.Instance == it.Source.ID {
				l.Reader, l.Instance = out.Reader, s.Item.ID
				out.Looked = append(out.Looked, l)
			}
		}
		out.Items = append(out.Items, safeItem(p.Key, it, s, name))
		if p.Done != nil {
			p.Done(i+1, len(in.Items))
		}
	}
	out.Consensus = safeConsensus(p.Key, in.Consensus, was)
	if in.Maps != nil {
		out.Maps = func(k review.Key, sha string) *inference.Prediction {
			return in.Maps(review.Key{Instance: was[k.Instance], Frame: k.Frame}, models[sha])
		}
	}
	return out, failed, nil
}

// safeItem is an item with what stands in for its image.
func safeItem(key *deid.Key, it Item, s *deid.Stand, name string) Item {
	out := Item{Source: s.Item, LeftOut: it.LeftOut, stand: s, shown: name}
	for _, f := range it.Frames {
		f.Model, f.Time = safeMark(key, f.Model), s.Time(f.Time)
		out.Frames = append(out.Frames, f)
	}
	return out
}

// safeMark is the checksum of a model, or a pseudonym of that of a file that was imported, or of what a consensus joins.
func safeMark(key *deid.Key, sha string) string {
	for _, prefix := range []string{ImportPrefix, review.ConsensusPrefix} {
		if sum, ok := strings.CutPrefix(sha, prefix); ok {
			return prefix + key.Mark(sum)
		}
	}
	return sha
}

// safeModel is a model, or a file that was imported without its name.
func safeModel(key *deid.Key, m inference.Info) inference.Info {
	m.Path = ""
	if strings.HasPrefix(m.SHA256, ImportPrefix) {
		m.SHA256, m.Name = safeMark(key, m.SHA256), "imported masks"
	}
	for i, l := range m.Labels {
		if i == 0 {
			m.Labels = nil
		}
		m.Labels = append(m.Labels, safeLabel(l))
	}
	return m
}

// safeLabel keeps a label's name where the program knows it or all of its words, for half a name could mean something
// else, and codes that are codes for certain.
func safeLabel(l inference.Label) inference.Label {
	out := inference.Label{Value: l.Value, Name: safeName(l.Name, l.Value), Category: safeCode(l.Category), Type: safeCode(l.Type), Region: safeCode(l.Region)}
	bare := (&Input{}).label(l.Value)
	if out.Category.Value == "" {
		out.Category = bare.Category
	}
	if out.Type.Value == "" {
		out.Type = bare.Type
	}
	return out
}

// safeNames are out's labels and table, with what the reader called labels before all else.
func safeNames(in, out Input) ([]inference.Label, LabelTable) {
	var named []tableLabel
	for _, v := range slices.Sorted(maps.Keys(in.Names)) {
		if in.Names[v] == "" {
			continue
		}
		l := safeLabel(in.Table.Called(v, in.Names[v]))
		out.Labels = append(out.Labels, l) // also where nothing is drawn
		named = append(named, newTableLabel(l))
	}
	return out.Labels, LabelTable{append(named, out.Table.entries...)}
}

// newTableLabel is a label as a line of a table.
func newTableLabel(l inference.Label) tableLabel {
	list := func(c inference.Code) []string {
		if c.Value == "" {
			return nil
		}
		return []string{c.Value, c.Scheme, c.Meaning}
	}
	return tableLabel{l.Value, l.Name, list(l.Category), list(l.Type), list(l.Region)}
}

func safeName(name string, value uint8) string {
	if e, ok := OwnLabels().named(name); ok {
		return e.Name
	}
	if known := safeWords(name); known != "" {
		return known
	}
	return fmt.Sprintf("label %d", value)
}

func safeCode(c inference.Code) inference.Code {
	if !deid.KnownCode(c.Scheme, c.Value) {
		return inference.Code{}
	}
	if c.Meaning = deid.Words(c.Meaning); c.Meaning == "" {
		c.Meaning = c.Scheme + " " + c.Value
	}
	return c
}

// safe is a table without names that could be a person's.
func (t LabelTable) safe() LabelTable {
	var out LabelTable
	for _, e := range t.entries {
		out.entries = append(out.entries, newTableLabel(safeLabel(e.label())))
	}
	return out
}

// called is how messages name an item.
func (it *Item) called() string {
	if it.stand != nil {
		return it.shown
	}
	return it.Source.Name
}

// now is when an item's files say that they were written: without persons, as far from the truth as the patient's dates.
func (j *job) now(it *Item) time.Time {
	if it.stand == nil {
		return j.Now
	}
	if t := it.stand.Time(j.Now); !t.IsZero() {
		return t
	}
	return time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC) // what must have a date says so without telling one
}

// veil tells apart what stays of an item's pixels, for exports that go on with one that did not end.
func (it *Item) veil(o Options) string {
	if it.stand == nil {
		return ""
	}
	sum := sha256.New()
	for _, k := range it.stand.Keep {
		if k {
			sum.Write([]byte{1})
		} else {
			sum.Write([]byte{0})
		}
	}
	return string(o.Private.Dates) + hex.EncodeToString(sum.Sum(nil))
}

// statement says in a SEG that persons were taken out.
func (j *job) statement(it *Item) []dcmwrite.Elem {
	if it.stand == nil {
		return nil
	}
	var codes []dcmwrite.Set
	for _, m := range deid.Methods(j.Private.Dates, j.Private.Bare) {
		codes = append(codes, dcmwrite.Set{
			dcmwrite.Text("CodeValue", m[0]), dcmwrite.Text("CodingSchemeDesignator", "DCM"), dcmwrite.Text("CodeMeaning", m[1]),
		})
	}
	return []dcmwrite.Elem{
		dcmwrite.Seq("DeidentificationMethodCodeSequence", codes...),
		dcmwrite.Text("LongitudinalTemporalInformationModified", it.attr("LongitudinalTemporalInformationModified")),
	}
}
