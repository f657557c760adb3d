package tool

// boxBlur gives the mean of v, w×h values by rows, over 2rx+1 by 2ry+1 values around each. Beyond the rim it goes on as at
// the rim. Its cost does not depend on the radii.
func boxBlur(v []float32, w, h, rx, ry int) []float32 {
	mid := make([]float32, len(v))
	for y := range h {
		blurLine(v[y*w:(y+1)*w], mid[y*w:(y+1)*w], rx)
	}
	return blurColumns(mid, w, h, ry)
}

func blurLine(in, out []float32, r int) {
	last := len(in) - 1
	sum := float32(0)
	for i := -r; i <= r; i++ {
		sum += in[min(max(i, 0), last)]
	}
	share := 1 / float32(2*r+1)
	for i := range in {
		out[i] = sum * share
		sum += in[min(i+r+1, last)] - in[max(i-r, 0)]
	}
}

// blurColumns is blurLine for all columns at once, row by row.
func blurColumns(in []float32, w, h, r int) []float32 {
	out := make([]float32, len(in))
	row := func(y int) []float32 { y = min(max(y, 0), h-1); return in[y*w : (y+1)*w] }
	sum := make([]float32, w)
	for y := -r; y <= r; y++ {
		for x, v := range row(y) {
			sum[x] += v
		}
	}
	share := 1 / float32(2*r+1)
	for y := range h {
		next, gone := row(y+r+1), row(y-r)
		for x := range w {
			out[y*w+x] = sum[x] * share
			sum[x] += next[x] - gone[x]
		}
	}
	return out
}
