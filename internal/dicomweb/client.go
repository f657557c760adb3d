// Package dicomweb stores, lists and gets instances over DICOMweb (PS3.18), and stores them by C-STORE through DCMTK's
// storescu. It serves the commands send and fetch, and nothing else may import it: the viewer has no network.
// Credentials stay in it; no error and no record of what was stored has them, nor names of patients or files.
package dicomweb

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"echoline/internal/fault"
)

// Faults of sending and fetching. Where names the server, or the instance by its UID.
const (
	CodeURL         fault.Code = "net.url"         // not an address that can be used; arg Why: "form", "secret", "plain"
	CodeCA          fault.Code = "net.ca"          // the file of certificates cannot be used; Cause
	CodeCredentials fault.Code = "net.credentials" // the file of credentials cannot be used; Cause
	CodeUnreachable fault.Code = "net.unreachable" // nobody answers; Cause
	CodeCertificate fault.Code = "net.certificate" // the server's certificate is not trusted; Cause
	CodeAuth        fault.Code = "net.auth"        // the server wants other credentials; arg Status
	CodeNoService   fault.Code = "net.noservice"   // there is no DICOMweb at this address; arg Status
	CodeRefused     fault.Code = "net.refused"     // the server does not take the instance; arg Reason
	CodeServer      fault.Code = "net.server"      // the server failed; arg Status
	CodeAnswer      fault.Code = "net.answer"      // what the server answered cannot be understood; Cause
	CodeNoStudy     fault.Code = "net.nostudy"     // the server has no such study
	CodeTool        fault.Code = "net.tool"        // storescu is not installed
	CodeStoreSCU    fault.Code = "net.storescu"    // storescu failed; Cause
)

// Options are how to reach a server.
type Options struct {
	URL         string      // of the service, for example https://pacs.example/dicom-web
	CA          string      // file of certificates (PEM) to trust instead of the system's; may be empty
	Credentials Credentials // may be empty
	Tries       int         // how often a request is tried; 0: five times
	Pause       func(ctx context.Context, d time.Duration) error
	Retrying    func(try int, err error) // told before each repetition; may be nil
}

// Client talks to one server. It is safe for use by several goroutines.
type Client struct {
	o    Options
	base *url.URL
	http *http.Client
}

// patience is how long the server may take to begin its answer: it may have to write a large cine first.
const patience = 5 * time.Minute

// New makes a client. Nothing is sent yet.
func New(o Options) (*Client, error) {
	base, err := parseURL(o.URL, o.Credentials)
	if err != nil {
		return nil, err
	}
	t := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout: 15 * time.Second, ResponseHeaderTimeout: patience, MaxIdleConnsPerHost: 4,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
	}
	if o.CA != "" {
		if t.TLSClientConfig.RootCAs, err = pool(o.CA); err != nil {
			return nil, err
		}
	}
	if o.Tries == 0 {
		o.Tries = 5
	}
	if o.Pause == nil {
		o.Pause = pause
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{o: o, base: base, http: &http.Client{Transport: t, CheckRedirect: stay}}, nil
}

// parseURL checks the address. Secrets in it would get into logs; credentials do not go out in the clear but to this
// very machine.
func parseURL(s string, c Credentials) (*url.URL, error) {
	refuse := func(where, why string) (*url.URL, error) {
		return nil, fault.New(CodeURL, where, nil, fault.Args{"Why": why})
	}
	u, err := url.Parse(strings.TrimRight(s, "/"))
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"):
		return refuse("", "form")
	case u.User != nil || u.RawQuery != "":
		return refuse("", "secret")
	case u.Scheme == "http" && c != (Credentials{}) && !local(u.Hostname()):
		return refuse(u.Host, "plain")
	}
	return u, nil
}

// local tells whether a host is this machine.
func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Plain tells whether what is sent can be read on its way.
func (c *Client) Plain() bool { return c.base.Scheme == "http" && !local(c.base.Hostname()) }

// Host names the server in messages.
func (c *Client) Host() string { return c.base.Host }

func pool(path string) (*x509.CertPool, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.New(CodeCA, path, err, nil)
	}
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM(b) {
		return nil, fault.New(CodeCA, path, errors.New("no certificate in PEM form"), nil)
	}
	return p, nil
}

// Credentials are what the server is shown: a name and a password, or a token.
type Credentials struct{ User, Password, Token string }

// String keeps them out of whatever prints them.
func (Credentials) String() string { return "(credentials)" }

// GoString is String for %#v.
func (c Credentials) GoString() string { return c.String() }

