package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/image/font/sfnt"

	"echoline/assets"
	"echoline/inference"
	"echoline/inference/ort"
	"echoline/internal/fault"
	"echoline/internal/study/worker"
	"echoline/internal/text"
)

// codeUnwell: doctor found something at fault; arg Parts.
const codeUnwell fault.Code = "doctor.unwell"

// minFree is the free space (bytes) below which a disk is called full: room for a day's journal and its exports.
const minFree = 256 << 20

// finding is what doctor says about one part: whether it is well, what was found, and what to do if it is not.
type finding struct {
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	Do     string `json:"do,omitempty"`
}

// diagnosis is doctor's report.
type diagnosis struct {
	OK      bool           `json:"ok"`
	Version string         `json:"version"`
	Display finding        `json:"display"`
	Runtime runtimeFinding `json:"onnx_runtime"`
	Model   modelFinding   `json:"model"`
	Fonts   finding        `json:"fonts"`
	Decoder decoderFinding `json:"decoder"`
	Disk    diskFinding    `json:"disk"`
}

type runtimeFinding struct {
	finding
	Path    string `json:"path,omitempty"`
	Version string `json:"version,omitempty"`
}

type modelFinding struct {
	finding
	Path       string `json:"path,omitempty"`
	SHA256     string `json:"sha256,omitempty"`
	Name       string `json:"name,omitempty"`
	Version    string `json:"version,omitempty"`
	Calibrated bool   `json:"calibrated"`
	Guided     bool   `json:"guided"` // takes clicks and strokes
}

type diskFinding struct {
	finding
	Places []place `json:"places"`
}

// place is a folder that the program writes to.
type place struct {
	Use  string `json:"use"`
	Path string `json:"path"`
	Free uint64 `json:"free_bytes"`
}

// doctorCommand examines the machine.
func doctorCommand() *cobra.Command {
	var o viewOptions
	c := &cobra.Command{
		Use:     "doctor",
		Short:   text.T("doctor.short"),
		Long:    text.T("doctor.long"),
		Example: "  echoline doctor",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("%w: %s", errUsage, text.T("doctor.usage"))
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return doctor(o, c.OutOrStdout()) },
	}
	c.Flags().StringVar(&o.workspace, "workspace", "", text.T("cli.flag.workspace"))
	c.Flags().StringVar(&o.model, "model", "", text.T("cli.flag.model"))
	return c
}

// doctor writes the diagnosis to out. The error names the parts at fault.
func doctor(o viewOptions, out io.Writer) error {
	d := diagnosis{Version: version, Display: checkDisplay(), Fonts: checkFonts(assets.FontRegular, assets.FontBold)}
	d.Runtime = checkRuntime()
	d.Model = checkModel(o.model, d.Runtime)
	d.Decoder = checkDecoder(worker.New())
	d.Disk = checkDisk(o.workspace)

	var unwell []string
	for _, p := range []struct {
		name string
		ok   bool
	}{
		{"display", d.Display.OK},
		{"onnx_runtime", d.Runtime.OK},
		{"model", d.Model.OK},
		{"fonts", d.Fonts.OK},
		{"decoder", d.Decoder.OK},
		{"disk", d.Disk.OK},
	} {
		if !p.ok {
			unwell = append(unwell, p.name)
		}
	}
	d.OK = len(unwell) == 0
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(d); err != nil {
		return err
	}
	if !d.OK {
		return fault.New(codeUnwell, "", nil, fault.Args{"Parts": strings.Join(unwell, ", ")})
	}
	return nil
}

// well and ill make findings; ill takes the sentences of a fault.
func well(key string, args text.Args) finding { return finding{OK: true, Detail: text.T(key, args)} }

func ill(err error) finding {
	what, do := text.FaultParts(err)
	return finding{Detail: what, Do: do}
}

// checkRuntime loads the library.
func checkRuntime() runtimeFinding {
	path, err := ort.FindLibrary()
	if err != nil {
		return runtimeFinding{finding: ill(err)}
	}
	found, err := ort.Runtime(path)
	if err != nil {
		return runtimeFinding{finding: ill(err), Path: path}
	}
	return runtimeFinding{finding: well("doctor.runtime", text.Args{"Version": found}), Path: path, Version: found}
}

