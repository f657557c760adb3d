package ui

import (
	"context"
	"image"
	"slices"
	"time"

	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/export"
	"echoline/internal/review"
	"echoline/internal/study"
	"echoline/internal/tool"
	"echoline/ui/panel"
	"echoline/ui/viewer"
)

// keptMaps is how many bytes of probability and scale maps stay in memory: those of some thirty frames of 1024×768. The
// other frames get theirs back from the workspace when they are shown.
const keptMaps = 192 << 20

// mapBytes is what the maps of a prediction take: two floats and a label per pixel.
func mapBytes(p *inference.Prediction) int { return 9 * p.W * p.H }

// session is one opened study with its review and everything that the window knows about it. It lives on the window's
// goroutine.
type session struct {
	study  *study.Study
	items  map[string]*study.Item
	review *review.Review
	worker *inference.Worker
	begun  time.Time
	ctx    context.Context // ends with the session
	end    context.CancelFunc

	rows  map[string]*panel.Row
	done  map[string]review.Progress // by item, as its row shows it
	order []string                   // item IDs as the work list shows them
	stale map[string]bool
	fresh *time.Timer // refreshes the stale rows; nil when none waits

	// What is on the screen, and thus what the reader's gestures mean.
	item     *study.Item // nil: nothing, or a file that was refused
	refuse   string      // that file, as the study names it
	index    int         // frame of item
	frame    *study.Frame
	window   study.Window
	invert   bool
	canvas   *image.RGBA // the frame as shown; reused
	kept     map[string]look
	compared *comparison       // the reader's own mask with the model's, once that was revealed
	loops    map[string][2]int // by item: the first and last frame to play, where the reader chose

	// What will be on the screen once it is decoded. The newest wish wins.
	want      *study.Item
	wantIndex int
	shown     bool // what is on the screen is what was asked for
	loading   bool // a frame is being decoded

	tools  map[string]tool.Tool
	tool   tool.Tool // nil: the pointer only looks
	stroke bool      // a gesture is under way

	sliding    bool              // that gesture is a slide by wheel or keys
	slider     tool.Tool         // the tool of it
	slides     int               // turns so far: the last one finishes it after a while
	sketched   bool              // the line of a gesture is shown
	label      uint8             // that tools draw
	table      export.LabelTable // what the workspace says of labels
	labelsKept review.LabelSet   // the reader's, as the workspace has them
	labelsWait bool              // the workspace could not take what was changed since
	filterAt   *review.Key       // the frame on which a filter works beside the window; nil: none does
	active     *contour.Arc
	held       *heldArc            // what active was as the edit under way began; nil where none keeps it chosen
	asked      *question           // to the model, under way
	taken      taken               // the last answer
	warned     map[review.Key]bool // that weak boundary is left, before it was accepted
	waited     review.Key          // where the reader was told that the model is still at it
	news       string              // to be said once the wanted image is there

	predicted  map[review.Key]bool
	doubt      map[review.Key]float64 // 1 - the Dice that the model expects of its outline, where it says
	failed     map[review.Key]error   // by the model
	unreadable map[review.Key]error
	maps       []keptMap // frames that keep their maps, least recently used first
	mapBytes   int
	total      int  // frames to predict
	round      int  // counts the models that were at it: answers of earlier ones are dropped
	settled    bool // all were predicted once
	attaching  bool // a prediction is being set: rows follow later

	docket *docket // what is being adjudicated in it; nil: a reader works

	scale errorScale
	gone  bool // another study took its place: late answers are dropped
}

// look is how the reader left an item: its brightness and what of it was seen.
type look struct {
	window study.Window
	view   viewer.View
}

// keptMap is a frame that keeps its maps.
type keptMap struct {
	key   review.Key
	bytes int
}

