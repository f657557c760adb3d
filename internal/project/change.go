package project

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"echoline/internal/fault"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
)

// Change is what a project is to become. What is not set stays as it is.
type Change struct {
	Settings  Settings
	Readers   []string // who is to read
	Experts   []string // who is to advise
	Retire    []string // who takes part no more
	Labels    []Label
	Classes   map[string]string // by the names of cases
	Guideline *Guideline        // takes the place of the one before
	Pictures  []NewPicture      // come after those of Guideline
	Study     *study.Study      // whose items become cases
}

// NewPicture is a picture for the guideline that the workspace does not have yet.
type NewPicture struct {
	Name string
	Data []byte
}

// The most that a guideline holds, in bytes.
const (
	MaxPicture   = 10 << 20
	MaxGuideline = 1 << 20
)

// ReadPicture reads a picture for the guideline. It is looked at in the process that decodes all images; the fault CodePicture
// says that it is none, or too large.
func ReadPicture(ctx context.Context, path string) (NewPicture, error) {
	fi, err := os.Stat(path)
	if err != nil || fi.Size() > MaxPicture {
		return NewPicture{}, fault.New(CodePicture, path, err, nil)
	}
	if st, err := study.Open(ctx, []string{path}, nil); err != nil || len(st.Items) != 1 || st.Items[0].Header != nil {
		return NewPicture{}, fault.New(CodePicture, path, err, nil)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return NewPicture{}, fault.New(CodePicture, path, err, nil)
	}
	return NewPicture{Name: filepath.Base(path), Data: data}, nil
}

