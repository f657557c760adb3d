package effort

// Clock is the keystroke-level model: what the parts of a gesture take, in seconds. All tools share it.
type Clock struct {
	Think  float64 // to see what is wrong and decide, once per gesture (M)
	Point  float64 // to bring the pointer to where the gesture begins (P)
	Button float64 // to press or to release the mouse button (B)
	Key    float64 // per key pressed, and per turn of the wheel that zooms (K)
	Notch  float64 // per notch of the wheel
	Answer float64 // for the model's answer (R)
	// Steer is the time per unit of the steering law's difficulty: a line of length A within a tunnel of width W takes
	// Steer * A/W.
	Steer float64
	// Tunnel is the width of the tunnel in which a hand stays, in standard deviations of its error: 4.133 hold 96 %.
	Tunnel float64
}

// Keystrokes is the model of the figures in docs/effort.md: operators of Card, Moran and Newell (1980, 1983), the form of
// the steering law of Accot and Zhai (1997).
func Keystrokes() Clock {
	return Clock{Think: 1.35, Point: 1.10, Button: 0.10, Key: 0.20, Notch: 0.20, Answer: 0.30, Steer: 0.10, Tunnel: 4.133}
}

// seconds is what a plan takes on a desk.
func (d *desk) seconds(p *plan) float64 {
	c := d.o.Clock
	s := c.Think + c.Point + 2*c.Button + c.Key*float64(p.keys) + c.Notch*float64(p.notches)
	if d.tool != p.tool {
		s += c.Key
	}
	if p.invert {
		s += c.Key
	}
	if p.asks() { // and the answer is judged, and taken or left by a key
		s += c.Answer + c.Think + c.Key
	}
	return s + c.Steer*lengthOf(p.line)/(c.Tunnel*d.o.Hand.Lateral*d.unit)
}
