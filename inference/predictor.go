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

	CodeUnguided       fault.Code = "model.unguided"        // guidance for a model that takes none; arg Name
	CodeGuidanceMisfit fault.Code = "model.guidance_misfit" // a mask of another size, or a point that is none; args W, H, MaskW, MaskH
)

// Regions of the mask that have fewer pixels than this, or a smaller share of the largest region, are noise.
const (
	minRegion      = 16
	minRegionShare = 0.05
)

// Engine runs one graph at one size. It serves one call at a time.
type Engine interface {
	// Input is the memory of the input of that name: per channel H*W values by rows, 0 at first; nil if there is no such
	// input. Runs leave it as it is.
	Input(name string) []float32
	// Run computes the outputs from what the inputs hold. It returns ctx.Err() soon after ctx ends.
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
	guided   bool       // the input for guidance is not all zero
	soFar    []float32  // scratch memory
}

var _ Predictor = (*Model)(nil)

// NewPredictor joins an engine with its contract. sha256 (hex) and path name the model file. The Model owns the engine.
func NewPredictor(e Engine, c Contract, sha256, path string) *Model {
	return &Model{engine: e, contract: c, info: Info{
		Name: c.Name, Version: c.Version, SHA256: sha256, Path: path, Calibrated: c.Calibrated, Guided: c.Guidance.Input != "",
		Labels: []Label{c.Label},
	}}
}

// Info describes the model.
func (m *Model) Info() Info { return m.info }

// Close frees the engine. The model cannot predict after it.
func (m *Model) Close() error { return m.engine.Close() }

// Predict runs the model on one frame, as the reader guides it. It returns ctx.Err() if ctx ends first, and faults
// CodeImage, CodeUnguided, CodeGuidanceMisfit, CodeNumbers or the engine's.
func (m *Model) Predict(ctx context.Context, im Image, g Guidance) (*Prediction, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if im.W < 1 || im.H < 1 || len(im.Grey) != im.W*im.H {
		return nil, fault.New(CodeImage, "", nil, fault.Args{"W": im.W, "H": im.H, "Count": len(im.Grey)})
	}
	if err := m.check(im, g); err != nil {
		return nil, err
	}
	m.feed(im)
	m.feedGuidance(g)
	if err := m.engine.Run(ctx); err != nil {
		return nil, err
	}
	return m.read(im.W, im.H, g)
}

// feed writes the picture into the engine's input.
func (m *Model) feed(im Image) {
	c := &m.contract
	if m.box == nil || m.box.w != im.W || m.box.h != im.H {
		m.box = NewLetterbox(im.W, im.H, c.W, c.H)
	}
	input, plane := m.engine.Input(c.Input), c.W*c.H
	m.box.Fill(input[:plane], im.Grey)
	for k := 1; k < c.Channels; k++ {
		copy(input[k*plane:(k+1)*plane], input[:plane])
	}
}

// read makes the prediction of a picture of w×h pixels from the engine's outputs for guidance g.
func (m *Model) read(w, h int, g Guidance) (*Prediction, error) {
	c := &m.contract
	p := &Prediction{
		Model: m.info, W: w, H: h,
		Probability: make([]float32, w*h), Present: math.NaN(), ExpectedDice: math.NaN(), Threshold: c.Threshold, Fit: c.Fit,
		ClickRadius: c.Guidance.DiskRadius * m.box.Factor(),
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
	var err error
	if p.Present, err = m.share(c.Present); err != nil {
		return nil, err
	}
	quality, err := m.share(c.Quality)
	if err != nil {
		return nil, err
	}
	p.Mask = m.cut(p, g)
	if c.Quality != "" && !m.guided && mask.Count(p.Mask, c.Label.Value) > 0 {
		p.ExpectedDice = quality
	}
	return p, nil
}

// share reads an output of one logit as a number of 0..1; NaN where the model has no such output.
func (m *Model) share(name string) (float64, error) {
	if name == "" {
		return math.NaN(), nil
	}
	logit := m.engine.Output(name)
	if !numbers(logit, math.Inf(-1)) {
		return 0, fault.New(CodeNumbers, "", nil, fault.Args{"Name": name})
	}
	return sigmoid(float64(logit[0])), nil
}

// cut makes the mask: the pixels above the threshold without noise and holes, none where the model finds no lesion and
// the reader does not say that there is one.
func (m *Model) cut(p *Prediction, g Guidance) *mask.Plane {
	plane := mask.NewPlane(p.W, p.H)
	label, threshold := m.contract.Label.Value, float32(p.Threshold)
	if p.Present < m.contract.PresentThreshold && !(m.guided && g.claims(label)) {
		return plane
	}
	for i, v := range p.Probability {
		if v >= threshold {
			plane.Pix[i] = label
		}
	}
	if m.guided {
		tidy(plane, g, label)
		return plane
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
