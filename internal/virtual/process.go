package virtual

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// errOver is the cause of the end of a child's context when the limit is over.
var errOver = errors.New("limit")

// dying is how long a child may take to report its goroutines when the limit is
// over. Then it is killed.
const dying = time.Second

// ask runs a child for one request. A child that ended well has its answer taken,
// also if the time was over meanwhile.
func ask(ctx context.Context, asked request, limit time.Duration) (reply, error) {
	if !returned.Load() {
		return reply{}, &Error{Function: asked.Function, Ending: ErrNoMain}
	}
	limited, release := context.WithTimeoutCause(ctx, limit, errOver)
	defer release()
	c, err := newChild(limited, asked)
	if err == nil {
		err = c.run()
	}
	switch {
	case err == nil:
		return c.reply()
	case ctx.Err() != nil:
		return reply{}, context.Cause(ctx)
	case c == nil || c.cmd.Process == nil && limited.Err() == nil:
		return reply{}, fmt.Errorf("virtual: start a child for %s: %w", asked.Function, err)
	case limited.Err() != nil:
		return reply{}, c.fail(ErrLimit, limit.String(), c.report())
	default:
		return reply{}, c.crashed()
	}
}

// child is one child process, seen from its parent.
type child struct {
	cmd      *exec.Cmd
	function string
	answer   *intake
	stderr   tail
}

func newChild(ctx context.Context, asked request) (*child, error) {
	input, err := json.Marshal(asked)
	if err != nil {
		return nil, err
	}
	program, err := self()
	if err != nil {
		return nil, err
	}
	answer, err := newIntake(maxAnswer)
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.CommandContext(ctx, program), function: asked.Function, answer: answer}
	c.cmd.Args = os.Args[:1] // testing reads them: nothing of ours may matter
	c.cmd.Env = environment()
	c.cmd.Stdin, c.cmd.Stderr = bytes.NewReader(input), &c.stderr
	c.cmd.ExtraFiles = []*os.File{answerFile - 3: answer.theirs}
	c.cmd.SysProcAttr = attributes()
	c.cmd.WaitDelay = dying
	c.cmd.Cancel = func() error {
		if context.Cause(ctx) == errOver {
			return c.cmd.Process.Signal(syscall.SIGQUIT) // the runtime reports all goroutines
		}
		return c.cmd.Process.Kill()
	}
	return c, nil
}

// environment is ours, but for what would make answers depend on the machine. With
// the race detector a process sleeps a second before it ends, for goroutines that
// may yet race; a child has none left.
func environment() []string {
	return append(os.Environ(), marker+"=1", "TZ=UTC", "GOMAXPROCS=1",
		"GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE"))
}

// self is the program that runs. On Linux it is that very file, also after a new
// build has taken its name: such a child might not understand its parent.
func self() (string, error) {
	if runtime.GOOS == "linux" {
		return "/proc/self/exe", nil
	}
	return os.Executable()
}

// run starts the child and waits until it has ended, has been reaped, and all that
// it said is here.
func (c *child) run() error {
	// The child is killed when the thread that started it ends: see attributes.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := c.cmd.Start()
	c.answer.start()
	if err == nil {
		err = c.cmd.Wait()
	}
	c.answer.wait(dying)
	return err
}

// reply is the answer of a child that ended well.
func (c *child) reply() (reply, error) {
	if c.answer.over {
		return reply{}, c.fail(ErrOutput, "descriptor 3 was given more", "")
	}
	var r reply
	if err := json.Unmarshal(c.answer.data, &r); err != nil {
		return reply{}, c.fail(ErrDied, "its answer is no JSON: "+err.Error(), c.report())
	}
	if r.Ending != "" {
		return reply{}, c.fail(r.Ending, r.Text, r.Trace)
	}
	return r, nil
}

// crashed says why a child ended that was not told to.
func (c *child) crashed() error {
	if value, ok := strings.CutPrefix(string(c.answer.data), "panic: "); ok {
		value, stack, _ := strings.Cut(value, "\n")
		return c.fail(ErrPanicked, value, head(strings.TrimLeft(stack, "\n")))
	}
	fatal := c.stderr.lastLine("fatal error: ")
	if strings.Contains(fatal, "all goroutines are asleep") {
		return c.fail(ErrDeadlock, "a goroutine waits for a mutex, and the clock for that goroutine", c.report())
	}
	text := c.cmd.ProcessState.String()
	if fatal != "" {
		text += ", " + fatal
	}
	return c.fail(ErrDied, text, c.report())
}

// report is what the runtime said about a crash, or else the end of what the child
// wrote to standard error. Of a fatal error the runtime reports all but its name,
// which is on standard error alone.
func (c *child) report() string {
	if len(c.answer.data) > 0 {
		return head(strings.TrimLeft(string(c.answer.data), "\n"))
	}
	return c.stderr.end(maxTrace)
}

func (c *child) fail(e Ending, text, trace string) error {
	return &Error{Function: c.function, Ending: e, Text: text, Trace: trace}
}
