package inference

import (
	"context"
	"math"

	"echoline/internal/fault"
	"echoline/internal/mask"
)

// Faults of predicting. Model.Predict returns them.
const (
	CodeImage   fault.Code = "model.image"   // the image is empty or its values do not fit its size; args W, H, Count
	CodeNumbers fault.Code = "model.numbers" // the model gave values that are no numbers; arg Name
)

// Regions of the mask that have fewer pixels than this, or a smaller share of the largest region, are noise.
const (
	minRegion      = 16
	minRegionShare = 0.05
)

// Engine runs one graph at one size. It serves one call at a time.
type Engine interface {
	// Input is the memory of the input: per channel H*W values by rows.
	Input() []float32
	// Run computes the outputs from what Input holds. It returns ctx.Err() soon after ctx ends.
	Run(ctx context.Context) error
	// Output is the memory of the output of that name after Run; nil if there is no such output.
	Output(name string) []float32
	// Close frees the graph. No other method may be called after it.
	Close() error
}

// Model predicts frames with an engine by a contract. It serves one call at a time.
type Model struct {
	engine   Engine
	contract Contract
	info     Info
	box      *Letterbox // of the last frame: frames of a cine share it
}

var _ Predictor = (*Model)(nil)

// NewPredictor joins an engine with its contract. sha256 (hex) and path name the model file. The Model owns the engine.
func NewPredictor(e Engine, c Contract, sha256, path string) *Model {
	return &Model{engine: e, contract: c, info: Info{
		Name: c.Name, Version: c.Version, SHA256: sha256, Path: path, Calibrated: c.Calibrated, Labels: []Label{c.Label},
	}}
}

// Info describes the model.
func (m *Model) Info() Info { return m.info }

// Close frees the engine. The model cannot predict after it.
func (m *Model) Close() error { return m.engine.Close() }

// Predict runs the model on one frame. This contract takes no guidance, so g is not looked at. It returns ctx.Err() if
// ctx ends first, and faults CodeImage, CodeNumbers or the engine's.
func (m *Model) Predict(ctx context.Context, im Image, _ Guidance) (*Prediction, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if im.W < 1 || im.H < 1 || len(im.Grey) != im.W*im.H {
		return nil, fault.New(CodeImage, "", nil, fault.Args{"W": im.W, "H": im.H, "Count": len(im.Grey)})
	}
	m.feed(im)
	if err := m.engine.Run(ctx); err != nil {
		return nil, err
	}
	return m.read(im.W, im.H)
}

// feed writes the picture into the engine's input.
func (m *Model) feed(im Image) {
	c := &m.contract
	if m.box == nil || m.box.w != im.W || m.box.h != im.H {
		m.box = NewLetterbox(im.W, im.H, c.W, c.H)
	}
	input, plane := m.engine.Input(), c.W*c.H
	m.box.Fill(input[:plane], im.Grey)
	for k := 1; k < c.Channels; k++ {
		copy(input[k*plane:(k+1)*plane], input[:plane])
	}
}

// read makes the prediction of a picture of w×h pixels from the engine's outputs.
func (m *Model) read(w, h int) (*Prediction, error) {
	c := &m.contract
	p := &Prediction{
		Model: m.info, W: w, H: h,
		Probability: make([]float32, w*h), Present: math.NaN(), Threshold: c.Threshold, Fit: c.Fit,
	}
	logits := m.engine.Output(c.Logits)
	if !numbers(logits, math.Inf(-1)) {
		return nil, fault.New(CodeNumbers, "", nil, fault.Args{"Name": c.Logits})
	}
	m.box.Restore(p.Probability, logits)
	sigmoids(p.Probability, c.Temperature)
	if c.Scale != "" {
		scale := m.engine.Output(c.Scale)
		if !numbers(scale, 0) {
			return nil, fault.New(CodeNumbers, "", nil, fault.Args{"Name": c.Scale})
		}
		p.Scale = make([]float32, w*h)
		m.box.Restore(p.Scale, scale)
		factor := float32(m.box.Factor())
		for i := range p.Scale {
			p.Scale[i] *= factor
		}
	}
	if c.Present != "" {
		present := m.engine.Output(c.Present)
		if !numbers(present, math.Inf(-1)) {
			return nil, fault.New(CodeNumbers, "", nil, fault.Args{"Name": c.Present})
		}
		p.Present = sigmoid(float64(present[0]))
	}
	p.Mask = m.cut(p)
	return p, nil
}

// cut makes the mask: the pixels above the threshold without noise and holes, none where the model finds no lesion.
func (m *Model) cut(p *Prediction) *mask.Plane {
	plane := mask.NewPlane(p.W, p.H)
	if p.Present < m.contract.PresentThreshold {
		return plane
	}
	label, threshold := m.contract.Label.Value, float32(p.Threshold)
	for i, v := range p.Probability {
		if v >= threshold {
			plane.Pix[i] = label
		}
	}
	mask.Clean(plane, label, minRegion, minRegionShare)
	mask.FillHoles(plane, label)
	return plane
}

// numbers tells whether there are values, all of them numbers above the bound.
func numbers(vs []float32, above float64) bool {
	bound := float32(above)
	for _, v := range vs {
		if !(v > bound) || v > math.MaxFloat32 {
			return false
		}
	}
	return len(vs) > 0
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// sigmoids turns logits into probabilities in place, right to 2e-7. It has its own exponential, as a frame has half a
// million pixels and math.Exp would take as long as all the rest of reading a prediction.
func sigmoids(vs []float32, temperature float64) {
	const (
		log2E = 1 / math.Ln2
		ln2Hi = 355.0 / 512 // exact times a small whole number
		ln2Lo = math.Ln2 - ln2Hi
		limit = 80 // beyond, the probability is 0 or 1 as far as float32 can tell
	)
	shrink := float32(1 / temperature)
	for i, v := range vs {
		x := -v * shrink
		x = min(max(x, -limit), limit)
		// e^x = 2^n * e^f with |f| <= ln 2 / 2; the series is right to float32 there.
		n := int32(x*log2E+limit*2+0.5) - limit*2
		f := x - float32(n)*ln2Hi - float32(n)*ln2Lo
		e := 1 + f*(1+f*(1.0/2+f*(1.0/6+f*(1.0/24+f*(1.0/120+f*(1.0/720))))))
		vs[i] = 1 / (1 + math.Float32frombits(math.Float32bits(e)+uint32(n)<<23))
	}
}
