package agree

import (
	"encoding/hex"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"

	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
)

// CodeFew is the fault of a frame that fewer than two readers accepted. Args: Count.
const CodeFew fault.Code = "agree.few"

// Reading is a frame as a reader accepted it.
type Reading struct {
	Reader string
	Labels *mask.Plane
	MM     float64 // millimetres per pixel by this reader's calibration; 0 where there is none
	Source review.Source
}

// Readings are what readers accepted on frame k of st, by the readers' names. The consensus is not among them, nor is who has
// no name.
func Readings(ws *store.Workspace, st *study.Study, k review.Key) ([]Reading, error) {
	readers, err := ws.Readers()
	if err != nil {
		return nil, err
	}
	var out []Reading
	for _, name := range readers {
		if name == "" || name == review.ConsensusReader {
			continue
		}
		entries, err := ws.Entries(name, []string{k.Instance})
		if err != nil {
			return nil, err
		}
		entries = slices.DeleteFunc(entries, func(e review.Entry) bool { return e.Key != k && e.Kind != review.KindRuler })
		if len(entries) == 0 {
			continue
		}
		r := review.New(st, name, nil)
		if err := r.Replay(entries); err != nil && fault.CodeOf(err) != review.CodeDamaged {
			return nil, err
		}
		if reading, ok := ReadingOf(r, k); ok {
			out = append(out, reading)
		}
	}
	slices.SortFunc(out, func(a, b Reading) int { return strings.Compare(a.Reader, b.Reader) })
	return out, nil
}

// ReadingOf takes a frame out of a reader's review; ok is false where it is not accepted.
func ReadingOf(r *review.Review, k review.Key) (reading Reading, ok bool) {
	f := r.Frame(k)
	if f == nil || f.Status != review.Accepted {
		return Reading{}, false
	}
	tip := r.Tip(k)
	reading = Reading{Reader: r.Reader(), Labels: f.Labels, Source: review.Source{
		Reader: r.Reader(), Entry: hex.EncodeToString(tip[:]), SHA256: review.MaskSum(f.Labels),
	}}
	reading.MM = r.PixelSize(k)
	return reading, true
}

// Eligible are the frames of st that at least two readers accepted, and how many did.
func Eligible(ws *store.Workspace, st *study.Study) (map[review.Key]int, error) {
	readers, err := ws.Readers()
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(st.Items))
	for i, it := range st.Items {
		ids[i] = it.ID
	}
	out := map[review.Key]int{}
	for _, name := range readers {
		if name == "" || name == review.ConsensusReader {
			continue
		}
		entries, err := ws.Entries(name, ids)
		if err != nil {
			return nil, err
		}
		r := review.New(st, name, nil)
		if err := r.Replay(entries); err != nil && fault.CodeOf(err) != review.CodeDamaged {
			return nil, err
		}
		for _, it := range st.Items {
			for i := range it.Frames {
				if k := (review.Key{Instance: it.ID, Frame: i}); r.Frame(k).Status == review.Accepted {
					out[k]++
				}
			}
		}
	}
	maps.DeleteFunc(out, func(_ review.Key, n int) bool { return n < 2 })
	return out, nil
}

// Limit is how far apart boundaries may lie before a person has to decide: in mm where the frame has a scale, else in px.
type Limit struct{ MM, Px float64 }

// DefaultLimit is a width that hands differ by anyhow, and that changes no measurement that counts.
var DefaultLimit = Limit{MM: 0.5, Px: 4}

// Adjudication is a frame on which several readers are to become one.
type Adjudication struct {
	*Disputes
	Readings []Reading
	Model    string // review.Consensus.Model of the proposal

	base review.Consensus
}

// Adjudicate begins to join the readings of frame k. Fewer than two give the fault CodeFew.
func Adjudicate(k review.Key, readings []Reading, method Method, limit Limit) (*Adjudication, error) {
	if len(readings) < 2 {
		return nil, fault.New(CodeFew, "", nil, fault.Args{"Count": len(readings)})
	}
	a := &Adjudication{Readings: readings, base: review.Consensus{
		Instance: k.Instance, Frame: k.Frame, Method: string(method), LimitPx: limit.Px,
	}}
	masks := make([]*mask.Plane, len(readings))
	for i, r := range readings {
		masks[i] = r.Labels
		a.base.Sources = append(a.base.Sources, r.Source)
		if r.MM > 0 && a.base.LimitMM == 0 && limit.MM > 0 {
			a.base.LimitMM, a.base.LimitPx = limit.MM, limit.MM/r.MM
		}
	}
	a.Model = a.base.Model()
	var err error
	a.Disputes, err = FindDisputes(masks, method, a.base.LimitPx)
	return a, err
}

