package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// stopped are labs that a stop finds in different states.
var stopped = []struct {
	name  string
	flags string
}{
	{"supervisor", "--resource-latency 2ms --pipeline-kind supervisor --pipeline-concurrency 50"},
	{"prefetch", "--resource-latency 2ms --pipeline-consumers 3 --pipeline-max-demand 200 --pipeline-buffer 1000"},
	{"slow", "--resource-latency 400ms --pipeline-consumers 3 --server-grace 150ms"},
	{"lazy, drops", "--resource-latency 20ms --pipeline-consumers 3 --pipeline-handout lazy --pipeline-buffer 50 --pipeline-overflow drop_oldest"},
	{"slow supervisor", "--resource-latency 400ms --pipeline-kind supervisor --pipeline-concurrency 50 --server-grace 150ms"},
}

// TestAStopInABurstAccountsForEveryOK ends labs by SIGTERM while requests pour in.
// AFFLUX_SOAK has it do so a hundred times.
func TestAStopInABurstAccountsForEveryOK(t *testing.T) {
	rounds := 8
	if os.Getenv("AFFLUX_SOAK") != "" {
		rounds = 100
	}
	var sum burst
	var said words
	clean := 0
	for i := range rounds {
		lab := stopped[i%len(stopped)]
		t.Run(fmt.Sprintf("%d, %s", i, lab.name), func(t *testing.T) {
			b, w, code := stopInABurst(t, strings.Fields(lab.flags))
			sum.add(b)
			said.add(w)
			if code == exitOK {
				clean++
			}
		})
	}
	t.Logf("%d rounds, %d of them clean: answered OK %v, 503 %v, cut %v (parts 1, 2), half answers %d; of part 1 %d OK, %d done; of part 2 %+v",
		rounds, clean, sum.ok, sum.refused, sum.cut, len(sum.wrong), said.Part1.OK, said.Part1.Done, said.Part2)
	if clean == 0 || clean == rounds || said.Part2.Dropped == 0 || said.Part2.Left == 0 {
		t.Error("the rounds were too much alike")
	}
}

// words are the last that a lab says.
type words struct {
	Msg   string
	Part1 struct{ OK, Done int }
	Part2 struct{ Enqueued, Done, Failed, Dropped, Left int }
}

func (w *words) add(v words) {
	w.Part1.OK += v.Part1.OK
	w.Part1.Done += v.Part1.Done
	w.Part2.Enqueued += v.Part2.Enqueued
	w.Part2.Done += v.Part2.Done
	w.Part2.Failed += v.Part2.Failed
	w.Part2.Dropped += v.Part2.Dropped
	w.Part2.Left += v.Part2.Left
}

