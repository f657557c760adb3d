package review

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"echoline/internal/contour"
	"echoline/internal/mask"
)

// ConsensusReader is whose the masks are that several readers' were joined to: they never take the place of a reader's own.
// No person can have this name.
const ConsensusReader = "consensus"

// ConsensusPrefix begins the Model of masks that were joined from several readers'; the SHA-256 of what they were joined from,
// and how, follows.
const ConsensusPrefix = "consensus:"

// Names of the edits by which a consensus comes about.
const (
	namePropose    = "propose"
	nameAdjudicate = "adjudicate"
)

// Source is the mask of a reader that a consensus was made from.
type Source struct {
	Reader string `json:"reader"`
	Entry  string `json:"entry"`  // ID of the last entry of that reader's journal on the frame, in hex
	SHA256 string `json:"sha256"` // of the mask, as MaskSum
}

// SettledArc is what became of a place at which the sources lay further apart than the limit.
type SettledArc struct {
	Box      [4]int  `json:"box"`                // x0, y0, x1, y1, px; the last two exclusive
	Farthest float64 `json:"farthest_px"`        // how far the boundaries lay apart at most
	Choice   string  `json:"choice"`             // "reader", "mean", "redrawn" or "proposal"
	Reader   string  `json:"reader,omitempty"`   // whose course was taken
	Reviewed bool    `json:"reviewed,omitempty"` // the adjudicator decided it
}

// Consensus is where a consensus mask comes from.
type Consensus struct {
	Instance string       `json:"instance"`
	Frame    int          `json:"frame"` // from 0
	Sources  []Source     `json:"sources"`
	Method   string       `json:"method"`            // "staple", "majority" or "mean": what is no dispute is as this proposes
	LimitPx  float64      `json:"limit_px"`          // what lies further apart than this is a dispute
	LimitMM  float64      `json:"limit_mm"`          // the same, where the limit was given in mm; else 0
	By       string       `json:"by"`                // who adjudicated; "" where it was only proposed and nobody reviewed it
	Arcs     []SettledArc `json:"arcs"`              // all disputes
	Result   string       `json:"result"`            // MaskSum of the consensus
	Mask     string       `json:"mask_from"`         // ID of the last entry of the consensus's journal on the frame, in hex
	Changed  bool         `json:"changed,omitempty"` // the mask is not any more as it was when this was written
}

// Readers are those whose masks it was made from.
func (c *Consensus) Readers() []string {
	out := make([]string, len(c.Sources))
	for i, s := range c.Sources {
		out[i] = s.Reader
	}
	return out
}

// Words say for files in a sentence where the mask comes from.
func (c *Consensus) Words() string {
	limit := fmt.Sprintf("%.3g px", c.LimitPx)
	if c.LimitMM > 0 {
		limit = fmt.Sprintf("%.3g mm", c.LimitMM)
	}
	how := "proposed, not reviewed"
	if c.By != "" {
		how = fmt.Sprintf("adjudicated by %s, %d places over %s", c.By, len(c.Arcs), limit)
	}
	if c.Changed {
		how += ", changed since"
	}
	return fmt.Sprintf("consensus of %s (%s; %s)", strings.Join(c.Readers(), ", "), c.Method, how)
}

// Key is the frame.
func (c *Consensus) Key() Key { return Key{c.Instance, c.Frame} }

// Model names what the consensus was made from and how, whatever was then decided.
func (c *Consensus) Model() string {
	b, err := json.Marshal(Consensus{
		Instance: c.Instance, Frame: c.Frame, Sources: c.Sources, Method: c.Method, LimitPx: c.LimitPx, LimitMM: c.LimitMM,
	})
	if err != nil { // numbers and words always can be written
		return ConsensusPrefix
	}
	sum := sha256.Sum256(b)
	return ConsensusPrefix + hex.EncodeToString(sum[:])
}

// MaskSum is the SHA-256, in hex, of a mask: its width and height as 64-bit numbers, low byte first, and its pixels.
func MaskSum(p *mask.Plane) string {
	b := binary.LittleEndian.AppendUint64(nil, uint64(p.W))
	b = binary.LittleEndian.AppendUint64(b, uint64(p.H))
	sum := sha256.Sum256(append(b, p.Pix...))
	return hex.EncodeToString(sum[:])
}

// Tip is the ID of the last entry of frame k's journal; zero where there is none.
func (r *Review) Tip(k Key) ID {
	if f := r.frames[k]; f != nil {
		return f.tip
	}
	return ID{}
}

// LastChange is when the last entry of frame k's journal was made; zero where there is none.
func (r *Review) LastChange(k Key) time.Time {
	if f := r.frames[k]; f != nil {
		return f.last
	}
	return time.Time{}
}

// Propose makes p, which was joined from several readers' masks, the mask of frame k: one edit that nobody reviewed. Where a
// person did, undid or decided anything it changes nothing. model is Consensus.Model. err is as of Stroke.Commit.
func (r *Review) Propose(k Key, p *mask.Plane, model string) (changed bool, err error) {
	f, err := r.mustFrame(k)
	if err != nil {
		return false, err
	}
	if !f.isOpenToModels() || f.Labels.Equal(p) {
		return false, nil
	}
	s, err := r.relabel(k, namePropose, ByModel, p, model)
	if err != nil {
		return false, err
	}
	return s.Commit()
}

// Adjudicate makes after the mask of frame k, as a person decided it at the place piece (not 0 there): one edit that can be
// undone. Boundary that it moves becomes corrected, what of it stays within the piece confirmed. The rules for a reader's own
// hand do not bind it: what a reader drew may be taken wherever it lies. model is Consensus.Model. changed and err are as of
// Stroke.Commit.
func (r *Review) Adjudicate(k Key, after, piece *mask.Plane, model string) (changed bool, err error) {
	s, err := r.relabel(k, nameAdjudicate, OnRequest, after, model)
	if err != nil {
		return false, err
	}
	cs := outlines(s.labels, s.holds, s.extent())
	var pts []contour.Point
	eachVertex(cs, func(v *contour.Vertex) {
		if touches(piece, v.Point) {
			pts = append(pts, v.Point)
		}
	})
	if len(pts) > 0 {
		s.mark(cs, pts, markReach, contour.Confirmed)
	}
	return s.Commit()
}

// touches tells whether a pixel of piece is within correctedReach of p.
func touches(piece *mask.Plane, p contour.Point) bool {
	around := reachOf(p, correctedReach)
	for y := around.Min.Y; y < around.Max.Y; y++ {
		for x := around.Min.X; x < around.Max.X; x++ {
			if piece.At(x, y) != 0 {
				return true
			}
		}
	}
	return false
}
