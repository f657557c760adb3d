package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/spf13/cobra"

	"echoline/internal/fault"
	"echoline/internal/study"
	"echoline/internal/text"
)

// fileInfo is what info says of one file. Fields that the file does not state are empty or 0.
type fileInfo struct {
	Path           string       `json:"path"`
	Status         string       `json:"status"` // opened, refused or skipped
	Reason         string       `json:"reason"` // for people, in their language; "" if opened
	Modality       string       `json:"modality"`
	TransferSyntax string       `json:"transfer_syntax"` // UID
	Photometric    string       `json:"photometric"`
	Frames         int          `json:"frames"`
	Rows           int          `json:"rows"`
	Columns        int          `json:"columns"`
	Regions        []regionInfo `json:"regions"`
}

// regionInfo is one Ultrasound Region: bounds in pixels (x1 and y1 exclusive), the rest as DICOM codes it.
type regionInfo struct {
	X0            int     `json:"x0"`
	Y0            int     `json:"y0"`
	X1            int     `json:"x1"`
	Y1            int     `json:"y1"`
	SpatialFormat int     `json:"spatial_format"`
	DataType      int     `json:"data_type"`
	UnitsX        int     `json:"units_x"`
	UnitsY        int     `json:"units_y"`
	DeltaX        float64 `json:"delta_x"`
	DeltaY        float64 `json:"delta_y"`
	Flags         uint32  `json:"flags"`
}

// infoCommand lists what the given files are.
func infoCommand() *cobra.Command {
	var quiet bool
	c := &cobra.Command{
		Use:     "info PATH…",
		Short:   text.T("info.short"),
		Long:    text.T("info.long"),
		Example: "  echoline info study/ DICOMDIR",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("%w: %s", errUsage, text.T("study.usage.paths"))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt)
			defer stop()
			report := newReporter(c.ErrOrStderr(), quiet)
			defer report.end()
			return listFiles(ctx, c.OutOrStdout(), args, report)
		},
	}
	c.Flags().BoolVar(&quiet, "quiet", false, text.T("study.flag.quiet"))
	return c
}

// listFiles runs the command.
func listFiles(ctx context.Context, out io.Writer, paths []string, report *reporter) error {
	st, err := study.Open(ctx, paths, func(done, total int) { report.step(text.T("study.opening"), done, total) })
	if err != nil {
		return err
	}
	report.end()
	files := make([]fileInfo, len(st.Files))
	for i := range st.Files {
		files[i] = describeFile(&st.Files[i])
	}
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(map[string]any{"files": files})
}

// describeFile sums up one file.
func describeFile(f *study.File) fileInfo {
	info := fileInfo{Path: f.Path, Status: "opened", Regions: []regionInfo{}}
	switch {
	case f.Refused != nil:
		info.Status = "refused"
		info.Reason = text.Fault(fault.New(f.Refused.Code, "", f.Refused.Cause, f.Refused.Args))
	case f.Skipped != "":
		info.Status = "skipped"
		info.Reason = text.Fault(fault.New(f.Skipped, "", nil, nil))
	}
	it := f.Item
	if it == nil {
		return info
	}
	info.Modality, info.TransferSyntax, info.Photometric = it.Modality, it.TransferSyntax, it.Photometric
	info.Rows, info.Columns = it.H, it.W
	if it.W > 0 && it.H > 0 {
		info.Frames = it.Frames
	}
	for _, r := range it.Regions {
		info.Regions = append(info.Regions, regionInfo(r))
	}
	return info
}