// ReadCredentials takes them from a file of lines user=, password= and token=, or without one from the environment:
// ECHOLINE_USER, ECHOLINE_PASSWORD, ECHOLINE_TOKEN. A file that others may read is refused.
func ReadCredentials(path string) (Credentials, error) {
	if path == "" {
		return Credentials{os.Getenv("ECHOLINE_USER"), os.Getenv("ECHOLINE_PASSWORD"), os.Getenv("ECHOLINE_TOKEN")}, nil
	}
	refuse := func(err error) (Credentials, error) {
		return Credentials{}, fault.New(CodeCredentials, path, err, nil)
	}
	info, err := os.Stat(path)
	if err != nil {
		return refuse(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return refuse(fmt.Errorf("others may read it: mode %04o, not 0600", info.Mode().Perm()))
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return refuse(err)
	}
	var c Credentials
	for line := range strings.Lines(string(b)) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		switch field := map[string]*string{"user": &c.User, "password": &c.Password, "token": &c.Token}[key]; {
		case ok && field != nil:
			*field = value
		case key != "" && key[0] != '#':
			return refuse(errors.New("a line is none of user=, password=, token="))
		}
	}
	return c, nil
}

func (c Credentials) show(r *http.Request) {
	switch {
	case c.Token != "":
		r.Header.Set("Authorization", "Bearer "+c.Token)
	case c.User != "" || c.Password != "":
		r.SetBasicAuth(c.User, c.Password)
	}
}

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// request is one to be made, perhaps several times.
type request struct {
	method, path string
	query        url.Values
	accept       string
	contentType  string
	length       int64
	body         func() (io.ReadCloser, error) // nil for none
}

// do makes a request until it is answered, or there is no hope. take reads the answer; what it says of an answer that
// broke off is tried again too.
func (c *Client) do(ctx context.Context, r request, take func(*http.Response) error) error {
	for try := 1; ; try++ {
		wait, err := c.once(ctx, r, take)
		if err == nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		if wait < 0 || try >= c.o.Tries {
			return err
		}
		if c.o.Retrying != nil {
			c.o.Retrying(try, err)
		}
		if err := c.o.Pause(ctx, max(wait, time.Second<<(try-1))); err != nil {
			return err
		}
	}
}

// never is the pause before a repetition that has no hope.
const never = time.Duration(-1)

// once makes a request. With an error it says how long to wait at least before trying again, or never.
func (c *Client) once(ctx context.Context, r request, take func(*http.Response) error) (time.Duration, error) {
	u := c.base.JoinPath(r.path)
	u.RawQuery = r.query.Encode()
	req, err := http.NewRequestWithContext(ctx, r.method, u.String(), nil)
	if err != nil {
		return never, fault.New(CodeURL, c.base.Host, nil, fault.Args{"Why": "form"})
	}
	if r.body != nil {
		if req.Body, err = r.body(); err != nil {
			return never, err
		}
		req.GetBody, req.ContentLength = r.body, r.length
		req.Header.Set("Content-Type", r.contentType)
	}
	req.Header.Set("Accept", r.accept)
	req.Header.Set("User-Agent", "echoline")
	c.o.Credentials.show(req)
	res, err := c.http.Do(req)
	if err != nil {
		return c.unanswered(err)
	}
	defer res.Body.Close()
	if wait, err := c.status(res); err != nil {
		return wait, err
	}
	if err := take(res); err != nil {
		var broken *net.OpError
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &broken) {
			return 0, err
		}
		return never, err
	}
	return 0, nil
}

// unanswered sorts why there was no answer.
func (c *Client) unanswered(err error) (time.Duration, error) {
	var u *url.Error
	if errors.As(err, &u) { // it has the whole address, which may have a patient's number in its query
		err = u.Err
	}
	var dns *net.DNSError
	var path *fs.PathError
	var ca x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verify *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &ca), errors.As(err, &host), errors.As(err, &invalid), errors.As(err, &verify), errors.As(err, &record),
		errors.Is(err, http.ErrSchemeMismatch):
		return never, fault.New(CodeCertificate, c.base.Host, err, nil)
	case errors.As(err, &path): // a file to be sent has gone
		return never, err
	case errors.As(err, &dns) && dns.IsNotFound:
		return never, fault.New(CodeUnreachable, c.base.Host, err, nil)
	}
	return 0, fault.New(CodeUnreachable, c.base.Host, err, nil)
}

// status sorts the answer by its status. 409 is left to those who store: it comes with reasons.
func (c *Client) status(res *http.Response) (time.Duration, error) {
	args := fault.Args{"Status": res.StatusCode}
	switch s := res.StatusCode; {
	case s >= 200 && s < 300, s == http.StatusConflict:
		return 0, nil
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		return never, fault.New(CodeAuth, c.base.Host, nil, args)
	case s == http.StatusNotFound, s == http.StatusMethodNotAllowed, s >= 300 && s < 400:
		return never, fault.New(CodeNoService, c.base.Host, nil, args)
	case s == http.StatusTooManyRequests, s == http.StatusRequestTimeout, s >= 500 && s != http.StatusNotImplemented:
		return after(res.Header.Get("Retry-After")), fault.New(CodeServer, c.base.Host, nil, args)
	default:
		return never, fault.New(CodeServer, c.base.Host, nil, args)
	}
}

// after is the pause that a server asks for, up to a minute.
func after(header string) time.Duration {
	n, err := strconv.Atoi(header)
	if err != nil || n < 0 {
		return 0
	}
	return time.Duration(min(n, 60)) * time.Second
}
