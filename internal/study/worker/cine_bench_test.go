//go:build unix

package worker

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// cine writes a cine of n frames of JPEG.
func cine(b *testing.B, n, w, h int) string {
	b.Helper()
	im := image.NewGray(image.Rect(0, 0, w, h))
	r := rand.New(rand.NewPCG(3, 4))
	for i := range im.Pix {
		im.Pix[i] = byte(60 + i%w/8 + r.IntN(24))
	}
	var frame bytes.Buffer
	if err := jpeg.Encode(&frame, im, &jpeg.Options{Quality: 85}); err != nil {
		b.Fatal(err)
	}
	frame.Write(make([]byte, frame.Len()%2))
	head := claims("1.2.840.10008.1.2.4.50", "MONOCHROME2", 1, w, h, nil)
	head = head[:len(head)-16] // without the one fragment and the end mark
	at := bytes.Index(head, []byte("\x28\x00\x10\x00US"))
	head = slices.Insert(head, at, short(nil, 0x28, 8, "IS", strconv.Itoa(n))...)
	head = slices.Insert(head, bytes.Index(head, []byte("\x28\x00\x02\x00US")), short(nil, 8, 0x18, "UI", "1.2.3.44")...)
	path := filepath.Join(b.TempDir(), "cine.dcm")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	mark := binary.LittleEndian.AppendUint32([]byte("\xfe\xff\x00\xe0"), uint32(frame.Len()))
	parts := [][]byte{head}
	for range n {
		parts = append(parts, mark, frame.Bytes())
	}
	for _, p := range append(parts, []byte("\xfe\xff\xdd\xe0\x00\x00\x00\x00")) {
		if _, err := f.Write(p); err != nil {
			b.Fatal(err)
		}
	}
	return path
}

// BenchmarkBigCine is that of package study, through the other processes: readers were promised the first of 1,000 frames of
// 1024×768 within 200 ms, and 95 of 100 frames within 30 ms while they scrub.
func BenchmarkBigCine(b *testing.B) {
	path := cine(b, 1000, 1024, 768)
	using(b, decoders(b))
	begun := time.Now()
	it := openAll(b, path).Items[0]
	dst := image.NewRGBA(image.Rect(0, 0, it.W, it.H))
	show := func(i int) time.Duration {
		begun := time.Now()
		f, err := it.Frame(i)
		if err != nil {
			b.Fatal(err)
		}
		f.Render(dst, f.Window, false)
		return time.Since(begun)
	}
	show(0)
	first := time.Since(begun)
	var took []time.Duration
	i := 0
	for b.Loop() {
		i = (i + 3) % it.Frames
		took = append(took, show(i))
	}
	slices.Sort(took)
	b.ReportMetric(float64(first.Microseconds())/1000, "first-ms")
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
}
