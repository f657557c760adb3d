package dicomweb

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"echoline/internal/fault"
)

// Study is a study of the server's list. It has no names of people.
type Study struct {
	UID         string
	Date        string // YYYYMMDD
	Modalities  []string
	Description string
	Instances   int
}

// Query narrows a list; empty fields do not. Dates are YYYYMMDD or YYYYMMDD-YYYYMMDD.
type Query struct{ PatientID, Accession, Date, StudyUID string }

// pageSize is how many studies are asked for at a time.
const pageSize = 200

// Studies lists the studies (QIDO-RS).
func (c *Client) Studies(ctx context.Context, q Query) ([]Study, error) {
	var out []Study
	seen := map[string]bool{}
	for {
		v := url.Values{"limit": {"200"}, "includefield": {"StudyDescription", "ModalitiesInStudy", "NumberOfStudyRelatedInstances"}}
		if len(out) > 0 {
			v.Set("offset", strconv.Itoa(len(out)))
		}
		for key, value := range map[string]string{
			"PatientID": q.PatientID, "AccessionNumber": q.Accession, "StudyDate": q.Date, "StudyInstanceUID": q.StudyUID,
		} {
			if value != "" {
				v.Set(key, value)
			}
		}
		page, err := c.list(ctx, "studies", v)
		if err != nil {
			return nil, err
		}
		fresh := 0
		for _, o := range page {
			s := Study{UID: o.text("0020000D"), Date: o.text("00080020"), Description: o.text("00081030"), Instances: o.number("00201208")}
			for _, m := range o["00080061"].Value {
				var name string
				if json.Unmarshal(m, &name) == nil {
					s.Modalities = append(s.Modalities, name)
				}
			}
			if !seen[s.UID] {
				seen[s.UID] = true
				out, fresh = append(out, s), fresh+1
			}
		}
		if len(page) < pageSize || fresh == 0 { // a server that knows no offset gives the same again
			return out, nil
		}
	}
}

// Instances lists the SOP Instance UIDs of a study (QIDO-RS).
func (c *Client) Instances(ctx context.Context, study string) ([]string, error) {
	if !IsUID(study) {
		return nil, fault.New(CodeNoStudy, "", nil, nil)
	}
	found, err := c.list(ctx, "studies/"+study+"/instances", nil)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, o := range found {
		if uid := o.text("00080018"); IsUID(uid) {
			out = append(out, uid)
		}
	}
	return out, nil
}

// list asks for a list of data sets. None is an empty list.
func (c *Client) list(ctx context.Context, path string, q url.Values) (out []object, err error) {
	err = c.do(ctx, request{method: http.MethodGet, path: path, query: q, accept: "application/dicom+json"}, func(res *http.Response) error {
		b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
		if err != nil {
			return err
		}
		out = nil
		if len(b) == 0 && res.StatusCode == http.StatusNoContent {
			return nil
		}
		if err := json.Unmarshal(b, &out); err != nil {
			return fault.New(CodeAnswer, c.base.Host, err, nil)
		}
		return nil
	})
	return out, err
}

// Fetch gets all instances of a study as they are stored (WADO-RS) and gives each to take, which reads it to its end.
// When the connection breaks it begins anew, so take may get an instance twice.
func (c *Client) Fetch(ctx context.Context, study string, take func(io.Reader) error) error {
	if !IsUID(study) {
		return fault.New(CodeNoStudy, "", nil, nil)
	}
	accept := `multipart/related; type="application/dicom"; transfer-syntax=*`
	err := c.do(ctx, request{method: http.MethodGet, path: "studies/" + study, accept: accept}, func(res *http.Response) error {
		kind, params, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
		if err != nil || kind != "multipart/related" || params["boundary"] == "" {
			return fault.New(CodeAnswer, c.base.Host, errors.New("not multipart/related"), nil)
		}
		return eachPart(res.Body, params["boundary"], take)
	})
	if fault.CodeOf(err) == CodeNoService {
		return fault.New(CodeNoStudy, study, nil, nil)
	}
	return err
}

// eachPart gives the parts of a multipart body to take. A body without its last boundary broke off.
func eachPart(body io.Reader, boundary string, take func(io.Reader) error) error {
	end := &tail{want: "--" + boundary + "--"}
	parts := multipart.NewReader(io.TeeReader(body, end), boundary)
	for {
		p, err := parts.NextRawPart()
		switch {
		case errors.Is(err, io.EOF) && end.seen():
			return nil
		case err != nil:
			return brokenOff(err)
		}
		if err := take(p); err != nil {
			return brokenOff(err)
		}
	}
}

// tail keeps the last of what is written to it.
type tail struct {
	want string
	last []byte
}

// Write takes b.
func (t *tail) Write(b []byte) (int, error) {
	const most = 256 // a boundary has up to 70 characters; what may follow it does not matter
	t.last = append(t.last, b[max(len(b)-most, 0):]...)
	t.last = t.last[max(len(t.last)-most, 0):]
	return len(b), nil
}

func (t *tail) seen() bool { return strings.Contains(string(t.last), t.want) }

// brokenOff tells an answer that ended before its last boundary.
func brokenOff(err error) error {
	if strings.HasSuffix(err.Error(), "EOF") {
		return io.ErrUnexpectedEOF
	}
	return err
}

// IsUID tells whether s has the form of a UID: such a one is safe in paths and file names.
func IsUID(s string) bool {
	if s == "" || len(s) > 64 || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	return strings.Trim(s, "0123456789.") == ""
}