// LimitPx is the limit in force, px.
func (a *Adjudication) LimitPx() float64 { return a.base.LimitPx }

// Record says where the mask now, which the frame of the consensus's review r has, comes from. by is who adjudicated, with the
// decided disputes and what was chosen there; "" for what nobody reviewed.
func (a *Adjudication) Record(r *review.Review, by string, decided map[int]Choice) review.Consensus {
	c := a.base
	now := r.Frame(c.Key()).Labels
	tip := r.Tip(c.Key())
	c.By, c.Result, c.Mask = by, review.MaskSum(now), hex.EncodeToString(tip[:])
	c.Arcs = []review.SettledArc{}
	for i, d := range a.List {
		likely, reviewed := decided[i]
		if !reviewed {
			likely = ChooseProposal
		}
		arc := review.SettledArc{
			Box: [4]int{d.Box.Min.X, d.Box.Min.Y, d.Box.Max.X, d.Box.Max.Y}, Farthest: math.Round(d.Farthest*100) / 100,
			Reviewed: reviewed && by != "",
		}
		switch choice := a.Says(now, i, likely); {
		case choice >= 0:
			arc.Choice, arc.Reader = "reader", a.Readings[choice].Reader
		case choice == ChooseMean:
			arc.Choice = "mean"
		case choice == ChooseProposal:
			arc.Choice = "proposal"
		default:
			arc.Choice = "redrawn"
		}
		c.Arcs = append(c.Arcs, arc)
	}
	return c
}

// KindConsensus is the kind of store.Event whose body is a review.Consensus.
const KindConsensus = "consensus"

// Keep adds the record of a consensus to the project's events.
func Keep(ws *store.Workspace, c review.Consensus) error {
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	by := c.By
	if by == "" {
		by = review.ConsensusReader
	}
	_, err = ws.AddEvent(store.Event{Kind: KindConsensus, Study: c.Instance, Frame: c.Frame, Reader: by, Body: body})
	return err
}

// Origins finds where consensus masks come from.
type Origins map[review.Key][]review.Consensus

// OriginsOf reads all that a workspace knows. Where an error comes with origins, these can be used.
func OriginsOf(ws *store.Workspace) (Origins, error) {
	events, err := ws.Events(KindConsensus)
	out := Origins{}
	for _, e := range events {
		var c review.Consensus
		if json.Unmarshal(e.Body, &c) == nil && c.Instance == e.Study && c.Frame == e.Frame {
			out[c.Key()] = append(out[c.Key()], c)
		}
	}
	return out, err
}

// Of is where the mask of frame k comes from: what was recorded last of just this mask, else the last record of the frame,
// marked as changed since. It is nil for a frame without any.
func (o Origins) Of(k review.Key, labels *mask.Plane) *review.Consensus {
	all := o[k]
	if len(all) == 0 {
		return nil
	}
	sum := review.MaskSum(labels)
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Result == sum {
			c := all[i]
			return &c
		}
	}
	c := all[len(all)-1]
	c.Changed = true
	return &c
}

// Names are what the readers whose masks were joined call label values, where all who gave a value a name gave it the same, in
// whatever case. Who calls it otherwise drew something else.
func (o Origins) Names(ws *store.Workspace) (map[uint8]string, error) {
	var readers []string
	for _, all := range o {
		for i := range all {
			readers = append(readers, all[i].Readers()...)
		}
	}
	slices.Sort(readers)
	names, contrary := map[uint8]string{}, map[uint8]bool{}
	for _, reader := range slices.Compact(readers) {
		set, err := ws.Labels(reader)
		if err != nil {
			return nil, err
		}
		for _, l := range set.Labels {
			switch known := names[l.Value]; {
			case l.Name == "":
			case known == "":
				names[l.Value] = l.Name
			case !strings.EqualFold(known, l.Name):
				contrary[l.Value] = true
			}
		}
	}
	maps.DeleteFunc(names, func(v uint8, _ string) bool { return contrary[v] })
	return names, nil
}
