package main

import (
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"echoline/inference"
	"echoline/inference/ort"
	"echoline/internal/text"
	"echoline/ui"
)

// logVariable is the environment variable that turns the log on: "debug" or "info".
const logVariable = "ECHOLINE_LOG"

// viewOptions are the viewer's flags.
type viewOptions struct {
	workspace string
	model     string
}

// view opens the window on paths.
func view(o viewOptions, paths []string) error {
	dirs, err := standardDirs()
	if err != nil {
		return err
	}
	if o.workspace == "" {
		o.workspace = dirs.workspace
	}
	for i, p := range paths {
		if abs, err := filepath.Abs(p); err == nil {
			paths[i] = abs
		}
	}
	return ui.Run(ui.Config{
		Version: version, Paths: paths, Workspace: o.workspace,
		ConfigDir: dirs.config, DemoDir: dirs.demo, Seconds: dirs.seconds,
		Predictor: func() (inference.Predictor, error) {
			p, notice, err := openChosen(o.workspace, o.model, viewerThreads())
			if err == nil && notice != nil {
				err = notice
			}
			return p, err
		},
		Ships: shippedModel, OpenModel: openPredictor,
		Log: newLog(),
	})
}

// addViewFlags gives the root command the viewer's flags and its work.
func addViewFlags(root *cobra.Command) {
	var o viewOptions
	root.Flags().StringVar(&o.workspace, "workspace", "", text.T("cli.flag.workspace"))
	root.Flags().StringVar(&o.model, "model", "", text.T("cli.flag.model"))
	root.RunE = func(_ *cobra.Command, args []string) error { return view(o, args) }
}

// openPredictor loads the runtime and a model: the one named, or the one that ships.
func openPredictor(model string, threads int) (inference.Predictor, error) {
	lib, err := ort.FindLibrary()
	if err != nil {
		return nil, err
	}
	if model == "" {
		if model, err = ort.FindModel(); err != nil {
			return nil, err
		}
	}
	return ort.Open(lib, model, threads)
}

// viewerThreads leaves one core to the window.
func viewerThreads() int { return max(1, runtime.NumCPU()-1) }

// dirs are the folders that the program uses when nothing else is said.
type dirs struct {
	config, demo, workspace string
	seconds                 []string // for what the workspace cannot take
}

// standardDirs follows the system's custom: configuration, cache and data of the user.
func standardDirs() (dirs, error) {
	config, err := os.UserConfigDir()
	if err != nil {
		return dirs{}, err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return dirs{}, err
	}
	data := config
	switch runtime.GOOS {
	case "darwin":
	case "windows":
		data = cache // %LocalAppData%: a workspace does not roam
	default:
		if data = os.Getenv("XDG_DATA_HOME"); data == "" {
			home, err := os.UserHomeDir()
			if err != nil {
				return dirs{}, err
			}
			data = filepath.Join(home, ".local", "share")
		}
	}
	return dirs{
		config:    filepath.Join(config, "echoline"),
		demo:      filepath.Join(cache, "echoline", "demo"),
		workspace: filepath.Join(data, "echoline", "workspace"),
		seconds:   seconds(cache),
	}, nil
}

// seconds are the folders of second places: in the user's cache, and where that fails too in the user's own temporary
// folder, which often lies in memory or on another disk. A folder that all users share would show them file names.
func seconds(cache string) []string {
	out := []string{filepath.Join(cache, "echoline", "second")}
	temp := os.TempDir()
	if runtime.GOOS != "darwin" && runtime.GOOS != "windows" {
		temp = os.Getenv("XDG_RUNTIME_DIR")
	}
	if temp != "" {
		out = append(out, filepath.Join(temp, "echoline", "second"))
	}
	return out
}
