package project

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"echoline/internal/fault"
	"echoline/internal/review"
	"echoline/internal/store"
)

// chunk is how many cases one event tells of.
const chunk = 500

// newID is a random name for a project or a person.
func newID() (string, error) {
	var id [8]byte
	_, err := rand.Read(id[:])
	return hex.EncodeToString(id[:]), err
}

// add keeps an event of a project, said by who.
func add(l Log, who, kind string, b *body) error {
	data, err := json.Marshal(b)
	if err != nil {
		return err
	}
	_, err = l.AddEvent(store.Event{Kind: kind, Frame: store.NoFrame, Reader: who, Body: data})
	return err
}

// Create begins a project in a workspace that has none; else the fault CodeThere. who does it may be "".
func Create(l Log, who, name string) (*State, error) {
	s, err := Load(l)
	if err != nil {
		return nil, err
	}
	if s != nil {
		return nil, fault.New(CodeThere, "", nil, fault.Args{"Name": s.Name})
	}
	id, err := newID()
	if err != nil {
		return nil, err
	}
	if err := add(l, who, KindMade, &body{Project: id, Name: strings.TrimSpace(name)}); err != nil {
		return nil, err
	}
	return Load(l)
}

// Set changes settings.
func (s *State) Set(l Log, who string, t Settings) error {
	return add(l, who, KindSettings, &body{Project: s.ID, Settings: &t})
}

// AddCases brings cases into the project; those that are there already stay as they are. It returns how many are new.
func (s *State) AddCases(l Log, who string, cases []Case) (int, error) {
	var fresh []Case
	seen := map[string]bool{}
	for _, c := range cases {
		if _, there := s.Case(c.Item); !there && !seen[c.Item] {
			seen[c.Item] = true
			fresh = append(fresh, c)
		}
	}
	for i := 0; i < len(fresh); i += chunk {
		if err := add(l, who, KindCases, &body{Project: s.ID, Cases: fresh[i:min(i+chunk, len(fresh))]}); err != nil {
			return i, err
		}
	}
	return len(fresh), nil
}

// SetLabels makes a schema the project's.
func (s *State) SetLabels(l Log, who string, labels []Label) error {
	return add(l, who, KindLabels, &body{Project: s.ID, Labels: labels})
}

// SetGuideline makes a guideline the project's. Its pictures must be in the workspace.
func (s *State) SetGuideline(l Log, who string, g Guideline) error {
	return add(l, who, KindGuideline, &body{Project: s.ID, Guideline: &g})
}

// SetMember lets somebody take part in a role, or no more.
func (s *State) SetMember(l Log, who, name string, role Role, out bool) error {
	m := Member{Name: review.ReaderName(name), Role: role, Out: out}
	if old, ok := s.Member(m.Name); ok {
		m.Person = old.Person
	} else {
		id, err := newID()
		if err != nil {
			return err
		}
		m.Person = id
	}
	return add(l, who, KindReader, &body{Project: s.ID, Member: &m})
}

// Assign gives cases that nobody reads yet to the readers, by the project's settings; see Plan. all gives out anew also those
// that are given out, which takes no work away from anybody. It returns how many cases were given out.
func (s *State) Assign(l Log, who string, all bool) (int, error) {
	given, err := s.Plan(all)
	if err != nil {
		return 0, err
	}
	part := map[string][]string{}
	for i, c := range s.Cases {
		if names, ok := given[c.Item]; ok {
			part[c.Item] = names
		}
		if len(part) == chunk || len(part) > 0 && i == len(s.Cases)-1 {
			if err := add(l, who, KindAssign, &body{Project: s.ID, Assign: part}); err != nil {
				return 0, err
			}
			part = map[string][]string{}
		}
	}
	return len(given), nil
}

// compareNames orders names.
func compareNames(a, b string) int { return strings.Compare(a, b) }

// Progress is how far somebody is.
type Progress struct {
	Name                          string
	Assigned, Done, Begun, Unseen int           // cases; Begun: worked on, not decided
	Last                          time.Time     // of the last work
	Active                        time.Duration // spent on cases that are done, as far as it was measured
	Timed                         int           // of the done cases, how many Active is of
}

// Pace is the active time that a case takes this reader, and Left what the rest will take at that pace; 0 where nothing was
// measured.
func (p Progress) Pace() time.Duration {
	if p.Timed == 0 {
		return 0
	}
	return p.Active / time.Duration(p.Timed)
}

// Left is told of at Pace.
func (p Progress) Left() time.Duration { return p.Pace() * time.Duration(p.Assigned-p.Done) }
