package ui

import (
	"image"
	"slices"
	"time"

	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/review"
	"echoline/internal/study"
	"echoline/internal/tool"
	"echoline/ui/panel"
)

// keptMaps is how many frames keep their probability map in memory. The others get theirs back from the workspace when
// they are shown: a map of a 1024×768 frame takes 6 MB.
const keptMaps = 24

// session is one opened study with its review and everything that the window knows about it. It lives on the window's
// goroutine.
type session struct {
	study  *study.Study
	review *review.Review
	worker *inference.Worker
	begun  time.Time

	rows  map[string]*panel.Row
	order []string // item IDs as the work list shows them

	item   *study.Item
	index  int // frame of item
	frame  *study.Frame
	window study.Window
	invert bool
	canvas *image.RGBA // the frame as shown; reused

	tools  map[string]tool.Tool
	tool   tool.Tool // nil: the pointer only looks
	stroke bool      // a gesture is under way
	active *contour.Arc

	predicted map[review.Key]bool
	failed    map[review.Key]error
	maps      []review.Key // frames that keep their maps, least recently used first
	total     int          // frames to predict

	scale errorScale
	gone  bool // another study took its place: late answers are dropped
}

// key is the frame on show.
func (s *session) key() review.Key { return review.Key{Instance: s.item.ID, Frame: s.index} }

// byID finds an item.
func (s *session) byID(id string) *study.Item {
	for _, it := range s.study.Items {
		if it.ID == id {
			return it
		}
	}
	return nil
}

// position is the place of the shown item in the work list, or -1.
func (s *session) position() int {
	if s.item == nil {
		return -1
	}
	return slices.Index(s.order, s.item.ID)
}

// touchMap notes that k's maps are in use and returns the frame whose maps may go, if there are too many. The maps of the
// frame on show stay.
func (s *session) touchMap(k review.Key) (drop review.Key, ok bool) {
	s.maps = slices.DeleteFunc(s.maps, func(o review.Key) bool { return o == k })
	s.maps = append(s.maps, k)
	if len(s.maps) <= keptMaps {
		return review.Key{}, false
	}
	at := 0
	if s.item != nil && s.maps[0] == s.key() {
		at = 1
	}
	drop = s.maps[at]
	s.maps = slices.Delete(s.maps, at, at+1)
	return drop, true
}

// nextOpen is the first item after the shown one, in the work list's order and around its end, that has a frame without
// decision. It is nil when everything is decided.
func (s *session) nextOpen() *study.Item {
	at := s.position()
	for i := range s.order {
		id := s.order[(at+1+i)%len(s.order)]
		if it := s.byID(id); it != nil && it != s.item && s.undecided(it) >= 0 {
			return it
		}
	}
	return nil
}

// undecided is the first frame of it without decision, or -1.
func (s *session) undecided(it *study.Item) int {
	for i := range it.Frames {
		if s.review.Frame(review.Key{Instance: it.ID, Frame: i}).Status == review.Open {
			return i
		}
	}
	return -1
}
