// Package project is a project of annotation: which cases, labels, guideline and readers it has, which case is whose, how
// far everybody is, and what it took. All of it is a fold over the workspace's events (store.Event), so that workspaces that
// hold the same events say the same, however they came by them; functions of this package make the events that change it.
//
// A workspace holds one project. Events name it by its ID, and those of another one, which only a merge against all advice
// can bring, are left alone.
package project

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"echoline/internal/fault"
	"echoline/internal/store"
)

// The faults of this package.
const (
	// CodeNone: the workspace holds no project. Where is its folder.
	CodeNone fault.Code = "project.none"
	// CodeThere: the workspace holds a project already. Args: Name.
	CodeThere fault.Code = "project.there"
	// CodeReader: the project has no such reader. Args: Name, Readers (those that it has).
	CodeReader fault.Code = "project.reader"
	// CodeOverlap: cases cannot be read by so many. Args: By, Readers (how many there are).
	CodeOverlap fault.Code = "project.overlap"
	// CodeName: a project needs a name.
	CodeName fault.Code = "project.name"
	// CodeNobody: a project needs somebody who reads.
	CodeNobody fault.Code = "project.nobody"
	// CodeRoles: somebody is named as reader and as expert. Args: Name.
	CodeRoles fault.Code = "project.roles"
	// CodeReserved: no reader can have the name under which the consensus is kept. Args: Name.
	CodeReserved fault.Code = "project.reserved"
	// CodeShareOf: the overlap is no share of 0 to 1, or is read by fewer than one.
	CodeShareOf fault.Code = "project.overlap.share"
	// CodeNoStudy: no study is open whose images could be cases.
	CodeNoStudy fault.Code = "project.nostudy"
	// CodeEmpty: there are no cases in what was given.
	CodeEmpty fault.Code = "project.empty"
	// CodePicture: a picture of the guideline is too large, or none. Where is the file.
	CodePicture fault.Code = "project.picture"
	// CodeGuideline: the guideline's text cannot be read, or is too long; Cause.
	CodeGuideline fault.Code = "project.guideline"
	// CodeLabels: the label schema cannot be read; Cause.
	CodeLabels fault.Code = "project.labels"
	// CodeClasses: the table of classes cannot be used; Cause.
	CodeClasses fault.Code = "project.classes"
	// CodeOther: the other workspace or share belongs to another project. Args: Mine, Theirs (names).
	CodeOther fault.Code = "project.other"
	// CodeShare: the file is no share, or a damaged one; Cause.
	CodeShare fault.Code = "project.share"
	// CodeShareNewer: a later release made the share. Args: Have, Want (versions of the form).
	CodeShareNewer fault.Code = "project.share.newer"
	// CodeShareOlder: the share is of a form that is read no more. Args: Have, Want.
	CodeShareOlder fault.Code = "project.share.older"
	// CodeShareReader: the workspace is one reader's part of a project in which readers see nothing of each other, and the share
	// or workspace holds another's. Args: Mine, Theirs (names).
	CodeShareReader fault.Code = "project.share.reader"
	// CodeBound: the workspace is one reader's part of a blinded project; nobody else can read in it. Args: Mine (name).
	CodeBound fault.Code = "project.bound"
	// CodeShareOthers: the part is one in which readers see nothing of each other, and the workspace holds somebody else's
	// work. Args: Reader (whose part it is), Others.
	CodeShareOthers fault.Code = "project.share.others"
	// CodeShareWrite: the share cannot be written; Cause.
	CodeShareWrite fault.Code = "project.share.write"
	// CodeTwins: two persons have the same name as readers. Args: Name.
	CodeTwins fault.Code = "project.twins"
)

// The kinds of the events of a project. Stored: never rename.
const (
	KindMade      = "project.made"      // body: project, name
	KindSettings  = "project.settings"  // body: any of Settings
	KindCases     = "project.cases"     // body: cases
	KindLabels    = "project.labels"    // body: labels, all of them
	KindGuideline = "project.guideline" // body: guideline, all of it
	KindReader    = "project.reader"    // body: member
	KindAssign    = "project.assign"    // body: assign
	KindClasses   = "project.classes"   // body: classes
)

// Kinds are those that State is folded from.
var Kinds = []string{KindMade, KindSettings, KindCases, KindLabels, KindGuideline, KindReader, KindAssign, KindClasses}

// Role is what somebody does in a project.
type Role string

// The roles. Stored: never rename.
const (
	Reads   Role = "reader" // annotates the cases that are assigned
	Advises Role = "expert" // answers questions, decides where readers disagree, sees all
)

