package export

import "echoline/internal/review"

// sidecarSizes are the measurements of one label in files, in mm and mm² or px and px², as the unit says.
type sidecarSizes struct {
	Label         uint8       `json:"label"`
	Unit          string      `json:"unit"`
	Longest       sidecarSize `json:"longest"`
	Perpendicular sidecarSize `json:"perpendicular"`
	Area          sidecarSize `json:"area"`
	Perimeter     sidecarSize `json:"perimeter"`
	Circumference sidecarSize `json:"ellipse_circumference"`
	Circularity   sidecarSize `json:"circularity"`
}

// sidecarSize is a value and what the band of 90 % implies for it: from, to; null where there is no band.
type sidecarSize struct {
	Value float64     `json:"value"`
	Band  *[2]float64 `json:"band_90"`
}

func newSidecarSizes(m review.Measurement) sidecarSizes {
	size := func(of func(review.Sizes) float64) sidecarSize {
		s := sidecarSize{Value: round(of(m.Sizes))}
		if m.Banded {
			s.Band = &[2]float64{round(of(m.Low)), round(of(m.High))}
		}
		return s
	}
	out := sidecarSizes{
		Label: m.Label, Unit: "px",
		Longest:       size(func(s review.Sizes) float64 { return s.Longest }),
		Perpendicular: size(func(s review.Sizes) float64 { return s.Perpendicular }),
		Area:          size(func(s review.Sizes) float64 { return s.Area }),
		Perimeter:     size(func(s review.Sizes) float64 { return s.Perimeter }),
		Circumference: size(func(s review.Sizes) float64 { return s.Circumference }),
		Circularity:   size(func(s review.Sizes) float64 { return s.Circularity }),
	}
	if m.Millimetres {
		out.Unit = "mm"
	}
	return out
}
