package virtual_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/virtual"
)

// pipes makes what the function hang wants.
func pipes(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "pipe")
	for _, name := range []string{path, path + never} {
		if err := syscall.Mkfifo(name, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// running waits until hang runs in a child. It returns the child's process, and
// what can be read until that has ended.
func running(t *testing.T, path string) (pid int, life io.Reader) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	life = bufio.NewReader(f)
	line, err := life.(*bufio.Reader).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if pid, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
		t.Fatal(err)
	}
	return pid, life
}

func TestTheEndOfItsContextEndsACall(t *testing.T) {
	path, why := pipes(t), errors.New("enough of it")
	ctx, cancel := context.WithCancelCause(t.Context())
	failed := make(chan error, 1)
	go func() { // ends with the context, and is waited for below
		_, err := hang.Within(time.Minute).Run(ctx, path)
		failed <- err
	}()
	pid, _ := running(t, path)
	cancel(why)
	if err := <-failed; err != why {
		t.Errorf("got %v, want the cause %v", err, why)
	}
	if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
		t.Errorf("process %d is still there: %v", pid, err)
	}
}

func TestAContextThatHasEndedStartsNothing(t *testing.T) {
	why := errors.New("enough of it")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if _, err := sleep.Run(ctx, time.Second); err != why {
		t.Errorf("got %v, want the cause %v", err, why)
	}
}

func TestTheLimitEndsACallAndShowsWhereItHangs(t *testing.T) {
	path := pipes(t)
	failed := make(chan error, 1)
	go func() { // ends with the limit, and is waited for below
		_, err := hang.Within(500*time.Millisecond).Run(t.Context(), path)
		failed <- err
	}()
	pid, _ := running(t, path)
	want(t, <-failed, virtual.ErrLimit, "500ms", "os.ReadFile")
	if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
		t.Errorf("process %d is still there: %v", pid, err)
	}
}

func TestAMutexThatASleeperHoldsDoesNotHangTheCaller(t *testing.T) {
	_, err := holdsMutex.Within(500*time.Millisecond).Run(t.Context(), nothing{})
	e, ok := errors.AsType[*virtual.Error](err)
	if !ok || e.Ending != virtual.ErrLimit && e.Ending != virtual.ErrDeadlock {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(e.Trace, "sync.(*Mutex).Lock") {
		t.Errorf("the trace does not show the mutex:\n%s", e.Trace)
	}
}

func TestASignalThatEndsAChildIsNamed(t *testing.T) {
	path := pipes(t)
	failed := make(chan error, 1)
	go func() { // ends with the signal, and is waited for below
		_, err := hang.Within(time.Minute).Run(t.Context(), path)
		failed <- err
	}()
	pid, _ := running(t, path)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	want(t, <-failed, virtual.ErrDied, "signal: killed", "")
}

func TestAChildEndsWithItsParent(t *testing.T) {
	path := pipes(t)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	parent := exec.Command(program)
	parent.Env = append(os.Environ(), parentOf+"="+path)
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	_, life := running(t, path)
	parent.Process.Kill()
	parent.Wait()
	if _, err := io.ReadAll(life); err != nil { // until the child has closed its end
		t.Error(err)
	}
}
