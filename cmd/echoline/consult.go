package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"echoline/internal/agree"
	"echoline/internal/export"
	"echoline/internal/fault"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/text"
)

// codeConsultImage is the fault of an image that the workspace does not know. Args: Image.
const codeConsultImage fault.Code = "consult.image"

// consultOptions are the flags of consult.
type consultOptions struct {
	workspace, reader, image, at, question, answer, words string
	frame                                                 int
	label                                                 uint8
	region, redrawn, notVisible, leave                    bool
}

// consultCommand lets readers ask and experts answer without the window.
func consultCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "consult list|ask|answer|take",
		Short: text.T("consult.cli.short"),
		Long:  text.T("consult.cli.long"),
		RunE: func(*cobra.Command, []string) error {
			return fmt.Errorf("%w: %s", errUsage, text.T("consult.cli.usage"))
		},
	}
	c.AddCommand(consultList(), consultAsk(), consultAnswer(), consultTake())
	return c
}

// consultPart is a command of consult on a workspace.
func consultPart(use, example string, o *consultOptions, needs func() []string, run func(ctx context.Context, ws *store.Workspace, out, log io.Writer) error) *cobra.Command {
	name, _, _ := strings.Cut(use, " ")
	c := &cobra.Command{
		Use: use, Short: text.T("consult.cli." + name), Example: example,
		Args: func(_ *cobra.Command, args []string) error {
			if o.workspace == "" || len(args) > 0 || slices.Contains(needs(), "") {
				return fmt.Errorf("%w: %s", errUsage, text.T("consult.cli.usage."+name))
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error {
			ws, err := openWorkspace(o.workspace)
			if err != nil {
				return err
			}
			defer ws.Close()
			return run(c.Context(), ws, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	c.Flags().StringVar(&o.workspace, "workspace", "", text.T("export.cli.flag.workspace"))
	return c
}

// listed is a question as list writes it.
type listed struct {
	State string `json:"state"`
	review.Question
}

func consultList() *cobra.Command {
	o := &consultOptions{}
	return consultPart("list --workspace DIR", "  echoline consult list --workspace ~/reviews", o, func() []string { return nil },
		func(_ context.Context, ws *store.Workspace, out, log io.Writer) error {
			all, err := agree.Questions(ws)
			if err != nil {
				newReporter(log, true).fail(err)
			}
			list := make([]listed, len(all))
			for i := range all {
				list[i] = listed{all[i].State(), all[i]}
				if all[i].Answers == nil {
					list[i].Answers = []review.Answer{}
				}
			}
			return writeJSON(out, map[string]any{"questions": list})
		})
}

func consultAsk() *cobra.Command {
	o := &consultOptions{}
	c := consultPart("ask --workspace DIR --reader NAME --image NAME --at X,Y[;X,Y…] --words TEXT",
		`  echoline consult ask --workspace ~/reviews --reader Kim --image us-1 --at "210,96;214,102" --words "Is this shadow?"`, o,
		func() []string { return []string{o.reader, o.image, o.at, o.words} },
		func(_ context.Context, ws *store.Workspace, out, _ io.Writer) error {
			points, err := parsePoints(o.at)
			if err != nil {
				return err
			}
			it, err := findItem(ws, o.image)
			if err != nil {
				return err
			}
			if o.frame < 1 || o.frame > it.Frames {
				return fault.New(review.CodeFrame, it.Name, nil, fault.Args{"Frame": o.frame})
			}
			q, err := agree.Ask(ws, review.Question{
				Instance: it.ID, Frame: o.frame - 1, By: review.ReaderName(o.reader), Words: o.words, Points: points, Label: o.label, Region: o.region,
			})
			if err != nil {
				return err
			}
			return writeJSON(out, map[string]string{"question": q.ID})
		})
	f := c.Flags()
	f.StringVar(&o.reader, "reader", "", text.T("consult.cli.flag.reader"))
	f.StringVar(&o.image, "image", "", text.T("consult.cli.flag.image"))
	f.IntVar(&o.frame, "frame", 1, text.T("consult.cli.flag.frame"))
	f.StringVar(&o.at, "at", "", text.T("consult.cli.flag.at"))
	f.StringVar(&o.words, "words", "", text.T("consult.cli.flag.words"))
	f.Uint8Var(&o.label, "label", 1, text.T("consult.cli.flag.label"))
	f.BoolVar(&o.region, "region", false, text.T("consult.cli.flag.region"))
	return c
}

func consultAnswer() *cobra.Command {
	o := &consultOptions{}
	c := consultPart("answer --workspace DIR --reader NAME --question ID (--redrawn | --at X,Y;X,Y… | --not-visible | --words TEXT)",
		"  echoline consult answer --workspace ~/reviews --reader Park --question 1f0c… --redrawn", o,
		func() []string { return []string{o.reader, o.question} },
		func(ctx context.Context, ws *store.Workspace, out, log io.Writer) error {
			q, err := agree.Question(ws, o.question)
			if err != nil {
				return err
			}
			a, err := o.expert(ctx, ws, &q, log)
			if err != nil {
				return err
			}
			a.By, a.Words = review.ReaderName(o.reader), o.words
			if a, err = agree.Answer(ws, q.ID, a); err != nil {
				return err
			}
			return writeJSON(out, map[string]string{"answer": a.ID})
		})
	f := c.Flags()
	f.StringVar(&o.reader, "reader", "", text.T("consult.cli.flag.expert"))
	f.StringVar(&o.question, "question", "", text.T("consult.cli.flag.question"))
	f.BoolVar(&o.redrawn, "redrawn", false, text.T("consult.cli.flag.redrawn"))
	f.StringVar(&o.at, "at", "", text.T("consult.cli.flag.course"))
	f.BoolVar(&o.notVisible, "not-visible", false, text.T("consult.cli.flag.not_visible"))
	f.StringVar(&o.words, "words", "", text.T("consult.cli.flag.answer"))
	return c
}

// expert is the answer that the flags give: the course of the expert's own mask for --redrawn.
func (o *consultOptions) expert(ctx context.Context, ws *store.Workspace, q *review.Question, log io.Writer) (review.Answer, error) {
	switch {
	case o.redrawn:
		r, err := reopen(ctx, ws, review.ReaderName(o.reader), export.Reviewed, newReporter(log, true))
		if err != nil {
			return review.Answer{}, err
		}
		return agree.CourseOf(r, q)
	case o.at != "":
		points, err := parsePoints(o.at)
		return review.Answer{Kind: review.AnswerRedrawn, Points: points}, err
	case o.notVisible:
		return review.Answer{Kind: review.AnswerNotVisible}, nil
	}
	return review.Answer{Kind: review.AnswerWords}, nil
}

func consultTake() *cobra.Command {
	o := &consultOptions{}
	c := consultPart("take --workspace DIR --reader NAME --answer ID [--leave]",
		"  echoline consult take --workspace ~/reviews --reader Kim --answer 77ab…", o,
		func() []string { return []string{o.reader, o.answer} },
		func(ctx context.Context, ws *store.Workspace, out, log io.Writer) error {
			q, a, err := agree.FindAnswer(ws, o.answer)
			if err != nil {
				return err
			}
			reader, outcome := review.ReaderName(o.reader), review.OutcomeLeft
			if q.By != reader {
				return fault.New(agree.CodeAsker, "", nil, fault.Args{"Reader": q.By})
			}
			changed := false
			if !o.leave {
				outcome = review.OutcomeTaken
				st, err := openAll(ctx, ws, newReporter(log, true))
				if err != nil {
					return err
				}
				r, err := ws.Review(st, reader)
				if err != nil {
					return err
				}
				if changed, err = agree.Take(r, &q, &a); err != nil {
					return err
				}
			}
			if err := agree.Conclude(ws, reader, a.ID, outcome); err != nil {
				return err
			}
			return writeJSON(out, map[string]any{"outcome": outcome, "changed": changed})
		})
	f := c.Flags()
	f.StringVar(&o.reader, "reader", "", text.T("consult.cli.flag.reader"))
	f.StringVar(&o.answer, "answer", "", text.T("consult.cli.flag.taken"))
	f.BoolVar(&o.leave, "leave", false, text.T("consult.cli.flag.leave"))
	return c
}

// writeJSON writes one indented document.
func writeJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// errPoints is the cause of wrong usage.
var errPoints = errors.New("points are X,Y;X,Y;…")

// parsePoints reads points as the flags take them.
func parsePoints(s string) ([][2]float64, error) {
	var out [][2]float64
	for part := range strings.SplitSeq(s, ";") {
		xs, ys, ok := strings.Cut(part, ",")
		x, errX := strconv.ParseFloat(strings.TrimSpace(xs), 64)
		y, errY := strconv.ParseFloat(strings.TrimSpace(ys), 64)
		if !ok || errX != nil || errY != nil {
			return nil, fmt.Errorf("%w: %w: %q", errUsage, errPoints, part)
		}
		out = append(out, [2]float64{x, y})
	}
	return out, nil
}

// findItem finds an item of the workspace by its name or ID.
func findItem(ws *store.Workspace, name string) (store.Item, error) {
	items, err := ws.Instances()
	if err != nil {
		return store.Item{}, err
	}
	for _, it := range items {
		if it.Name == name || it.ID == name {
			return it, nil
		}
	}
	return store.Item{}, fault.New(codeConsultImage, name, nil, nil)
}