// stopInABurst is one round: what the clients got, what the lab said, and its exit
// code.
func stopInABurst(t *testing.T, flags []string) (burst, words, int) {
	const name = "ROUND_OF_A_TEST" // not one of afflux's own, and handed down to children
	t.Setenv(name, fmt.Sprint(rand.Uint64()))
	p := serve(t, flags...)
	clients := make([]burst, 20)
	var bursting sync.WaitGroup
	var accepted atomic.Int64
	for i := range clients {
		bursting.Go(func() { clients[i].run(p.addr, &accepted) })
	}
	for moment, wait := 200+rand.Int64N(2000), 0; accepted.Load() < moment && wait < 100_000; wait++ {
		time.Sleep(100 * time.Microsecond)
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(time.Minute, func() { p.cmd.Process.Kill() })
	defer late.Stop()
	bursting.Wait()
	p.cmd.Wait() // and for the end of its standard error, which all its children have
	code := p.cmd.ProcessState.ExitCode()
	for _, of := range processes(name + "=" + os.Getenv(name)) {
		t.Errorf("process %s outlives the lab", of)
	}
	var b burst
	for _, c := range clients {
		b.add(c)
	}
	w := p.lastWords()
	b.check(t, w, code, p.err.String())
	return b, w, code
}

// check holds what the clients got against what the lab said.
func (b burst) check(t *testing.T, w words, code int, log string) {
	t.Helper()
	two := w.Part2
	notDone := w.Part1.OK - w.Part1.Done
	switch {
	case len(b.wrong) > 0:
		t.Errorf("%d answers were none: %v", len(b.wrong), b.wrong[:min(3, len(b.wrong))])
	case b.ok[1] == 0 || b.ok[0] == 0:
		t.Errorf("there was no burst: %v OK", b.ok)
	case w.Part1.OK < b.ok[0] || w.Part1.OK > b.ok[0]+b.cut[0] || two.Enqueued < b.ok[1] || two.Enqueued > b.ok[1]+b.cut[1]:
		t.Errorf("clients were told OK %v times and %v were cut; the lab says %+v", b.ok, b.cut, w)
	case two.Enqueued != two.Done+two.Failed+two.Dropped+two.Left || notDone < 0:
		t.Errorf("the books do not balance: %+v", w)
	case (code == exitOK) != (two.Left == 0 && notDone == 0) || code != exitOK && code != exitFailed:
		t.Errorf("exit %d with %d and %d left", code, notDone, two.Left)
	case code == exitFailed && !reports(log, notDone, two.Left):
		t.Errorf("%d and %d were left, but it says otherwise", notDone, two.Left)
	case code == exitOK && (strings.Contains(log, `"level":"WARN"`) || strings.Contains(log, `"level":"ERROR"`)) || strings.Contains(log, "panic"):
		t.Error("it complains")
	}
	if t.Failed() {
		t.Log(log)
	}
}

var (
	unfinished     = regexp.MustCompile(`afflux: not finished: (.*); server\.grace`)
	unfinishedPart = regexp.MustCompile(`(\d+) (?:request|event)s? of part (\d)`)
)

// reports looks for what was left in the error that ends the log. That counts when
// the grace is over, so what is finished in the very last moment is among it.
func reports(log string, one, two int) bool {
	said := unfinished.FindStringSubmatch(log)
	if said == nil {
		return false
	}
	left := map[string]int{}
	for _, part := range unfinishedPart.FindAllStringSubmatch(said[1], -1) {
		left[part[2]], _ = strconv.Atoi(part[1])
	}
	return left["1"] >= one && left["2"] >= two
}

// lastWords finds them in what the lab has said.
func (p *program) lastWords() (w words) {
	p.t.Helper()
	for line := range strings.Lines(p.err.String()) {
		if json.Unmarshal([]byte(line), &w) == nil && w.Msg == "stopped" {
			return w
		}
	}
	p.t.Errorf("it did not say what it had done:\n%s", p.err)
	return words{}
}

// processes are those with that variable in their environment, where that can be
// seen.
func processes(variable string) (ids []string) {
	all, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, name := range all {
		if env, err := os.ReadFile(name); err == nil && strings.Contains(string(env), variable) {
			ids = append(ids, filepath.Base(filepath.Dir(name)))
		}
	}
	return ids
}

// burst is what a client, or all of them, got; by part where there are two.
type burst struct {
	ok      [2]int
	refused [2]int   // answered 503
	cut     [2]int   // the connection ended, and not a byte had come
	wrong   []string // half an answer, or none that there is
}

func (b *burst) add(c burst) {
	for i := range 2 {
		b.ok[i] += c.ok[i]
		b.refused[i] += c.refused[i]
		b.cut[i] += c.cut[i]
	}
	b.wrong = append(b.wrong, c.wrong...)
}

// run sends one request after the other, on a new connection when the old one has
// ended, until nobody listens. It counts what part 2 has accepted for all to see.
func (b *burst) run(addr string, accepted *atomic.Int64) {
	for {
		conn, err := net.Dial("tcp", addr)
		if errors.Is(err, syscall.ECONNREFUSED) {
			return
		}
		if err != nil && !errors.Is(err, syscall.ECONNRESET) {
			b.wrong = append(b.wrong, err.Error())
			return
		}
		if err == nil {
			b.use(&counted{Conn: conn}, accepted)
			conn.Close()
		}
	}
}

// counted knows how many bytes were read.
type counted struct {
	net.Conn
	read int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.read += n
	return n, err
}

// use sends requests over one connection until it ends.
func (b *burst) use(conn *counted, accepted *atomic.Int64) {
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	answers := bufio.NewReader(conn)
	for {
		part, path := 1, "/part2/genstage"
		if rand.IntN(5) == 0 {
			part, path = 0, "/part1/async"
		}
		conn.read = 0
		_, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path)
		var res *http.Response
		var body []byte
		if err == nil {
			res, err = http.ReadResponse(answers, nil)
		}
		if err == nil {
			body, err = io.ReadAll(res.Body)
		}
		switch {
		case err != nil && conn.read == 0 && gone(err):
			b.cut[part]++
			return
		case err != nil:
			b.wrong = append(b.wrong, fmt.Sprintf("%v after %d bytes", err, conn.read))
			return
		case answers.Buffered() > 0:
			b.wrong = append(b.wrong, "more than an answer")
			return
		case res.StatusCode == http.StatusOK && string(body) == "OK":
			b.ok[part]++
			accepted.Add(int64(part))
		case res.StatusCode == http.StatusServiceUnavailable && res.Header.Get("Retry-After") != "":
			b.refused[part]++
			time.Sleep(time.Millisecond) // so that refusals do not take the machine from the work
		default:
			b.wrong = append(b.wrong, fmt.Sprintf("%s %q", res.Status, body))
		}
		if res.Close {
			return
		}
	}
}

// gone reports whether the other side has closed the connection.
func gone(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
