package ort

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"echoline/internal/fault"
)

// LibraryVariable names the environment variable that overrides where the ONNX Runtime library is.
const LibraryVariable = "ONNXRUNTIME_SHARED_LIBRARY_PATH"

// FindLibrary returns the path of the ONNX Runtime library: what LibraryVariable says; else the library beside the
// executable, in lib beside it, or in lib one folder up; else, when run from the source tree, its lib folder. The error
// is a fault of CodeLibraryMissing.
func FindLibrary() (string, error) {
	if path := os.Getenv(LibraryVariable); path != "" {
		if !isFile(path) {
			return "", fault.New(CodeLibraryMissing, path, nil, fault.Args{"Version": Version})
		}
		return path, nil
	}
	var folders []string
	if exe := executableFolder(); exe != "" {
		folders = append(folders, exe, filepath.Join(exe, "lib"), filepath.Join(exe, "..", "lib"))
	}
	if root := sourceTree(); root != "" {
		folders = append(folders, filepath.Join(root, "lib"))
	}
	for _, folder := range folders {
		for _, name := range libraryNames {
			if path := filepath.Join(folder, name); isFile(path) {
				return path, nil
			}
		}
	}
	return "", fault.New(CodeLibraryMissing, libraryNames[0], nil, fault.Args{"Version": Version})
}

// FindModel returns the path of the model that ships with the program: the first .onnx file, by name, in models beside
// the executable; else, when run from the source tree, in its assets/models. The error is a fault of CodeModelMissing.
func FindModel() (string, error) {
	var folders []string
	if exe := executableFolder(); exe != "" {
		folders = append(folders, filepath.Join(exe, "models"))
	}
	if root := sourceTree(); root != "" {
		folders = append(folders, filepath.Join(root, "assets", "models"))
	}
	for _, folder := range folders {
		entries, err := os.ReadDir(folder) // sorted by name
		if err != nil {
			continue
		}
		i := slices.IndexFunc(entries, func(e os.DirEntry) bool {
			return !e.IsDir() && strings.EqualFold(filepath.Ext(e.Name()), ".onnx")
		})
		if i >= 0 {
			return filepath.Join(folder, entries[i].Name()), nil
		}
	}
	return "", fault.New(CodeModelMissing, "models/*.onnx", nil, nil)
}

// executableFolder is where the running program lies, links resolved; "" if the system does not say.
func executableFolder() string {
	exe, err := os.Executable()
	if err != nil {
		return ""
	}
	if target, err := filepath.EvalSymlinks(exe); err == nil {
		exe = target
	}
	return filepath.Dir(exe)
}

// sourceTree is the root of the program's own source tree if the working folder lies in it, else "".
func sourceTree() string {
	folder, err := os.Getwd()
	if err != nil {
		return ""
	}
	for {
		mod, err := os.ReadFile(filepath.Join(folder, "go.mod"))
		if err == nil && strings.HasPrefix(string(mod), "module echoline\n") {
			return folder
		}
		up := filepath.Dir(folder)
		if up == folder {
			return ""
		}
		folder = up
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
