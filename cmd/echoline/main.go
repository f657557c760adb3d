// Command echoline is the viewer for correcting lesion outlines on ultrasound, and its batch commands.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"echoline/internal/study"
	"echoline/internal/study/worker"
	"echoline/internal/text"
)

// version is set by the linker.
var version = "dev"

// errUsage marks wrong usage: exit status 2.
var errUsage = errors.New("wrong usage")

func main() {
	if len(os.Args) == 2 && os.Args[1] == worker.Command {
		os.Exit(worker.Main())
	}
	study.Use(worker.New()) // the processes are started with the first file, and end with this one
	os.Exit(run(os.Args[1:]))
}

// run executes the command line and returns the exit status: 0 done, 1 something failed, 2 wrong usage.
func run(args []string) int {
	text.SetLanguage(systemLanguage())
	root := newRoot()
	root.SetArgs(args)
	err := root.Execute()
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, "echoline:", err)
		return 2
	default:
		fmt.Fprintln(os.Stderr, "echoline:", text.Fault(err))
		return 1
	}
}

// newRoot builds the command tree.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "echoline [PATH…]",
		Short:         "Review and correct lesion outlines on ultrasound",
		Version:       version,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return fmt.Errorf("%w: %w", errUsage, err) })
	root.AddCommand(adjudicateCommand(), agreeCommand(), auditCommand(), consultCommand(), deidentifyCommand(), doctorCommand(), effortCommand(), exportCommand(), fetchCommand(), framesCommand(), importCommand(), infoCommand(), mergeCommand(), modelsCommand(), predictCommand(), projectCommand(), sendCommand(), shareCommand(), trainCommand())
	addViewFlags(root)
	return root
}

// systemLanguage is the language tag that the environment asks for; the window asks the system itself.
func systemLanguage() string {
	for _, v := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if l := os.Getenv(v); l != "" {
			return l
		}
	}
	return ""
}
