package bench_test

import (
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// load is how many answers wrk got in its time, and how many of them were not OK
// or did not come.
type load struct {
	answers int
	perSec  float64
	bad     int
}

func needWrk(b *testing.B) {
	b.Helper()
	if _, err := exec.LookPath("wrk"); err != nil {
		b.Skip("no wrk on the PATH; make tools installs it")
	}
}

// wrk asks for a path over conns connections for a time.
func (s *server) wrk(path string, d time.Duration) load {
	s.b.Helper()
	out, err := exec.Command("wrk", "-t1", fmt.Sprint("-c", conns), fmt.Sprintf("-d%.0fs", d.Seconds()), "http://"+s.addr+path).CombinedOutput()
	if err != nil {
		s.b.Fatalf("wrk: %v\n%s", err, out)
	}
	l, err := readWrk(string(out))
	if err != nil {
		s.b.Fatal(err)
	}
	return l
}

var (
	wrkAnswers = regexp.MustCompile(`(\d+) requests in `)
	wrkRate    = regexp.MustCompile(`Requests/sec:\s+([\d.]+)`)
	wrkBad     = regexp.MustCompile(`(?:Non-2xx or 3xx responses:|connect|read|write|timeout) (\d+)`)
)

// readWrk reads what wrk prints. It mentions what went wrong only if something did.
func readWrk(out string) (l load, err error) {
	answers, rate := wrkAnswers.FindStringSubmatch(out), wrkRate.FindStringSubmatch(out)
	if answers == nil || rate == nil {
		return l, fmt.Errorf("wrk says nothing of its requests:\n%s", out)
	}
	if l.answers, err = strconv.Atoi(answers[1]); err != nil {
		return l, err
	}
	if l.perSec, err = strconv.ParseFloat(rate[1], 64); err != nil {
		return l, err
	}
	for _, bad := range wrkBad.FindAllStringSubmatch(out, -1) {
		n, err := strconv.Atoi(bad[1])
		if err != nil {
			return l, err
		}
		l.bad += n
	}
	return l, nil
}

func TestWhatWrkPrintsIsRead(t *testing.T) {
	const good = "Running 4s test @ http://127.0.0.1:4000/\n  1 threads and 50 connections\n" +
		"  Thread Stats   Avg      Stdev     Max   +/- Stdev\n    Latency     1.91ms    1.79ms  25.18ms   86.85%\n" +
		"  121212 requests in 4.00s, 14.34MB read\nRequests/sec:  30303.05\nTransfer/sec:      3.58MB\n"
	const bad = "  Socket errors: connect 1, read 20, write 300, timeout 4000\n  Non-2xx or 3xx responses: 50000\nRequests/sec:"
	for out, want := range map[string]load{
		good: {121212, 30303.05, 0},
		strings.Replace(good, "Requests/sec:", bad, 1): {121212, 30303.05, 54321},
	} {
		if got, err := readWrk(out); err != nil || got != want {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
	}
	if _, err := readWrk("unable to connect"); err == nil {
		t.Error("read where there is nothing")
	}
}
