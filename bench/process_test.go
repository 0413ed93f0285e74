package bench_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/shirou/gopsutil/v4/process"
)

// server is a process that answers on an address.
type server struct {
	b    *testing.B
	addr string // host and port
	of   *process.Process
}

// buildLab makes the program, as make build does.
func buildLab(b *testing.B) string {
	b.Helper()
	program := filepath.Join(b.TempDir(), "afflux")
	build := exec.Command("go", "build", "-trimpath", "-o", program, "github.com/affluxlab/afflux/cmd/afflux")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// startLab starts a lab with nothing set but what is given.
func startLab(b *testing.B, flags ...string) *server {
	b.Helper()
	return start(b, exec.Command(buildLab(b), append([]string{"serve", "--addr", "127.0.0.1:0"}, flags...)...), "AFFLUX_NOTHING=")
}

func startBare(b *testing.B) *server {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	return start(b, exec.Command(self), bareVar+"=1")
}

// start runs a server in an empty folder, with that variable for an environment,
// until the benchmark ends.
func start(b *testing.B, cmd *exec.Cmd, env string) *server {
	b.Helper()
	said := &banner{addr: make(chan string, 1)}
	cmd.Dir, cmd.Env, cmd.Stderr = b.TempDir(), []string{env}, said
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }() // how it ends is not what is measured
	b.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		select {
		case <-ended:
		case <-time.After(15 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
	})
	s := &server{b: b}
	select {
	case s.addr = <-said.addr:
	case <-ended:
		b.Fatalf("it did not start:\n%s", said.text.Bytes())
	case <-time.After(10 * time.Second):
		b.Fatal("it named no address within 10 s")
	}
	var err error
	if s.of, err = process.NewProcess(int32(cmd.Process.Pid)); err != nil {
		b.Fatal(err)
	}
	return s
}

// banner finds the address in what a server writes when it starts.
type banner struct {
	text bytes.Buffer
	addr chan string // has room for it
	told bool
}

var listening = regexp.MustCompile(`listening on (127\.0\.0\.1:\d+)`)

func (w *banner) Write(p []byte) (int, error) {
	if w.told {
		return len(p), nil
	}
	w.text.Write(p)
	if found := listening.FindSubmatch(w.text.Bytes()); found != nil {
		w.told = true
		w.addr <- string(found[1])
	}
	return len(p), nil
}

// cpu is the processor time that the process has taken since its start.
func (s *server) cpu() time.Duration {
	s.b.Helper()
	t, err := s.of.Times()
	if err != nil {
		s.b.Fatal(err)
	}
	return time.Duration((t.User + t.System) * float64(time.Second))
}

// core is the share of one core, in percent, that the process takes during d.
func (s *server) core(d time.Duration) float64 {
	s.b.Helper()
	began, cpu := time.Now(), s.cpu()
	time.Sleep(d)
	return 100 * (s.cpu() - cpu).Seconds() / time.Since(began).Seconds()
}

// resident is the memory of the process that is in RAM, in bytes.
func (s *server) resident() float64 {
	s.b.Helper()
	m, err := s.of.MemoryInfo()
	if err != nil {
		s.b.Fatal(err)
	}
	return float64(m.RSS)
}
