package dicomweb

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"echoline/internal/fault"
)

// Result is what became of an instance that was stored.
type Result struct {
	Warning string // what the server says that it changed; "" for nothing
}

// maxAnswer is how much of a server's JSON is read.
const maxAnswer = 64 << 20

// Store stores the instance in a file (STOW-RS). Files go one by one, so that a broken connection costs one.
func (c *Client) Store(ctx context.Context, path string) (Result, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Result{}, err
	}
	edge := boundary()
	head := "--" + edge + "\r\nContent-Type: application/dicom\r\n\r\n"
	tail := "\r\n--" + edge + "--\r\n"
	body := func() (io.ReadCloser, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		return &part{io.MultiReader(bytes.NewReader([]byte(head)), f, bytes.NewReader([]byte(tail))), f}, nil
	}
	var out Result
	err = c.do(ctx, request{
		method: http.MethodPost, path: "studies", accept: "application/dicom+json",
		contentType: `multipart/related; type="application/dicom"; boundary=` + edge,
		length:      int64(len(head)+len(tail)) + info.Size(), body: body,
	}, func(res *http.Response) error {
		var err error
		out, err = stored(res)
		return err
	})
	return out, err
}

// part is the body of a request, made of a file.
type part struct {
	io.Reader
	file *os.File
}

// Close closes the file.
func (p *part) Close() error { return p.file.Close() }

// boundary is a line that is in no file.
func boundary() string {
	var b [18]byte
	_, _ = rand.Read(b[:]) // it never fails
	return "echoline-" + hex.EncodeToString(b[:])
}

// object is a data set as DICOM JSON (PS3.18 F).
type object map[string]struct {
	Value []json.RawMessage
}

// items are those of a sequence.
func (o object) items(tag string) []object {
	var out []object
	for _, v := range o[tag].Value {
		var item object
		if json.Unmarshal(v, &item) == nil {
			out = append(out, item)
		}
	}
	return out
}

// number is the first value as a number; 0 where there is none.
func (o object) number(tag string) int {
	var n float64
	if v := o[tag].Value; len(v) > 0 && json.Unmarshal(v[0], &n) == nil {
		return int(n)
	}
	return 0
}

// text is the first value as characters; "" where there is none.
func (o object) text(tag string) string {
	var s string
	if v := o[tag].Value; len(v) > 0 && json.Unmarshal(v[0], &s) == nil {
		return s
	}
	return ""
}

// stored reads the answer to an instance that was stored (PS3.18 10.5.3).
func stored(res *http.Response) (Result, error) {
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return Result{}, err
	}
	var o object
	known := json.Unmarshal(b, &o) == nil
	if failed := o.items("00081198"); len(failed) > 0 || res.StatusCode == http.StatusConflict {
		reason := 0
		if len(failed) > 0 {
			reason = failed[0].number("00081197")
		}
		return Result{}, fault.New(CodeRefused, "", nil, fault.Args{"Reason": failure(reason)})
	}
	if !known {
		if res.StatusCode == http.StatusOK && len(bytes.TrimSpace(b)) == 0 {
			return Result{}, nil
		}
		return Result{}, fault.New(CodeAnswer, "", errors.New("no DICOM JSON"), nil)
	}
	taken := o.items("00081199")
	if len(taken) == 0 {
		return Result{}, fault.New(CodeAnswer, "", errors.New("it names no instance as stored"), nil)
	}
	if w := taken[0].number("00081196"); w != 0 {
		return Result{Warning: failure(w)}, nil
	}
	return Result{}, nil
}

// failure says what a reason of failure or a warning means (PS3.18 I.2.2), with its number.
func failure(n int) string {
	name := ""
	switch {
	case n == 0x0110:
		name = "processing failure"
	case n == 0x0111:
		name = "duplicate SOP instance"
	case n == 0x0112:
		name = "no such object instance"
	case n == 0x0122:
		name = "SOP class not supported"
	case n == 0x0124:
		name = "not authorized"
	case n == 0xb000:
		name = "coercion of data elements"
	case n == 0xb006:
		name = "elements discarded"
	case n == 0xb007:
		name = "data set does not match SOP class"
	case n == 0xc122:
		name = "transfer syntax not supported"
	case n == 0xc409:
		name = "study does not match"
	case n>>8 == 0xa7:
		name = "out of resources"
	case n>>8 == 0xa9:
		name = "data set does not match SOP class"
	case n>>12 == 0xc:
		name = "cannot understand"
	case n == 0:
		return "no reason given"
	default:
		name = "unknown reason"
	}
	return fmt.Sprintf("%s (%04X)", name, n)
}
