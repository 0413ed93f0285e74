package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The tests drive the real program, built once, with the real ab.
var binary string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "afflux")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "afflux")
		if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// program is a running afflux serve.
type program struct {
	t    testing.TB
	cmd  *exec.Cmd
	err  *output
	addr string
}

// output collects what a process writes, while it writes.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) { o.mu.Lock(); defer o.mu.Unlock(); return o.b.Write(p) }
func (o *output) String() string              { o.mu.Lock(); defer o.mu.Unlock(); return o.b.String() }

var listening = regexp.MustCompile(`listening on (127\.0\.0\.1:\d+)`)

func serve(t testing.TB, args ...string) *program {
	t.Helper()
	p := &program{t: t, err: &output{}}
	p.cmd = exec.Command(binary, append([]string{"serve", "--addr", "localhost:0"}, args...)...)
	p.cmd.Dir = t.TempDir()
	p.cmd.Stderr = p.err
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill(); p.cmd.Wait() })
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if found := listening.FindStringSubmatch(p.err.String()); found != nil {
			p.addr = found[1]
			if res, err := http.Get("http://" + p.addr + "/readyz"); err == nil {
				res.Body.Close()
				if res.StatusCode == 200 {
					return p
				}
			}
		}
	}
	t.Fatalf("not ready: %s", p.err)
	return nil
}

// stop sends signals and returns the exit code.
func (p *program) stop(signals ...os.Signal) int {
	p.t.Helper()
	for _, s := range signals {
		if err := p.cmd.Process.Signal(s); err != nil {
			p.t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond) // two of a kind that arrive together are one
	}
	p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode()
}

type books struct {
	InFlight int `json:"in_flight"`
	Peak     int
	Started  int
	Finished int
	Failed   int
	Rejected int
}

func (p *program) books() (b books) {
	p.t.Helper()
	res, err := http.Get("http://" + p.addr + "/api/v1/resource")
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&b); err != nil {
		p.t.Fatal(err)
	}
	return b
}

// settled waits until nothing is in flight.
func (p *program) settled() books {
	p.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if b := p.books(); b.InFlight == 0 {
			return b
		} else if time.Now().After(deadline) {
			p.t.Fatalf("still in flight: %+v", b)
		}
	}
}

// report is what ab printed, by the name before the colon.
type report map[string]string

func (p *program) ab(path string, args ...string) report {
	p.t.Helper()
	ab, err := exec.LookPath("ab")
	if err != nil {
		p.t.Fatal("these tests need ab: make tools installs it")
	}
	out, err := exec.Command(ab, append(append([]string{"-q"}, args...), "http://"+p.addr+path)...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("ab: %v\n%s", err, out)
	}
	r := report{}
	for line := range strings.Lines(string(out)) {
		if name, value, ok := strings.Cut(line, ":"); ok {
			r[name] = strings.TrimSpace(value)
		}
	}
	return r
}

func (r report) number(name string) float64 {
	first, _, _ := strings.Cut(r[name], " ")
	n, _ := strconv.ParseFloat(first, 64)
	return n
}

// afflux runs a command against p and returns its exit code and what it printed.
func (p *program) afflux(args ...string) (code int, out, errs string) {
	return afflux(append(args, "--addr", p.addr)...)
}

func afflux(args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	cmd := exec.Command(binary, args...)
	cmd.Stdout, cmd.Stderr = &o, &e
	cmd.Run()
	return cmd.ProcessState.ExitCode(), o.String(), e.String()
}

func TestAbAgainstSerial(t *testing.T) {
	p := serve(t, "--resource-latency", "50ms")
	r := p.ab("/part1/serial", "-n", "600", "-c", "50")
	// ab sends its first request alone: (1 + ⌈599/50⌉) · 50 ms = 650 ms.
	if took := r.number("Time taken for tests"); took < 0.65 || r["Complete requests"] != "600" || r["Failed requests"] != "0" || r["Document Length"] != "2 bytes" {
		t.Errorf("%v", r)
	}
	if b := p.books(); b.Peak > 50 || b.Peak < 45 || b.Finished != 600 {
		t.Errorf("%+v", b)
	}
}

func TestAbAgainstAsync(t *testing.T) {
	p := serve(t, "--resource-latency", "3s") // longer than the run: nothing is done before all is accepted
	r := p.ab("/part1/async", "-n", "3000", "-c", "50")
	if r["Complete requests"] != "3000" || r["Failed requests"] != "0" {
		t.Errorf("%v", r)
	}
	if b := p.books(); b.Started != 3000 {
		t.Errorf("%+v", b)
	}
	if b := p.settled(); b.Finished != 3000 || b.Failed != 0 || b.Peak < 2000 {
		t.Errorf("%+v", b)
	}
}

func TestAbAgainstALimitOfFifteen(t *testing.T) {
	p := serve(t, "--resource-limit", "15")
	r := p.ab("/part1/serial", "-n", "1000", "-c", "50")
	// The first request alone, then fifteen of the next fifty: the rest of the
	// budget is burnt on refusals while those wait.
	b := p.settled()
	if b.Peak != 15 || b.Finished < 16 || int(r.number("Non-2xx responses")) != 1000-b.Finished || b.Rejected != 1000-b.Finished {
		t.Errorf("%+v %v", b, r)
	}
	p.afflux("set", "resource.latency=20ms")
	p.reset()
	r = p.ab("/part1/serial", "-n", "300", "-c", "15")
	if b := p.books(); b.Rejected != 0 || b.Finished != 300 || b.Peak > 15 || r["Non-2xx responses"] != "" {
		t.Errorf("fifteen at a time: %+v %v", b, r)
	}
}