// Member is somebody who takes part.
type Member struct {
	Name   string `json:"name"`
	Person string `json:"person"` // tells persons of one name apart; made once, when the member is first named
	Role   Role   `json:"role"`
	Out    bool   `json:"out,omitempty"` // takes part no more; the work stays
}

// Case is an instance to be annotated.
type Case struct {
	Item   string `json:"item"` // study.Item.ID, as in review.Key.Instance
	Name   string `json:"name"` // of its file
	Frames int    `json:"frames"`
	Out    bool   `json:"out,omitempty"` // taken out of the project; the work stays
}

// Label is what a label value means, in the form of a reader's own table of labels (docs/export.md). A code is its value,
// scheme and meaning.
type Label struct {
	Value    int      `json:"value"` // from 1
	Name     string   `json:"name"`
	Category []string `json:"category,omitempty"`
	Type     []string `json:"type,omitempty"`
	Region   []string `json:"region,omitempty"`
}

// Guideline is what readers are told to do.
type Guideline struct {
	Text     string    `json:"text"`
	Pictures []Picture `json:"pictures,omitempty"`
}

// Picture is one of a guideline, kept in the workspace: store.Blob.
type Picture struct {
	Hash    string `json:"hash"`
	Name    string `json:"name"`
	Caption string `json:"caption,omitempty"`
}

// Settings are what can be set. What nobody set is nil in an event.
type Settings struct {
	Name    *string  `json:"name,omitempty"`
	Share   *float64 `json:"share,omitempty"`   // of the cases that several readers read, 0 to 1
	By      *int     `json:"by,omitempty"`      // how many read each of those
	Seed    *uint64  `json:"seed,omitempty"`    // of the assignment
	Blinded *bool    `json:"blinded,omitempty"` // readers see nothing of each other
	Blind   *bool    `json:"blind,omitempty"`   // readers draw before they see the prediction
}

// State is what a project is.
type State struct {
	ID, Name  string
	Made      time.Time
	Share     float64 // of the cases that By readers read
	By        int
	Seed      uint64
	Blinded   bool
	Blind     bool
	Cases     []Case // those in the project, in the order in which they came
	Labels    []Label
	Guideline Guideline
	Readers   []Member // by name; also those who are out
	Unread    int      // events of this project that this release cannot read

	assigned map[string][]string // by item: names, sorted
	classes  map[string]string   // by item
	places   map[string]int      // of items in Cases
}

// The settings that a project begins with: every fifth case is read twice, and readers see nothing of each other.
const (
	firstShare = 0.2
	firstBy    = 2
)

// body is what all events of a project have; each kind uses some of it.
type body struct {
	Project   string              `json:"project"`
	Name      string              `json:"name,omitempty"`
	Settings  *Settings           `json:"settings,omitempty"`
	Cases     []Case              `json:"cases,omitempty"`
	Labels    []Label             `json:"labels,omitempty"`
	Guideline *Guideline          `json:"guideline,omitempty"`
	Member    *Member             `json:"member,omitempty"`
	Assign    map[string][]string `json:"assign,omitempty"` // by item: the names of those who read it
	Classes   map[string]string   `json:"classes,omitempty"`
}

// Log is where events are kept: a workspace.
type Log interface {
	Events(kinds ...string) ([]store.Event, error)
	AddEvent(e store.Event) (store.Event, error)
}

// Load folds a workspace's events. It is nil where there is no project. The fault store.CodeEvents comes with a state that
// can be used: where the event that made the project is damaged, the others tell of it, and readers stay blinded to each other
// unless a later one says otherwise. Only its name may be lost; its ID stands for that.
func Load(l Log) (*State, error) {
	events, err := l.Events(Kinds...)
	if events == nil && err != nil {
		return nil, err
	}
	s := Fold(events)
	if s == nil && err != nil {
		e, b := first(events)
		s = foldOf(events, e, b.Project, b.Project)
	}
	return s, err
}

// Fold makes the state of the first project that the events, in the order of store.Events, tell of; nil if they tell of none.
func Fold(events []store.Event) *State {
	e, b := first(events, KindMade)
	return foldOf(events, e, b.Project, b.Name)
}

// first is the first event of the given kinds, or of all where none is given, that names a project; nil where none does.
func first(events []store.Event, kinds ...string) (*store.Event, body) {
	for i := range events {
		var b body
		if (len(kinds) == 0 || slices.Contains(kinds, events[i].Kind)) && json.Unmarshal(events[i].Body, &b) == nil && b.Project != "" {
			return &events[i], b
		}
	}
	return nil, body{}
}