// newSession returns the session of a study, with nothing on show.
func newSession(st *study.Study, rev *review.Review) *session {
	s := &session{
		study: st, review: rev, labelsKept: rev.Labels(), begun: time.Now(), scale: newErrorScale(),
		items: map[string]*study.Item{}, rows: map[string]*panel.Row{}, stale: map[string]bool{}, kept: map[string]look{}, loops: map[string][2]int{},
		done: map[string]review.Progress{}, warned: map[review.Key]bool{},
		predicted: map[review.Key]bool{}, doubt: map[review.Key]float64{}, failed: map[review.Key]error{}, unreadable: map[review.Key]error{},
	}
	s.ctx, s.end = context.WithCancel(context.Background())
	for _, it := range st.Items {
		if s.items[it.ID] == nil {
			s.items[it.ID] = it
			s.total += it.Frames
		}
	}
	return s
}

// underHand is the tool of the gesture under way.
func (s *session) underHand() tool.Tool {
	if s.sliding {
		return s.slider
	}
	return s.tool
}

// key is the frame on show.
func (s *session) key() review.Key { return review.Key{Instance: s.item.ID, Frame: s.index} }

// shows tells whether frame k is on the screen.
func (s *session) shows(k review.Key) bool { return s.item != nil && s.key() == k }

// arrived tells whether the item and frame on the screen are those asked for.
func (s *session) arrived() bool { return s.want != nil && s.want == s.item && s.wantIndex == s.index }

// position is the place of the item in the work list that is shown or will be. Refused files come after the last.
func (s *session) position() int {
	if s.want == nil {
		return len(s.order)
	}
	return slices.Index(s.order, s.want.ID)
}

// touchMap notes that k's maps, which take so many bytes, are in use, and returns the frames whose maps may go. Those of
// the frame on show and of k stay.
func (s *session) touchMap(k review.Key, bytes int) (drop []review.Key) {
	s.forgetMap(k)
	s.maps = append(s.maps, keptMap{k, bytes})
	s.mapBytes += bytes
	for i := 0; i < len(s.maps)-1 && s.mapBytes > keptMaps; {
		if o := s.maps[i].key; s.shows(o) {
			i++
		} else {
			drop = append(drop, o)
			s.forgetMap(o)
		}
	}
	return drop
}

func (s *session) forgetMap(k review.Key) {
	s.maps = slices.DeleteFunc(s.maps, func(o keptMap) bool {
		if o.key == k {
			s.mapBytes -= o.bytes
		}
		return o.key == k
	})
}

// nextOpen is the first item after the shown one, in the work list's order and around its end, that has a frame without
// decision. It is nil when everything is decided.
func (s *session) nextOpen() *study.Item {
	at := s.position()
	for i := range s.order {
		it := s.items[s.order[(at+1+i)%len(s.order)]]
		if it != s.item && s.undecided(it) >= 0 {
			return it
		}
	}
	return nil
}

// firstOpen is what a study begins with: the ID of the first item in the work list's order that waits for a decision, or of
// the first of all.
func (s *session) firstOpen() string {
	for _, id := range s.order {
		if it := s.items[id]; it != nil && s.undecided(it) >= 0 {
			return id
		}
	}
	return s.order[0]
}

// onFrame tells whether a point lies on the frame on show.
func (s *session) onFrame(p contour.Point) bool {
	return s.frame != nil && p.X >= 0 && p.Y >= 0 && p.X < float64(s.frame.W) && p.Y < float64(s.frame.H)
}

// nearest is the point of the frame on show that lies nearest to p.
func (s *session) nearest(p contour.Point) contour.Point {
	if s.frame == nil {
		return p
	}
	return contour.Point{X: min(max(p.X, 0), float64(s.frame.W)), Y: min(max(p.Y, 0), float64(s.frame.H))}
}

// undecided is the first frame of it without decision, or -1. Frames that cannot be read wait for nobody.
func (s *session) undecided(it *study.Item) int {
	for i := range it.Frames {
		if s.isOpen(review.Key{Instance: it.ID, Frame: i}) {
			return i
		}
	}
	return -1
}

// isOpen tells whether a frame waits for a decision.
func (s *session) isOpen(k review.Key) bool {
	if s.docket != nil && s.docket.eligible[k] == 0 {
		return false
	}
	return s.unreadable[k] == nil && s.review.Frame(k).Status == review.Open
}
