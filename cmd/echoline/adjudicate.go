package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"echoline/internal/agree"
	"echoline/internal/export"
	"echoline/internal/fault"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
	"echoline/internal/text"
)

// adjudicateOptions are the flags of adjudicate.
type adjudicateOptions struct {
	workspace, method string
	limit             agree.Limit
	readers           []string
	silent            bool
}

// adjudicateCommand proposes a consensus of the readers of a workspace.
func adjudicateCommand() *cobra.Command {
	var o adjudicateOptions
	names := make([]string, len(agree.Methods))
	for i, m := range agree.Methods {
		names[i] = string(m)
	}
	c := &cobra.Command{
		Use:     "adjudicate --workspace DIR --method " + strings.Join(names, "|"),
		Short:   text.T("judge.cli.short"),
		Long:    text.T("judge.cli.long"),
		Example: "  echoline adjudicate --workspace ~/reviews --method mean\n  echoline export --workspace ~/reviews --reader consensus --include all --format png --out consensus",
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case o.workspace == "" || len(args) > 0 || !slices.Contains(names, o.method):
				return fmt.Errorf("%w: %s", errUsage, text.T("judge.cli.usage", text.Args{"Methods": strings.Join(names, ", ")}))
			case !(o.limit.MM >= 0) || !(o.limit.Px >= 0):
				return fmt.Errorf("%w: %s", errUsage, text.T("judge.cli.limit"))
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt)
			defer stop()
			return runAdjudicate(ctx, o, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f := c.Flags()
	f.StringVar(&o.workspace, "workspace", "", text.T("export.cli.flag.workspace"))
	f.StringVar(&o.method, "method", "", text.T("judge.cli.flag.method"))
	f.Float64Var(&o.limit.MM, "limit", agree.DefaultLimit.MM, text.T("judge.cli.flag.limit"))
	f.Float64Var(&o.limit.Px, "limit-px", agree.DefaultLimit.Px, text.T("judge.cli.flag.limit_px"))
	f.StringSliceVar(&o.readers, "readers", nil, text.T("agree.cli.flag.readers"))
	f.BoolVar(&o.silent, "quiet", false, text.T("export.cli.flag.quiet"))
	return c
}

// runAdjudicate runs the command.
func runAdjudicate(ctx context.Context, o adjudicateOptions, out, log io.Writer) error {
	ws, err := openWorkspace(o.workspace)
	if err != nil {
		return err
	}
	defer ws.Close()
	report := newReporter(log, o.silent)
	defer report.end()
	st, readings, err := allReadings(ctx, ws, o, report)
	if err != nil {
		return err
	}
	r, err := ws.Review(st, review.ConsensusReader)
	if err != nil {
		return err
	}
	if o.silent {
		out = io.Discard
	}
	frames, err := o.proposeAll(ws, r, readings, out)
	if err != nil {
		return err
	}
	if frames == 0 {
		return fault.New(codeAgreeReaders, o.workspace, nil, nil)
	}
	return r.Flush()
}

// allReadings opens what lies in the workspace and takes what each reader accepted, by frame.
func allReadings(ctx context.Context, ws *store.Workspace, o adjudicateOptions, report *reporter) (*study.Study, map[review.Key][]agree.Reading, error) {
	readers, err := ws.Readers()
	if err != nil {
		return nil, nil, err
	}
	readers = slices.DeleteFunc(readers, func(n string) bool { return n == "" || n == review.ConsensusReader })
	for _, name := range o.readers {
		if !slices.Contains(readers, name) {
			return nil, nil, fault.New(codeExportReader, name, nil, fault.Args{"Readers": strings.Join(readers, ", ")})
		}
	}
	if len(o.readers) > 0 {
		readers = slices.Clone(o.readers)
	}
	slices.Sort(readers)
	readers = slices.Compact(readers) // who is named twice agrees with nobody
	st, err := openAll(ctx, ws, report)
	if err != nil {
		return nil, nil, err
	}
	ids := make([]string, len(st.Items))
	for i, it := range st.Items {
		ids[i] = it.ID
	}
	readings := map[review.Key][]agree.Reading{}
	for _, name := range readers {
		entries, err := ws.Entries(name, ids)
		if err != nil {
			return nil, nil, err
		}
		r := review.New(st, name, nil)
		if err := r.Replay(entries); err != nil {
			report.fail(err)
		}
		eachAccepted(r, func(_ *study.Item, k review.Key, _ *review.Frame) {
			if one, ok := agree.ReadingOf(r, k); ok {
				readings[k] = append(readings[k], one)
			}
		})
	}
	return st, readings, nil
}

// openAll opens everything that a workspace has ever shown. What cannot be opened any more is named on report.
func openAll(ctx context.Context, ws *store.Workspace, report *reporter) (*study.Study, error) {
	items, _, err := worked(ws, "", export.All)
	if err != nil {
		return nil, err
	}
	paths := make([]string, len(items))
	for i, it := range items {
		paths[i] = it.Path
	}
	st := &study.Study{}
	if len(paths) > 0 {
		if st, err = study.Open(ctx, paths, func(done, total int) { report.step(text.T("export.cli.opening"), done, total) }); err != nil {
			return nil, err
		}
	}
	nameMissing(st, items, report)
	return st, nil
}

// proposeAll proposes a mask for each frame that two readers accepted and nobody adjudicated, and says for each how many
// places a person should see. frames counts those that two readers accepted.
func (o *adjudicateOptions) proposeAll(ws *store.Workspace, r *review.Review, readings map[review.Key][]agree.Reading, out io.Writer) (frames int, err error) {
	for _, it := range r.Study().Items {
		for i := range it.Frames {
			k := review.Key{Instance: it.ID, Frame: i}
			if len(readings[k]) < 2 {
				continue
			}
			frames++
			a, err := agree.Adjudicate(k, readings[k], agree.Method(o.method), o.limit)
			if err != nil {
				return frames, err
			}
			args := text.Args{"Name": agree.CaseName(it, i), "Readers": len(readings[k]), "Arcs": len(a.List)}
			if f := r.Frame(k); f.Touched || f.Status != review.Open {
				fmt.Fprintln(out, text.T("judge.cli.kept", args))
				continue
			}
			changed, err := r.Propose(k, a.Proposal(), a.Model)
			if err != nil {
				return frames, err
			}
			if changed {
				if err := agree.Keep(ws, a.Record(r, "", nil)); err != nil {
					return frames, err
				}
			}
			fmt.Fprintln(out, text.T("judge.cli.line", args))
		}
	}
	return frames, nil
}
