package dicomweb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"time"

	"echoline/internal/fault"
)

// Node is a DICOM node that takes instances by C-STORE.
type Node struct {
	AE, Host, Port string
	Tries          int // 0: five
	Pause          func(ctx context.Context, d time.Duration) error
	Retrying       func(try int, err error) // may be nil
}

// NodeScheme begins the address of a node: dicom://AE@host:port.
const NodeScheme = "dicom://"

// ParseNode reads dicom://AE@host:port.
func ParseNode(s string) (*Node, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "dicom" || u.User == nil || u.Hostname() == "" || u.Port() == "" || u.Path != "" ||
		len(u.User.Username()) > 16 || strings.HasPrefix(u.User.Username(), "-") || strings.HasPrefix(u.Hostname(), "-") {
		return nil, fault.New(CodeURL, "", nil, fault.Args{"Why": "node"})
	}
	if _, secret := u.User.Password(); secret {
		return nil, fault.New(CodeURL, "", nil, fault.Args{"Why": "secret"})
	}
	return &Node{AE: u.User.Username(), Host: u.Hostname(), Port: u.Port(), Tries: 5, Pause: pause}, nil
}

// proposals are storescu's options for what it does not propose by itself.
var proposals = map[string]string{
	"1.2.840.10008.1.2.1.99": "-xd", "1.2.840.10008.1.2.2": "-xb", "1.2.840.10008.1.2.5": "-xr",
	"1.2.840.10008.1.2.4.50": "-xy", "1.2.840.10008.1.2.4.51": "-xx", "1.2.840.10008.1.2.4.57": "-xs",
	"1.2.840.10008.1.2.4.70": "-xs", "1.2.840.10008.1.2.4.80": "-xt", "1.2.840.10008.1.2.4.81": "-xu",
	"1.2.840.10008.1.2.4.90": "-xv", "1.2.840.10008.1.2.4.91": "-xw",
}

// Store stores the file by DCMTK's storescu. syntax is its transfer syntax.
func (n *Node) Store(ctx context.Context, path, syntax string) (Result, error) {
	tool, err := exec.LookPath("storescu")
	if err != nil {
		return Result{}, fault.New(CodeTool, "", nil, nil)
	}
	args := []string{"-R", "-to", "15", "-ta", "60", "-td", "300", "-aet", "ECHOLINE", "-aec", n.AE}
	if p := proposals[syntax]; p != "" {
		args = append(args, p)
	}
	args = append(args, n.Host, n.Port, path)
	for try := 1; ; try++ {
		again, err := n.once(ctx, tool, args)
		if err == nil || ctx.Err() != nil {
			return Result{}, errors.Join(err, ctx.Err())
		}
		if !again || try >= n.Tries {
			return Result{}, err
		}
		if n.Retrying != nil {
			n.Retrying(try, err)
		}
		if err := n.Pause(ctx, time.Second<<(try-1)); err != nil {
			return Result{}, err
		}
	}
}

// once runs storescu. Its messages have the file's name in them: only what is known of them is passed on.
func (n *Node) once(ctx context.Context, tool string, args []string) (again bool, err error) {
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Stderr, cmd.Stdout = &said, &said
	err = cmd.Run()
	where := n.Host + ":" + n.Port
	text := said.String()
	switch {
	case err == nil && !strings.Contains(text, "Store Failed"):
		return false, nil
	case strings.Contains(text, "Peer aborted"), strings.Contains(text, "TCP Initialization Error"), strings.Contains(text, "Connection timed out"):
		return true, fault.New(CodeUnreachable, where, errors.New("no DICOM association"), nil)
	case strings.Contains(text, "Association Rejected"), strings.Contains(text, "Called AE Title Not Recognized"):
		return false, fault.New(CodeRefused, where, nil, fault.Args{"Reason": "association rejected"})
	case strings.Contains(text, "No presentation context"), strings.Contains(text, "No Acceptable Presentation Contexts"):
		return false, fault.New(CodeRefused, where, nil, fault.Args{"Reason": failure(0x0122)})
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("exit status %d", exit.ExitCode())
	}
	return false, fault.New(CodeStoreSCU, where, err, nil)
}
