package study

import (
	"bytes"
	"errors"
	"image"
	"math"
	"reflect"
	"slices"
	"testing"

	"echoline/internal/fault"
)

// fill gives every exported field below v a value of its own.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(string(rune('a' + *n%26)))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n) - 40)
	case reflect.Uint32, reflect.Uint8, reflect.Uint16, reflect.Uint64:
		v.SetUint(uint64(*n % 200))
	case reflect.Float64:
		v.SetFloat(float64(*n) / 7)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 70, 70)) // more than what is allocated at once
		for i := range 70 {
			fill(v.Index(i), n)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n)
		fill(value, n)
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), n)
			}
		}
	case reflect.Interface:
		v.Set(reflect.ValueOf("text"))
	default:
		panic(v.Type().String())
	}
}

// All that an item says gets across, also what is added to it one day.
func TestEverythingIsPacked(t *testing.T) {
	var in, out wireContent
	n := 0
	fill(reflect.ValueOf(&in).Elem(), &n)
	b, err := pack(&in)
	if err != nil {
		t.Fatal(err)
	}
	if err := unpack(b, &out); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(in, out) {
		t.Errorf("%+v\nbecame\n%+v", in, out)
	}
	const all = 300 // of the cuts at both ends; between them one of 997
	for i := range b {
		if i > all && i < len(b)-all && i%997 != 0 {
			continue
		}
		if unpack(b[:i], &out) == nil {
			t.Fatalf("%d of %d bytes are enough", i, len(b))
		}
	}
	if unpack(append(b, 0), &out) == nil {
		t.Error("a byte too many")
	}
	t.Logf("%d bytes", len(b))
}

// What is not exported stays behind, unless EncodeContent sees to it. A field that is new here has to be thought of.
func TestWhatStaysBehind(t *testing.T) {
	known := []string{"sum", "source", "cache", "ahead", "order"}
	item := reflect.TypeFor[Item]()
	for i := range item.NumField() {
		if f := item.Field(i); !f.IsExported() && !slices.Contains(known, f.Name) {
			t.Errorf("does %s of an item have to get from process to process?", f.Name)
		}
	}
	frame := reflect.TypeFor[Frame]()
	known = []string{"inverse", "curve", "declared", "finding", "found", "fanning", "fan"}
	for i := range frame.NumField() {
		if f := frame.Field(i); !f.IsExported() && !slices.Contains(known, f.Name) {
			t.Errorf("does %s of a frame have to get from process to process?", f.Name)
		}
	}
}

func TestFaultsAcrossProcesses(t *testing.T) {
	in := fault.New(CodeCutCine, "", errors.New("a\x1bb"), fault.Args{"Have": 12, "Frames": 30, "Kind": "x", "Real": 0.5})
	b, err := EncodeFault(in)
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeFault(b)
	if err != nil {
		t.Fatal(err)
	}
	var f *fault.Error
	if !errors.As(got, &f) || f.Code != in.Code || !reflect.DeepEqual(f.Args, in.Args) || f.Cause.Error() != "ab" {
		t.Errorf("%#v", got)
	}
	for _, code := range []fault.Code{"store.conflict", "", "study." + fault.Code(bytes.Repeat([]byte("x"), 90))} {
		b, err := EncodeFault(fault.New(code, "", nil, nil))
		if err != nil {
			t.Fatal(err)
		}
		if f, err := DecodeFault(b); err == nil {
			t.Errorf("%q is believed: %v", code, f)
		}
	}
}

// Numbers that are none do not get across, and do no harm.
func TestNumbersThatAreNone(t *testing.T) {
	for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		c := &Content{Item: &Item{W: 1, H: 1, Frames: 1, PixelSpacing: &[2]float64{x, 1}}}
		b, err := EncodeContent(c, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := DecodeContent(b)
		if err != nil || *got.Item.PixelSpacing != [2]float64{0, 1} {
			t.Errorf("%v: %v", x, err)
		}
		f := &Frame{W: 1, H: 1, Grey: []uint16{3}, Max: 255, Window: Window{Center: x, Width: 9}}
		head, pixels := EncodeFrame(f)
		if g, err := DecodeFrame(bytes.NewReader(slices.Concat(head, pixels)), int64(len(head)+len(pixels)), 1, 1); err != nil || g.Window != fullWindow(255) {
			t.Errorf("%v: %v", x, err)
		}
	}
}

// FuzzDecodeContent takes what a process says that was taken over.
func FuzzDecodeContent(f *testing.F) {
	for _, data := range [][]byte{part10File(explicitLittle, still(4, 3)), instance("1.2"), pngOf(f, 9)} {
		c, err := Direct{}.Describe(bytes.NewReader(data), int64(len(data)))
		b, err := EncodeContent(c, err)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	b, err := EncodeContent(nil, tooLarge("%d", 1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		c, described, err := DecodeContent(b)
		if err != nil {
			return
		}
		if described != nil {
			checkFault(t, described)
		} else if c.Skipped == "" && c.Video == nil && (c.Item.W < 1 || c.Item.H < 1 || c.Item.Frames < 1 || c.Item.Frames > maxFrames) {
			t.Fatalf("%+v", c.Item)
		}
	})
}

// FuzzDecodeFrame takes a frame from a process that was taken over: it has the stated size or fails, and can be drawn.
func FuzzDecodeFrame(f *testing.F) {
	grey := []uint16{0, 9, 200, 255, 30, 7}
	for _, fr := range []*Frame{
		{W: 3, H: 2, Max: 255, Grey: grey, Window: fullWindow(255)},
		{W: 3, H: 2, Max: 4095, Grey: grey, Window: Window{Center: 40, Width: 400, Shape: Sigmoid}, inverse: true},
		{W: 3, H: 2, Max: 4095, Grey: grey, Window: Window{Center: 1, Width: 3, Shape: Table}, curve: &curve{first: -1, bright: []float32{0, 0.5, 1}}},
		{W: 3, H: 2, Max: 255, RGB: bytes.Repeat([]byte{1, 2, 3}, 6), Window: fullWindow(255)},
	} {
		head, pixels := EncodeFrame(fr)
		f.Add(slices.Concat(head, pixels), uint8(2), uint8(1))
	}
	f.Fuzz(func(t *testing.T, b []byte, right, bottom uint8) {
		w, h := int(right)+1, int(bottom)+1
		fr, err := DecodeFrame(bytes.NewReader(b), int64(len(b)), w, h)
		if err != nil {
			return
		}
		if fr.W != w || fr.H != h || (len(fr.Grey) != w*h && len(fr.RGB) != 3*w*h) {
			t.Fatalf("%d×%d, %d and %d samples for %d×%d", fr.W, fr.H, len(fr.Grey), len(fr.RGB), w, h)
		}
		for _, v := range fr.Luma() {
			if !(v >= 0 && v <= 1) {
				t.Fatalf("luma %v by %+v", v, fr.Window)
			}
		}
		fr.Render(image.NewRGBA(image.Rect(0, 0, w, h)), fr.Window, true)
	})
}