// checkModel opens the model at path, or the one that ships, and asks it for its contract.
func checkModel(path string, runtime runtimeFinding) modelFinding {
	if path == "" {
		var err error
		if path, err = ort.FindModel(); err != nil {
			return modelFinding{finding: ill(err)}
		}
	}
	m := modelFinding{Path: path}
	if !runtime.OK {
		m.Detail, m.Do = text.T("doctor.model.unread"), runtime.Do
		return m
	}
	engine, contract, sum, err := ort.OpenEngine(runtime.Path, path, 1)
	if err != nil {
		m.finding = ill(err)
		return m
	}
	if c, ok := engine.(io.Closer); ok {
		defer c.Close()
	}
	m.finding = well(modelKey(contract), text.Args{"Name": contract.Name, "Version": contract.Version})
	m.SHA256, m.Name, m.Version, m.Calibrated = sum, contract.Name, contract.Version, contract.Calibrated
	guidance := "doctor.model.unguided"
	if m.Guided = contract.Guidance.Input != ""; m.Guided {
		guidance = "doctor.model.guided"
	}
	m.Detail += "; " + text.T(guidance)
	return m
}

// modelKey names the sentence for a model that keeps its contract.
func modelKey(c *inference.Contract) string {
	if c.Calibrated {
		return "doctor.model.calibrated"
	}
	return "doctor.model.uncalibrated"
}

// The first and the last of the Hangul syllables, which the window must be able to write.
const (
	firstHangul = '가'
	lastHangul  = '힣'
)

// checkFonts looks for every Hangul syllable in each font file.
func checkFonts(files ...[]byte) finding {
	for _, data := range files {
		f, err := sfnt.Parse(data)
		if err != nil {
			return finding{Detail: text.T("doctor.fonts.broken", text.Args{"Cause": err.Error()}), Do: text.T("doctor.reinstall")}
		}
		var b sfnt.Buffer
		for r := firstHangul; r <= lastHangul; r++ {
			if i, err := f.GlyphIndex(&b, r); err != nil || i == 0 {
				return finding{Detail: text.T("doctor.fonts.missing", text.Args{"Letter": string(r)}), Do: text.T("doctor.reinstall")}
			}
		}
	}
	return well("doctor.fonts", nil)
}

// checkDisk asks, for each folder that the program writes to, whether it can and how much room there is.
func checkDisk(workspace string) diskFinding {
	dirs, err := standardDirs()
	if err != nil {
		return diskFinding{finding: finding{Detail: text.T("doctor.disk.home", text.Args{"Cause": err.Error()}), Do: text.T("doctor.disk.home.do")}}
	}
	if workspace == "" {
		workspace = dirs.workspace
	}
	d := diskFinding{finding: well("doctor.disk", nil)}
	for _, p := range []place{{Use: "workspace", Path: workspace}, {Use: "demo", Path: dirs.demo}, {Use: "settings", Path: dirs.config}} {
		var detail, do string
		p.Free, detail, do = checkPlace(p.Path)
		d.Places = append(d.Places, p)
		if detail != "" && d.OK {
			d.finding = finding{Detail: detail, Do: do}
		}
	}
	return d
}

// checkPlace returns the free space (bytes) for a folder that may be yet to be made, and what is wrong with it, if anything.
func checkPlace(path string) (free uint64, detail, do string) {
	there := path
	for info, err := os.Stat(there); err != nil || !info.IsDir(); info, err = os.Stat(there) {
		if err == nil { // a file is in the way
			return 0, text.T("doctor.disk.file", text.Args{"Path": there}), text.T("doctor.disk.file.do")
		}
		up := filepath.Dir(there)
		if up == there {
			break
		}
		there = up
	}
	if err := probe(there); err != nil {
		return 0, text.T("doctor.disk.readonly", text.Args{"Path": path, "Cause": err.Error()}), text.T("doctor.disk.readonly.do")
	}
	free, err := freeSpace(there)
	if err != nil {
		return 0, text.T("doctor.disk.unknown", text.Args{"Path": path, "Cause": err.Error()}), text.T("doctor.disk.readonly.do")
	}
	if free < minFree {
		args := text.Args{"Path": path, "Free": free >> 20, "Want": minFree >> 20}
		return free, text.T("doctor.disk.full", args), text.T("doctor.disk.full.do")
	}
	return free, "", ""
}

// probe writes a file into dir and takes it away.
func probe(dir string) error {
	f, err := os.CreateTemp(dir, ".echoline-doctor-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString("x")
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}
