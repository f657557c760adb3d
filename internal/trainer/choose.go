package trainer

import (
	"context"
	"maps"
	"slices"

	"echoline/inference"
	"echoline/internal/export"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
)

// Choice says which masks a model is to learn from.
type Choice struct {
	Readers   []string       `json:"readers"`   // whose; empty: everybody's
	Include   export.Include `json:"include"`   // export.Accepted or export.Reviewed
	Consensus bool           `json:"consensus"` // where there is a consensus it alone counts
	Most      int            `json:"-"`         // of the pictures at most so many, those of the studies opened last; 0 for all
}

// The parts of the data: val chooses and calibrates, test measures.
const (
	partTrain = "train"
	partVal   = "val"
	partTest  = "test"
)

// share is how much of all groups each of val and test gets. It must never change: a group that was learned from would
// then measure what learned from it.
const share = 0.15

// Counts are how much there is to learn from.
type Counts struct {
	Frames  int            `json:"frames"` // masks: a picture that two readers drew counts twice
	Lesions int            `json:"lesions"`
	Groups  int            `json:"groups"` // patients, as far as the files tell
	Parts   map[string]int `json:"parts"`  // masks with a lesion in train, val and test
}

// Cases are the masks that were chosen, by reader.
type Cases struct {
	Inputs  []export.Input
	Reviews []*review.Review // of the same readers in the same order
	Missing []*fault.Error   // files of reviewed images that cannot be opened any more
	Counts  Counts
	groups  map[string]string // of studies whose patient is known: under which name they lie together
	news    map[string]string // those of them that no run was written of so far
	ws      *store.Workspace
}

// Gather opens what readers of a workspace reviewed and takes the masks that were chosen. Nothing is written. Faults:
// CodeNothing, and those of the workspace. Whether it is enough to train with, Enough says.
func Gather(ctx context.Context, ws *store.Workspace, c Choice, progress func(done, total int)) (*Cases, error) {
	readers, err := c.readers(ws)
	if err != nil {
		return nil, err
	}
	items, work, err := worked(ws, readers)
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, fault.New(CodeNothing, ws.Dir(), nil, nil)
	}
	if c.Most > 0 && len(items) > c.Most {
		items = items[:c.Most]
	}
	paths := make([]string, len(items))
	for i, it := range items {
		paths[i] = it.Path
	}
	st, err := study.Open(ctx, paths, progress)
	if err != nil {
		return nil, err
	}
	out, err := newCases(ws, st)
	if err != nil {
		return nil, err
	}
	out.Missing = missing(st, items)
	for _, reader := range readers {
		r, in, err := take(ws, st, reader, work[reader], c.Include)
		if err != nil {
			out.Missing = append(out.Missing, fault.New(review.CodeDamaged, reader, err, nil))
		}
		out.Inputs, out.Reviews = append(out.Inputs, in), append(out.Reviews, r)
	}
	if c.Consensus {
		out.prefer(consensus)
	}
	out.count()
	if out.Counts.Frames == 0 {
		return nil, fault.New(CodeNothing, ws.Dir(), nil, nil)
	}
	return out, nil
}

// newCases are none yet, of a study whose patients keep the parts that they were given.
func newCases(ws *store.Workspace, st *study.Study) (*Cases, error) {
	before, err := given(ws)
	if err != nil {
		return nil, err
	}
	c := &Cases{groups: groupsOf(st, before), ws: ws}
	c.news = maps.Clone(c.groups)
	maps.DeleteFunc(c.news, func(uid, _ string) bool { return before[uid] != "" })
	return c, nil
}

// readers are whose masks are taken: those that were named, or all that have a name.
func (c Choice) readers(ws *store.Workspace) ([]string, error) {
	all, err := ws.Readers()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(n string) bool {
		if n == consensus {
			return !c.Consensus
		}
		return n == "" || len(c.Readers) > 0 && !slices.Contains(c.Readers, n)
	}), nil
}