// foldOf makes the state of a project that is first known by an event; nil for no event.
func foldOf(events []store.Event, known *store.Event, id, name string) *State {
	if known == nil {
		return nil
	}
	s := &State{ID: id, Name: name, Made: known.At, Share: firstShare, By: firstBy, Blinded: true, classes: map[string]string{}}
	f := &fold{s: s, cases: map[string]int{}, members: map[string]Member{}, assigned: map[string][]string{}}
	for i := range events {
		var b body
		if err := json.Unmarshal(events[i].Body, &b); err != nil {
			s.Unread++
			continue
		}
		if b.Project == s.ID {
			f.take(&events[i], &b)
		}
	}
	f.finish()
	return s
}

// fold is a state in the making.
type fold struct {
	s        *State
	all      []Case
	cases    map[string]int // places in all
	members  map[string]Member
	assigned map[string][]string
}

// take takes one event of the project.
func (f *fold) take(e *store.Event, b *body) {
	s := f.s
	switch e.Kind {
	case KindMade: // it is known
	case KindSettings:
		f.settings(b.Settings)
	case KindCases:
		for _, c := range b.Cases {
			if at, ok := f.cases[c.Item]; ok {
				f.all[at] = c
				continue
			}
			f.cases[c.Item] = len(f.all)
			f.all = append(f.all, c)
		}
	case KindLabels:
		s.Labels = b.Labels
	case KindGuideline:
		if b.Guideline != nil {
			s.Guideline = *b.Guideline
		}
	case KindReader:
		f.member(b.Member)
	case KindAssign:
		for item, names := range b.Assign {
			f.assigned[item] = names
		}
	case KindClasses:
		maps.Copy(s.classes, b.Classes)
	default:
		s.Unread++
	}
}

// settings takes what was set.
func (f *fold) settings(t *Settings) {
	if t == nil {
		f.s.Unread++
		return
	}
	set(&f.s.Name, t.Name)
	set(&f.s.Share, t.Share)
	set(&f.s.By, t.By)
	set(&f.s.Seed, t.Seed)
	set(&f.s.Blinded, t.Blinded)
	set(&f.s.Blind, t.Blind)
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// member takes a member. Who somebody is stays what it first was.
func (f *fold) member(m *Member) {
	if m == nil || m.Name == "" {
		f.s.Unread++
		return
	}
	next := *m
	if old, ok := f.members[m.Name]; ok {
		next.Person = old.Person
	}
	f.members[m.Name] = next
}

// finish puts the state in order.
func (f *fold) finish() {
	s := f.s
	s.places = make(map[string]int, len(f.all))
	s.assigned = make(map[string][]string, len(f.assigned))
	for _, c := range f.all {
		if !c.Out {
			s.places[c.Item] = len(s.Cases)
			s.Cases = append(s.Cases, c)
		}
	}
	for _, m := range f.members {
		s.Readers = append(s.Readers, m)
	}
	slices.SortFunc(s.Readers, func(a, b Member) int { return compareNames(a.Name, b.Name) })
	for item, names := range f.assigned {
		if _, in := s.places[item]; in {
			sorted := slices.Clone(names)
			slices.Sort(sorted)
			s.assigned[item] = slices.Compact(sorted)
		}
	}
}

// Case finds a case by its item.
func (s *State) Case(item string) (Case, bool) {
	at, ok := s.places[item]
	if !ok {
		return Case{}, false
	}
	return s.Cases[at], true
}

// ReadersOf are the names of those who read a case, sorted.
func (s *State) ReadersOf(item string) []string { return s.assigned[item] }

// Part is the cases of a reader, in the project's order.
func (s *State) Part(reader string) []Case {
	var out []Case
	for _, c := range s.Cases {
		if slices.Contains(s.assigned[c.Item], reader) {
			out = append(out, c)
		}
	}
	return out
}

// Member finds somebody by name.
func (s *State) Member(name string) (Member, bool) {
	i := slices.IndexFunc(s.Readers, func(m Member) bool { return m.Name == name })
	if i < 0 {
		return Member{}, false
	}
	return s.Readers[i], true
}

// Active are those who take part, of a role; "" is any.
func (s *State) Active(role Role) []Member {
	var out []Member
	for _, m := range s.Readers {
		if !m.Out && (role == "" || m.Role == role) {
			out = append(out, m)
		}
	}
	return out
}

// Hides tells whether somebody may see nothing of what other readers did: masks, versions, agreement. Experts, and people who
// are no members, may.
func (s *State) Hides(name string) bool {
	if s == nil || !s.Blinded {
		return false
	}
	m, ok := s.Member(name)
	return ok && m.Role == Reads
}
