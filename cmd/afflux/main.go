// Command afflux is the laboratory and the tools to talk to one that runs.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/affluxlab/afflux/internal/virtual"
)

// Exit codes, the same for all commands.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitUnreachable = 3
	exitInterrupted = 130
)

// version is set by the build: -ldflags "-X main.version=v1.2.3".
var version = "dev"

// streams are where a command writes: data to out, talk to err.
type streams struct{ out, err io.Writer }

// stops are the two ways in which a person ends a command: the first Ctrl-C or
// SIGTERM ends soft, the second ends hard.
type stops struct{ soft, hard context.Context }

type cli struct {
	Serve   serveCmd   `cmd:"" help:"Run the lab."`
	Get     getCmd     `cmd:"" help:"Show the settings of a running lab, or one of them."`
	Set     setCmd     `cmd:"" help:"Change settings of a running lab."`
	Observe observeCmd `cmd:"" help:"Show what a running lab does: tree, processes, goroutines."`
	Token   tokenCmd   `cmd:"" help:"Make a token for server.token."`
	Version versionCmd `cmd:"" help:"Show the version."`
}

const description = `A laboratory for the flow of work through a service.

Examples:
  afflux serve                            the lab on http://localhost:4000
  afflux serve --resource-latency 100ms   with a faster mock resource
  afflux set resource.latency=x5          five times slower, while it runs
  afflux set resource.limit=15            at most 15 uses at one time
  afflux get resource.latency             one setting
  afflux observe                          what it is made of and does, live
`

func main() {
	virtual.Main() // does not return in a child that runs an experiment
	stop, release := watchSignals()
	code := run(os.Args[1:], streams{os.Stdout, os.Stderr}, stop)
	release()
	os.Exit(code)
}

// run is the whole program but for the process around it.
func run(args []string, s streams, stop stops) int {
	var c cli
	code := -1
	parser, err := kong.New(&c,
		kong.Name("afflux"), kong.Description(description),
		kong.Writers(s.out, s.err), kong.Exit(func(n int) { code = n }),
		kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Bind(s, stop), kong.PostBuild(addSettingFlags(&c.Serve)),
	)
	if err != nil {
		fmt.Fprintln(s.err, "afflux:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	ctx, err := parser.Parse(args)
	if code >= 0 { // --help was answered
		return code
	}
	if err != nil {
		fmt.Fprintf(s.err, "afflux: %v\nafflux --help shows what there is.\n", err)
		return exitUsage
	}
	return exitCode(ctx.Run(), s)
}

// codeError is an error that decides the exit code.
type codeError struct {
	code int
	err  error
}

func (e *codeError) Error() string { return e.err.Error() }
func (e *codeError) Unwrap() error { return e.err }

func exitCode(err error, s streams) int {
	if err == nil {
		return exitOK
	}
	fmt.Fprintln(s.err, "afflux:", err)
	if coded, ok := errors.AsType[*codeError](err); ok {
		return coded.code
	}
	return exitFailed
}

// watchSignals turns Ctrl-C and SIGTERM into the ends of two contexts.
func watchSignals() (stops, func()) {
	soft, endSoft := context.WithCancel(context.Background())
	hard, endHard := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2) // room for both: the runtime does not wait to send
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() { // ended and waited for by release
		defer close(done)
		for _, end := range []func(){endSoft, endHard} {
			if _, ok := <-signals; !ok {
				return
			}
			end()
		}
	}()
	return stops{soft, hard}, func() { signal.Stop(signals); close(signals); <-done; endSoft(); endHard() }
}
