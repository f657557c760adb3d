package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	"echoline/internal/deid"
	"echoline/internal/export"
	"echoline/internal/fault"
	"echoline/internal/study"
	"echoline/internal/text"
)

// checkDeidentify finds wrong usage of --deidentify: it is for segmentations, which have no picture in them.
func (o *exportOptions) checkDeidentify() error {
	if o.deidentify && (o.manifest || !strings.HasPrefix(o.format, "seg")) {
		return fmt.Errorf("%w: %s", errUsage, text.T("deid.usage.export"))
	}
	return nil
}

// folder is where the export writes: the output, or a folder of its own, gone afterwards, from which the files go on to
// be de-identified.
func (o *exportOptions) folder() (dir string, done func(), err error) {
	if !o.deidentify {
		return o.out, func() {}, nil
	}
	if dir, err = os.MkdirTemp("", "echoline-export-"); err != nil {
		return "", nil, fault.New(export.CodeFolder, os.TempDir(), err, nil)
	}
	return dir, func() { os.RemoveAll(dir) }, nil
}

// withoutPersons de-identifies what was exported, and puts what became of it into the result.
func (o *exportOptions) withoutPersons(ctx context.Context, res *export.Result, report *reporter) error {
	paths := make([]string, len(res.Files))
	for i, f := range res.Files {
		paths[i] = f.Path
	}
	res.Files = nil
	if len(paths) == 0 {
		return nil
	}
	key, boxes, err := (&deidOptions{}).memory()
	if err != nil {
		return err
	}
	st, err := study.Open(ctx, paths, nil)
	if err != nil {
		return err
	}
	total := len(st.Files)
	done, err := deid.Run(ctx, st, deid.Options{
		Dir: o.out, Key: key, Dates: deid.Modified, Boxes: boxes, Overwrite: o.overwrite,
		Name: func(i int, _ string) string { return text.T("deid.name", text.Args{"Number": i + 1, "Total": total}) },
	})
	for _, f := range done.Failed {
		report.fail(f)
	}
	for _, path := range done.Files {
		data, err := os.ReadFile(path)
		if err != nil {
			return fault.New(deid.CodeWrite, path, err, nil)
		}
		sum := sha256.Sum256(data)
		res.Files = append(res.Files, export.File{Path: path, SHA256: hex.EncodeToString(sum[:])})
	}
	return err
}
