package virtual

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"testing"
)

// returned says that Main was called, and that this is no child.
var returned atomic.Bool

// Main makes a child of a process that is meant to be one: it runs the function
// that the parent asks for and exits. In every other process it returns at once.
//
// Call it first thing in main, and in TestMain of a package whose tests call Run.
func Main() {
	if os.Getenv(marker) == "" {
		returned.Store(true)
		return
	}
	os.Unsetenv(marker) // what the function starts is no child of ours
	serve(openAnswer())
}

// openAnswer opens the way back to the parent, also for the report of a crash.
func openAnswer() *os.File {
	syscall.CloseOnExec(answerFile)
	answer := os.NewFile(answerFile, "answer")
	if err := debug.SetCrashOutput(answer, debug.CrashOptions{}); err != nil {
		quit(err)
	}
	return answer
}

// serve never returns. There is a virtual clock only in a test, so the function
// is one: testing.Main is old, but unlike MainStart it is the same in every
// version of Go.
func serve(answer *os.File) {
	var asked request
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		quit(err)
	}
	one := testing.InternalTest{Name: asked.Function, F: func(t *testing.T) {
		send(answer, perform(t, asked))
	}}
	all := func(string, string) (bool, error) { return true, nil }
	testing.Main(all, []testing.InternalTest{one}, nil, nil)
}

func perform(t *testing.T, asked request) reply {
	found, ok := registry.Load(asked.Function)
	if !ok {
		return reply{Ending: ErrUnknown}
	}
	return inBubble(t, found.(call), asked.Input)
}

func send(answer *os.File, r reply) {
	data, err := json.Marshal(r)
	if err == nil && len(data) > maxAnswer {
		data, err = json.Marshal(reply{Ending: ErrOutput, Text: fmt.Sprintf("%d bytes", len(data))})
	}
	if err == nil {
		_, err = answer.Write(data)
	}
	if err != nil {
		quit(err)
	}
}

// quit ends a child that cannot answer. The parent reads why from standard error.
func quit(err error) {
	fmt.Fprintln(os.Stderr, "virtual:", err)
	os.Exit(1)
}
