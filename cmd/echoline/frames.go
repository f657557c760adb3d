package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"sync/atomic"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"echoline/internal/durable"
	"echoline/internal/fault"
	"echoline/internal/study"
	"echoline/internal/text"
)

// Faults of writing frames.
const (
	codeFramesOut    fault.Code = "frames.out"    // the folder or a file in it cannot be written; Cause
	codeFramesFailed fault.Code = "frames.failed" // some files or frames failed, each named before; arg Failed
	codeFramesNone   fault.Code = "frames.none"   // nothing in the paths is an image
	codeFramesEnded  fault.Code = "frames.ended"  // interrupted; args Done, Total
)

// framesCommand writes every frame of the given files and folders as PNG.
func framesCommand() *cobra.Command {
	var out string
	var quiet bool
	c := &cobra.Command{
		Use:     "frames --out DIR PATH…",
		Short:   text.T("frames.short"),
		Long:    text.T("frames.long"),
		Example: "  echoline frames --out frames study/ cine.dcm",
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return fmt.Errorf("%w: %s", errUsage, text.T("study.usage.paths"))
			case out == "":
				return fmt.Errorf("%w: %s", errUsage, text.T("frames.usage.out"))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt)
			defer stop()
			report := newReporter(c.ErrOrStderr(), quiet)
			defer report.end()
			return writeFrames(ctx, out, args, report)
		},
	}
	c.Flags().StringVar(&out, "out", "", text.T("frames.flag.out"))
	c.Flags().BoolVar(&quiet, "quiet", false, text.T("study.flag.quiet"))
	return c
}

// writeFrames runs the command. What fails is reported and the rest goes on.
func writeFrames(ctx context.Context, dir string, paths []string, report *reporter) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fault.New(codeFramesOut, dir, err, nil)
	}
	st, err := study.Open(ctx, paths, func(done, total int) { report.step(text.T("study.opening"), done, total) })
	if err != nil {
		return fault.New(codeFramesEnded, "", err, fault.Args{"Done": 0, "Total": 0})
	}
	for _, f := range st.Refused {
		report.fail(f)
	}
	done, total, err := writeItems(ctx, dir, append(st.Items, st.Aside...), report)
	report.end()
	failed := report.failures()
	switch {
	case errors.Is(err, context.Canceled):
		return fault.New(codeFramesEnded, "", nil, fault.Args{"Done": done, "Total": total})
	case err != nil:
		return fault.New(codeFramesOut, dir, err, nil)
	case failed > 0:
		return fault.New(codeFramesFailed, "", nil, fault.Args{"Failed": failed})
	case total == 0:
		return fault.New(codeFramesNone, "", nil, nil)
	}
	return nil
}

// writeItems writes all frames, several at a time. A frame that cannot be decoded is reported; one that cannot be written
// ends it, as the next ones could not be either.
func writeItems(ctx context.Context, dir string, items []*study.Item, report *reporter) (done, total int, err error) {
	for _, it := range items {
		total += it.Frames
	}
	var count atomic.Int64
	g, running := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, it := range items {
		for i := range it.Frames {
			if running.Err() != nil {
				break
			}
			g.Go(func() error {
				if running.Err() != nil {
					return nil
				}
				f, err := it.Frame(i)
				if err != nil {
					report.fail(err)
					return nil
				}
				if err := writeFrame(filepath.Join(dir, fmt.Sprintf("%s.f%04d.png", it.Name, i+1)), f); err != nil {
					return err
				}
				report.step(it.Name, int(count.Add(1)), total)
				return nil
			})
		}
	}
	if err = g.Wait(); err == nil {
		err = ctx.Err()
	}
	return int(count.Load()), total, err
}

// writeFrame writes one frame as it was before windowing.
func writeFrame(path string, f *study.Frame) error {
	var b bytes.Buffer
	if err := f.EncodePNG(&b); err != nil {
		return err
	}
	return durable.WriteFile(path, b.Bytes(), 0o644)
}
