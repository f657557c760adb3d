package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"echoline/internal/dicomweb"
	"echoline/internal/fault"
	"echoline/internal/part10"
	"echoline/internal/text"
)

// Faults of the send command.
const (
	codeSendNone    fault.Code = "send.none"    // no DICOM file in the paths
	codeSendRead    fault.Code = "send.read"    // a file cannot be read; Cause
	codeSendFile    fault.Code = "send.file"    // a file that was named is no DICOM instance
	codeSendRecord  fault.Code = "send.record"  // the record of what was stored cannot be used; Cause
	codeSendFailed  fault.Code = "send.failed"  // some were not stored, each named before; Failed, Total
	codeSendStopped fault.Code = "send.stopped" // interrupted, or the server cannot be talked to; Done, Total
)

// mediaDirectory is the SOP class of a DICOMDIR, which no archive takes.
const mediaDirectory = "1.2.840.10008.1.3.10"

// netFlags are the flags of commands that talk to a server.
type netFlags struct{ ca, credentials string }

func (n *netFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&n.ca, "ca", "", text.T("send.flag.ca"))
	c.Flags().StringVar(&n.credentials, "credentials", "", text.T("send.flag.credentials"))
}

// client is the client for a server. Repetitions are told on report.
func (n *netFlags) client(url string, report *reporter) (*dicomweb.Client, error) {
	secret, err := dicomweb.ReadCredentials(n.credentials)
	if err != nil {
		return nil, err
	}
	return dicomweb.New(dicomweb.Options{URL: url, CA: n.ca, Credentials: secret, Retrying: report.again})
}

// sendOptions are the flags of send.
type sendOptions struct {
	netFlags
	to, resume string
	quiet      bool
}

// sendCommand stores files in an archive.
func sendCommand() *cobra.Command {
	var o sendOptions
	c := &cobra.Command{
		Use:     "send --to URL PATH…",
		Short:   text.T("send.short"),
		Long:    text.T("send.long"),
		Example: "  echoline send --to https://pacs.example/dicom-web --resume sent.jsonl masks/\n  echoline send --to dicom://ARCHIVE@pacs.example:11112 masks/",
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case o.to == "":
				return fmt.Errorf("%w: %s", errUsage, text.T("export.cli.usage.flag", text.Args{"Flag": "--to"}))
			case len(args) == 0:
				return fmt.Errorf("%w: %s", errUsage, text.T("send.usage.paths"))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt)
			defer stop()
			report := newReporter(c.ErrOrStderr(), o.quiet)
			defer report.end()
			return runSend(ctx, o, args, c.OutOrStdout(), report)
		},
	}
	c.Flags().StringVar(&o.to, "to", "", text.T("send.flag.to"))
	c.Flags().StringVar(&o.resume, "resume", "", text.T("send.flag.resume"))
	c.Flags().BoolVar(&o.quiet, "quiet", false, text.T("export.cli.flag.quiet"))
	o.add(c)
	return c
}

// storer stores one file; syntax is its transfer syntax.
type storer func(ctx context.Context, path, syntax string) (dicomweb.Result, error)

// storer finds who stores, by the address.
func (o *sendOptions) storer(report *reporter) (storer, error) {
	if strings.HasPrefix(o.to, dicomweb.NodeScheme) {
		n, err := dicomweb.ParseNode(o.to)
		if err != nil {
			return nil, err
		}
		n.Retrying = report.again
		return n.Store, nil
	}
	client, err := o.client(o.to, report)
	if err != nil {
		return nil, err
	}
	if client.Plain() {
		report.note(text.T("send.plain", text.Args{"Host": client.Host()}))
	}
	return func(ctx context.Context, path, _ string) (dicomweb.Result, error) { return client.Store(ctx, path) }, nil
}

// sending is one run of the command.
type sending struct {
	store  storer
	record *dicomweb.Record // nil where nothing is to be remembered
	out    io.Writer
	quiet  bool
	report *reporter
	done   int
	total  int
}

