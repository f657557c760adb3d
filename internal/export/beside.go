package export

import (
	"context"
	"os"
	"strconv"

	"echoline/internal/part10"
	"echoline/internal/review"
	"echoline/internal/study"
)

// Beside is a segmentation that lies beside images and refers to them.
type Beside struct {
	Path, SHA256 string
	Frames       []review.Key // that it has masks of
}

// Segmentations finds, among the files that were set aside when a study was opened, the segmentations that refer to its
// images. Their pixels are not looked at; what cannot be read is not there. The error is ctx's.
func Segmentations(ctx context.Context, st *study.Study) ([]Beside, error) {
	var out []Beside
	r := &reader{ctx: ctx, items: st.Items}
	for _, s := range st.Skipped {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		if s.Reason != study.CodeSegmentation {
			continue
		}
		info, err := os.Stat(s.Path)
		if err != nil || info.Size() > maxMaskFile {
			continue // within an archive, or too large
		}
		data, err := os.ReadFile(s.Path)
		if err != nil {
			continue
		}
		if keys := r.refers(data); len(keys) > 0 {
			out = append(out, Beside{s.Path, hash(data), keys})
		}
	}
	return out, nil
}

// refers lists the frames of the images that a segmentation has masks of, each once.
func (r *reader) refers(data []byte) []review.Key {
	f, err := part10.Parse(data, func(t part10.Tag) string { return segVRs[t] })
	if err != nil {
		return nil
	}
	groups := f.Set.Find(tagPerFrame)
	n, err := strconv.Atoi(f.Set.Text(tagFrames))
	if groups == nil || err != nil || n != len(groups.Items) {
		return nil
	}
	t := segTarget{reader: r, w: number(f.Set, tagColumns, 0), h: number(f.Set, tagRows, 0), unknown: map[string]int{}}
	seen := map[review.Key]bool{}
	var out []review.Key
	shared := firstItem(f.Set, tagShared)
	for _, g := range groups.Items {
		p, ok := t.place(g, shared)
		if !ok || p.it.W != t.w || p.it.H != t.h {
			continue
		}
		if k := (review.Key{Instance: p.it.ID, Frame: p.frame}); !seen[k] {
			seen[k] = true
			out = append(out, k)
		}
	}
	return out
}

// firstItem is the first item of a sequence, nil where there is none.
func firstItem(s part10.Set, t part10.Tag) part10.Set {
	if e := s.Find(t); e != nil && len(e.Items) > 0 {
		return e.Items[0]
	}
	return nil
}