func TestAbShowsThatNaiveAdmissionLetsTooManyIn(t *testing.T) {
	p := serve(t, "--resource-limit", "15", "--resource-admission", "naive", "--resource-naive-gap", "20ms")
	p.ab("/part1/serial", "-n", "200", "-c", "50")
	if b := p.books(); b.Peak <= 15 {
		t.Errorf("%+v: the race did not show", b)
	}
}

func (p *program) reset() {
	res, err := http.Post("http://"+p.addr+"/api/v1/reset", "", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	res.Body.Close()
}

func TestSettingsFromTheCommandLine(t *testing.T) {
	p := serve(t)
	for _, c := range []struct {
		args string
		code int
		out  string
		err  string
	}{
		{"get resource.latency", 0, "500ms\n", ""},
		{"set resource.latency=x5 resource.limit=15", 0, "resource.latency = 2.5s\nresource.limit = 15\n", ""},
		{"set resource.latency=/5", 0, "resource.latency = 500ms\n", ""},
		{"set resource.limit=", 0, "resource.limit = 0\n", ""},
		{"get resource.limit --json", 0, "0\n", ""},
		{"set resource.limit=many", 2, "", "want a whole number"},
		{"set resource.lmit=3", 2, "", "did you mean resource.limit?"},
		{"set server.addr=x:1", 2, "", "cannot be changed"},
		{"set latency", 2, "", "want KEY=VALUE"},
		{"get no.such", 2, "", "no such setting"},
		{"get resource.latncy", 2, "", "did you mean resource.latency?"},
	} {
		code, out, errs := p.afflux(strings.Fields(c.args)...)
		if code != c.code || out != c.out || !strings.Contains(errs, c.err) {
			t.Errorf("%s: %d %q %q", c.args, code, out, errs)
		}
	}
	if _, out, _ := p.afflux("get"); !strings.Contains(out, "resource.on_full = reject\n") || strings.Contains(out, "token") {
		t.Errorf("%q", out)
	}
}

func TestExitCodesAndErrorsNameTheirPlace(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	file := filepath.Join(t.TempDir(), "my.toml")
	if err := os.WriteFile(file, []byte("[resource]\nlimit = -3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"serve", "--addr", "localhost:" + port}, 1, "port " + port + " on 127.0.0.1 is taken"},
		{[]string{"serve", "--addr", "0.0.0.0:0"}, 2, "server.token"},
		{[]string{"serve", "--resource-latency", "fast"}, 2, "--resource-latency: resource.latency: \"fast\": want a duration"},
		{[]string{"serve", "--nope"}, 2, "unknown flag --nope"},
		{[]string{"serve", "--config", file}, 2, file + ":2: resource.limit"},
		{[]string{"serve", "--config", "/nowhere.toml"}, 2, "/nowhere.toml"},
		{[]string{"nope"}, 2, "nope"},
		{[]string{"get", "--addr", "4000"}, 2, "want an address with a port"},
		{[]string{"get", "--addr", "localhost:1"}, 3, "no lab answers at localhost:1"},
	} {
		code, _, errs := afflux(c.args...)
		if code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("%v: %d %q", c.args, code, errs)
		}
	}
	if code, out, _ := afflux("token"); code != 0 || len(strings.TrimSpace(out)) != 43 {
		t.Errorf("%d %q", code, out)
	}
	if code, out, _ := afflux("version"); code != 0 || !strings.HasPrefix(out, "afflux ") {
		t.Errorf("%d %q", code, out)
	}
	if code, out, _ := afflux(); code != 0 || !strings.Contains(out, "Examples:") {
		t.Errorf("%d %q", code, out)
	}
}

func TestAStopFinishesTheWorkAndASecondSignalDoesNot(t *testing.T) {
	p := serve(t, "--resource-latency", "300ms")
	p.ab("/part1/async", "-n", "20", "-c", "5")
	if code := p.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d: %s", code, p.err)
	}
	p = serve(t, "--resource-latency", "1h")
	p.ab("/part1/async", "-n", "20", "-c", "5")
	if code := p.stop(os.Interrupt, os.Interrupt); code != 1 || !strings.Contains(p.err.String(), "not finished: 20 requests of part 1; server.grace") {
		t.Errorf("exit %d: %s", code, p.err)
	}
	p = serve(t, "--resource-latency", "1h", "--server-grace", "50ms")
	p.ab("/part1/async", "-n", "20", "-c", "5")
	if code := p.stop(syscall.SIGTERM); code != 1 || !strings.Contains(p.err.String(), "20 requests") {
		t.Errorf("exit %d: %s", code, p.err)
	}
}

func TestTheExampleFileHoldsTheDefaults(t *testing.T) {
	text, err := os.ReadFile("../../docs/afflux.toml")
	if err != nil {
		t.Fatal(err)
	}
	p := serve(t)
	_, defaults, _ := p.afflux("get")
	dir := t.TempDir()
	file := filepath.Join(dir, "example.toml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	q := serve(t, "--config", file)
	_, fromFile, _ := q.afflux("get")
	if drop := strings.NewReplacer(p.addr, "", q.addr, ""); drop.Replace(defaults) != drop.Replace(fromFile) {
		t.Errorf("docs/afflux.toml gives\n%s\nthe defaults are\n%s", fromFile, defaults)
	}
	for line := range strings.Lines(defaults) {
		key, _, _ := strings.Cut(line, " ")
		_, name, _ := strings.Cut(key, ".")
		if !strings.Contains(string(text), "\n"+name+" = ") && !strings.Contains(string(text), "\n# "+name+" = ") {
			t.Errorf("docs/afflux.toml does not name %s", key)
		}
	}
}
