package trainer

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"

	"echoline/internal/fault"
	"echoline/internal/store"
	"echoline/internal/study"
)

// A model is measured on patients from whom no model before it learned. So who was given a part keeps it: what run was first written of a
// study says under which name it lies, and that is kept in the workspace.

// KindGroups is the event that says it, of the studies that a run was the first to be written of.
const KindGroups = "train.groups"

// groupsBody is what it says.
type groupsBody struct {
	Groups map[string]string `json:"groups"` // by StudyInstanceUID
}

// given are the names under which studies lay when a run was first written of them.
func given(ws *store.Workspace) (map[string]string, error) {
	events, err := ws.Events(KindGroups)
	if err != nil && fault.CodeOf(err) != store.CodeEvents {
		return nil, err
	}
	out := map[string]string{}
	for _, e := range events {
		var b groupsBody
		if json.Unmarshal(e.Body, &b) != nil {
			continue // not of this program
		}
		for uid, name := range b.Groups {
			if out[uid] == "" {
				out[uid] = name
			}
		}
	}
	return out, nil
}

// give keeps the names of the studies that no run was written of before.
func (c *Cases) give() error {
	if len(c.news) == 0 {
		return nil
	}
	body, err := json.Marshal(groupsBody{c.news})
	if err != nil {
		return err
	}
	_, err = c.ws.AddEvent(store.Event{Kind: KindGroups, Frame: store.NoFrame, Body: body})
	return err
}

// LearnedFrom tells whether a model that is trained on such cases learns from an item, or is chosen by it: all but the part
// that measures.
func (c *Cases) LearnedFrom(it *study.Item) bool { return partOf(c.GroupOf(it)) != partTest }

// GroupOf is what training/ takes for the group of an item: what training.toml says of the study, the study, or the file.
func (c *Cases) GroupOf(it *study.Item) string {
	uid := attribute(it, "StudyInstanceUID")
	if first, ok := c.groups[uid]; ok {
		return first
	}
	return cmp.Or(uid, it.ID)
}

// groupsOf finds under which name the studies of each patient lie together: the one that was given to any of them before, else the
// patient's first study. Where files joined patients who lay in several parts, all of them go to the one that is learned from most:
// nobody who was learned from comes to measure.
func groupsOf(st *study.Study, before map[string]string) map[string]string {
	patients := map[string][]*study.Item{}
	for _, it := range st.Items {
		if patient := attribute(it, "PatientID"); patient != "" && attribute(it, "StudyInstanceUID") != "" {
			patients[patient] = append(patients[patient], it)
		}
	}
	out := map[string]string{}
	for _, patient := range slices.Sorted(maps.Keys(patients)) {
		items, name := patients[patient], ""
		for _, it := range items {
			if n := before[attribute(it, "StudyInstanceUID")]; n != "" && (name == "" || byPart(n, name) < 0) {
				name = n
			}
		}
		if name == "" {
			first := slices.MinFunc(items, func(x, y *study.Item) int { return cmp.Compare(dated(x), dated(y)) })
			name = attribute(first, "StudyInstanceUID")
		}
		for _, it := range items {
			out[attribute(it, "StudyInstanceUID")] = name
		}
	}
	return out
}

// byPart orders names by how much is learned from their part, and those of one part by themselves.
func byPart(x, y string) int {
	rank := map[string]int{partTrain: 0, partVal: 1, partTest: 2}
	return cmp.Or(cmp.Compare(rank[partOf(x)], rank[partOf(y)]), cmp.Compare(x, y))
}

// dated orders studies by time.
func dated(it *study.Item) string {
	return attribute(it, "StudyDate") + "\x00" + attribute(it, "StudyTime") + "\x00" + attribute(it, "StudyInstanceUID")
}

func attribute(it *study.Item, keyword string) string {
	if it.Header == nil {
		return ""
	}
	return strings.TrimSpace(it.Header.Attr[keyword])
}

// partOf is the part in which a group lies, as training/ decides it (options.py).
func partOf(group string) string {
	sum := sha256.Sum256([]byte(group))
	at := float64(binary.BigEndian.Uint64(sum[:])) / math.Pow(2, 64)
	switch {
	case at < share:
		return partVal
	case at-share < share:
		return partTest
	}
	return partTrain
}