// worked lists the items on which readers did something, the study opened last first, and what each reader did.
func worked(ws *store.Workspace, readers []string) ([]store.Item, map[string][]review.Entry, error) {
	all, err := ws.Instances()
	if err != nil {
		return nil, nil, err
	}
	ids := make([]string, len(all))
	for i, it := range all {
		ids[i] = it.ID
	}
	touched, work := map[string]bool{}, map[string][]review.Entry{}
	for _, reader := range readers {
		if work[reader], err = ws.Entries(reader, ids); err != nil {
			return nil, nil, err
		}
		for _, e := range work[reader] {
			touched[e.Key.Instance] = true
		}
	}
	return slices.DeleteFunc(all, func(it store.Item) bool { return !touched[it.ID] }), work, nil
}

// missing are the items whose files cannot be opened, or hold something else now.
func missing(st *study.Study, items []store.Item) []*fault.Error {
	out := slices.Clone(st.Refused)
	for _, it := range items {
		if !slices.ContainsFunc(out, func(f *fault.Error) bool { return f.Where == it.Path }) &&
			!slices.ContainsFunc(st.Items, func(s *study.Item) bool { return s.ID == it.ID }) {
			out = append(out, fault.New(study.CodeMissing, it.Path, nil, nil))
		}
	}
	return out
}

// take takes a reader's masks out of what was done.
func take(ws *store.Workspace, st *study.Study, reader string, work []review.Entry, include export.Include) (*review.Review, export.Input, error) {
	there := map[string]bool{}
	for _, it := range st.Items {
		there[it.ID] = true
	}
	r := review.New(st, reader, nil)
	err := r.Replay(slices.DeleteFunc(work, func(e review.Entry) bool { return !there[e.Key.Instance] }))
	in := export.FromStored(r, include, func(f *review.Frame) *inference.Prediction { return ws.Recall(f.Key, export.Asked(f)) })
	in.Maps = ws.Recall
	return r, in, err
}

// prefer leaves out what others drew where one reader's mask is there.
func (c *Cases) prefer(reader string) {
	has := map[review.Key]bool{}
	each := func(do func(in *export.Input, k review.Key) bool) {
		for i := range c.Inputs {
			in := &c.Inputs[i]
			for n := range in.Items {
				it := &in.Items[n]
				it.Frames = slices.DeleteFunc(it.Frames, func(f export.Frame) bool {
					return do(in, review.Key{Instance: it.Source.ID, Frame: f.Index})
				})
			}
		}
	}
	each(func(in *export.Input, k review.Key) bool {
		if in.Reader == reader {
			has[k] = true
		}
		return false
	})
	each(func(in *export.Input, k review.Key) bool { return in.Reader != reader && has[k] })
}

// count sums up.
func (c *Cases) count() {
	c.Counts = Counts{Parts: map[string]int{partTrain: 0, partVal: 0, partTest: 0}}
	groups := map[string]bool{}
	for _, in := range c.Inputs {
		for _, it := range in.Items {
			group := c.GroupOf(it.Source)
			for _, f := range it.Frames {
				groups[group] = true
				c.Counts.Frames++
				if anything(f.Labels) {
					c.Counts.Lesions++
					c.Counts.Parts[partOf(group)]++
				}
			}
		}
	}
	c.Counts.Groups = len(groups)
}

// Enough tells whether there is a lesion in each part; else the fault CodeFew.
func (c *Cases) Enough() error {
	for _, part := range []string{partTrain, partVal, partTest} {
		if c.Counts.Parts[part] == 0 {
			return fault.New(CodeFew, "", nil, fault.Args{"Part": part, "Frames": c.Counts.Lesions, "Groups": c.Counts.Groups})
		}
	}
	return nil
}

// anything tells whether a mask holds any label.
func anything(p *mask.Plane) bool {
	return slices.ContainsFunc(p.Pix, func(v uint8) bool { return v != 0 })
}

// consensus is whose masks several readers' were joined to.
const consensus = review.ConsensusReader