// Names are the names in a line with commas between them, each once, as readers are written.
func Names(line string) []string {
	var out []string
	for n := range strings.SplitSeq(line, ",") {
		if n = review.ReaderName(n); n != "" && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// People makes readers and experts those who take part: who is new comes in, who is not named takes part no more. Nobody can be
// both (CodeRoles), or have the name of the consensus (CodeReserved).
func (c *Change) People(s *State, readers, experts []string) error {
	for _, n := range append(slices.Clone(readers), experts...) {
		switch {
		case n == review.ConsensusReader:
			return fault.New(CodeReserved, "", nil, fault.Args{"Name": n})
		case slices.Contains(readers, n) && slices.Contains(experts, n):
			return fault.New(CodeRoles, "", nil, fault.Args{"Name": n})
		}
	}
	for _, part := range []struct {
		names []string
		role  Role
		to    *[]string
	}{{readers, Reads, &c.Readers}, {experts, Advises, &c.Experts}} {
		for _, n := range part.names {
			if m, there := s.member(n); !there || m.Out || m.Role != part.role {
				*part.to = append(*part.to, n)
			}
		}
	}
	if s == nil {
		return nil
	}
	for _, m := range s.Active("") {
		if !slices.Contains(readers, m.Name) && !slices.Contains(experts, m.Name) {
			c.Retire = append(c.Retire, m.Name)
		}
	}
	return nil
}

// member is Member, also of no project.
func (s *State) member(name string) (Member, bool) {
	if s == nil {
		return Member{}, false
	}
	return s.Member(name)
}

// Check tells what keeps a project, nil for a new one, from working as changed: no name (CodeName), nobody who reads
// (CodeNobody), an overlap that is none (CodeShareOf) or of more than there are readers (CodeOverlap), too long a guideline
// (CodeGuideline).
func (c *Change) Check(s *State) error {
	now := State{Share: firstShare, By: firstBy}
	if s != nil {
		now.Name, now.Share, now.By = s.Name, s.Share, s.By
	}
	set(&now.Name, c.Settings.Name)
	set(&now.Share, c.Settings.Share)
	set(&now.By, c.Settings.By)
	if strings.TrimSpace(now.Name) == "" {
		return fault.New(CodeName, "", nil, nil)
	}
	if !(now.Share >= 0 && now.Share <= 1) || now.By < 1 {
		return fault.New(CodeShareOf, "", nil, nil)
	}
	switch n := c.readers(s); {
	case n == 0:
		return fault.New(CodeNobody, "", nil, nil)
	case now.Share > 0 && now.By > n:
		return fault.New(CodeOverlap, "", nil, fault.Args{"By": now.By, "Readers": n})
	}
	return c.CheckGuideline()
}

// readers counts who will read.
func (c *Change) readers(s *State) int {
	reads := map[string]bool{}
	if s != nil {
		for _, m := range s.Active(Reads) {
			reads[m.Name] = true
		}
	}
	for _, n := range c.Readers {
		reads[n] = true
	}
	for _, n := range append(slices.Clone(c.Experts), c.Retire...) {
		delete(reads, n)
	}
	return len(reads)
}

// CheckGuideline tells whether the guideline's text is too long: CodeGuideline.
func (c *Change) CheckGuideline() error {
	if c.Guideline != nil && len(c.Guideline.Text) > MaxGuideline {
		return fault.New(CodeGuideline, "", nil, nil)
	}
	return nil
}

// Apply carries a change out, said by who.
func (s *State) Apply(ws *store.Workspace, who string, c *Change) error {
	classes, err := s.classesIn(c)
	if err != nil {
		return err
	}
	if c.Settings != (Settings{}) {
		if err := s.Set(ws, who, c.Settings); err != nil {
			return err
		}
	}
	if err := s.applyMembers(ws, who, c); err != nil {
		return err
	}
	if c.Labels != nil {
		if err := s.SetLabels(ws, who, c.Labels); err != nil {
			return err
		}
	}
	if err := s.applyGuideline(ws, who, c); err != nil {
		return err
	}
	if c.Study != nil {
		if err := ws.Register(c.Study); err != nil {
			return err
		}
		if _, err := s.AddCases(ws, who, CasesOf(c.Study)); err != nil {
			return err
		}
	}
	if classes != nil {
		now, err := Load(ws) // with the cases that came
		if err == nil {
			err = now.SetClasses(ws, who, classes)
		}
		if err != nil {
			return err
		}
	}
	return WriteLabels(ws)
}

// classesIn are the classes that a change gives, by item; nil where it gives none.
func (s *State) classesIn(c *Change) (map[string]string, error) {
	if c.Classes == nil {
		return nil, nil
	}
	cases := slices.Clone(s.Cases)
	if c.Study != nil {
		cases = append(cases, CasesOf(c.Study)...)
	}
	return classesOf(cases, c.Classes)
}

// applyMembers lets people take part, or no more.
func (s *State) applyMembers(ws *store.Workspace, who string, c *Change) error {
	for _, part := range []struct {
		names []string
		role  Role
	}{{c.Readers, Reads}, {c.Experts, Advises}} {
		for _, name := range part.names {
			if err := s.SetMember(ws, who, name, part.role, false); err != nil {
				return err
			}
		}
	}
	for _, name := range c.Retire {
		m, ok := s.Member(name)
		if !ok {
			return s.NoReader(name)
		}
		if err := s.SetMember(ws, who, name, m.Role, true); err != nil {
			return err
		}
	}
	return nil
}

// applyGuideline keeps the pictures and makes the guideline the project's.
func (s *State) applyGuideline(ws *store.Workspace, who string, c *Change) error {
	if c.Guideline == nil {
		return nil
	}
	g := Guideline{Text: c.Guideline.Text, Pictures: slices.Clone(c.Guideline.Pictures)}
	for _, p := range c.Pictures {
		hash, err := ws.AddBlob(p.Data)
		if err != nil {
			return err
		}
		g.Pictures = append(g.Pictures, Picture{Hash: hash, Name: p.Name, Caption: strings.TrimSuffix(p.Name, filepath.Ext(p.Name))})
	}
	return s.SetGuideline(ws, who, g)
}

// CasesOf are the items of a study as cases.
func CasesOf(st *study.Study) []Case {
	out := make([]Case, len(st.Items))
	for i, it := range st.Items {
		out[i] = Case{Item: it.ID, Name: it.Name, Frames: it.Frames}
	}
	return out
}

// Fresh counts the items of a study that are no cases yet; s may be nil.
func (s *State) Fresh(st *study.Study) int {
	seen := map[string]bool{}
	for _, it := range st.Items {
		if s != nil {
			if _, there := s.Case(it.ID); there {
				continue
			}
		}
		seen[it.ID] = true
	}
	return len(seen)
}