// runSend runs the command. A file that is not taken is named and the rest goes on; a server that cannot be talked to
// ends it.
func runSend(ctx context.Context, o sendOptions, paths []string, out io.Writer, report *reporter) error {
	store, err := o.storer(report)
	if err != nil {
		return err
	}
	s := &sending{store: store, out: out, quiet: o.quiet, report: report}
	if o.resume != "" {
		if s.record, err = dicomweb.OpenRecord(o.resume, o.to); err != nil {
			return fault.New(codeSendRecord, o.resume, err, nil)
		}
		defer s.record.Close()
	}
	files := sendable(paths, report)
	s.total = len(files)
	for i, path := range files {
		if err = s.file(ctx, path); err != nil {
			break
		}
		report.step(text.T("send.step"), i+1, len(files))
	}
	report.end()
	if !o.quiet {
		fmt.Fprintln(out, text.N("send.done", s.done))
	}
	switch failed := report.failures(); {
	case err != nil:
		if ctx.Err() == nil {
			report.fail(err)
		}
		return fault.New(codeSendStopped, "", nil, fault.Args{"Done": s.done, "Total": s.total})
	case failed > 0:
		return fault.New(codeSendFailed, "", nil, fault.Args{"Failed": failed, "Total": max(s.total, failed)})
	case s.total == 0:
		return fault.New(codeSendNone, "", nil, nil)
	}
	return nil
}

// sendable lists the DICOM instances in paths. What was named and is none is reported; in folders it is passed over.
func sendable(paths []string, report *reporter) []string {
	var out []string
	for _, p := range paths {
		err := filepath.WalkDir(p, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				report.fail(fault.New(codeSendRead, path, err, nil))
			case d.Type().IsRegular() && (path == p || isInstance(path)):
				out = append(out, path)
			}
			return nil
		})
		if err != nil {
			report.fail(fault.New(codeSendRead, p, err, nil))
		}
	}
	return out
}

// isInstance tells a DICOM file by its mark; a DICOMDIR is none that is sent.
func isInstance(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return true // that it cannot be read is to be told
	}
	defer f.Close()
	var head [132]byte
	_, err = io.ReadFull(f, head[:])
	return err == nil && string(head[128:]) == "DICM" && !strings.EqualFold(filepath.Base(path), "DICOMDIR")
}

// file stores one file. The error is for what ends it all.
func (s *sending) file(ctx context.Context, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		s.report.fail(fault.New(codeSendRead, path, err, nil))
		return nil
	}
	f, err := part10.Parse(data, nil)
	if err != nil || f.Set.Text(part10.SOPInstance) == "" || f.Set.Text(part10.SOPClass) == mediaDirectory {
		s.report.fail(fault.New(codeSendFile, path, err, nil))
		return nil
	}
	uid := printable(f.Set.Text(part10.SOPInstance))
	hash := sha256.Sum256(data)
	sum := hex.EncodeToString(hash[:])
	if s.record != nil && s.record.Has(sum) {
		s.done++
		s.tell("already", uid, path, "")
		return nil
	}
	res, err := s.store(ctx, path, f.Syntax)
	switch {
	case err == nil:
	case ends(err) || ctx.Err() != nil:
		return err
	default:
		s.report.fail(at(err, path))
		s.tell("failed", uid, path, "")
		return nil
	}
	s.done++
	s.tell("stored", uid, path, res.Warning)
	if s.record != nil {
		if err := s.record.Add(sum, uid); err != nil {
			return fault.New(codeSendRecord, "", err, nil)
		}
	}
	return nil
}

// ends tells whether the next file would meet the same.
func ends(err error) bool {
	switch fault.CodeOf(err) {
	case dicomweb.CodeRefused, dicomweb.CodeServer, dicomweb.CodeAnswer, dicomweb.CodeStoreSCU:
		return false
	}
	return true
}

// at puts the place into a fault that has none of its own.
func at(err error, path string) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return fault.New(f.Code, path, f.Cause, f.Args)
	}
	return err
}

// tell writes the result of one instance: a line of tab-separated fields.
func (s *sending) tell(result, uid, path, note string) {
	if s.quiet {
		return
	}
	s.report.wipeBar()
	fmt.Fprintln(s.out, strings.TrimRight(strings.Join([]string{result, uid, path, note}, "\t"), "\t"))
}

// printable takes out what could steer a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}
