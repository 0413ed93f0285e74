package lab_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/lab"
)

// What the lab promises against clients that mean ill, in real time and with its
// real limits of 5 and 10 s: whoever is slow is thrown out, whoever means well gets
// an answer soon, and nothing that was refused has been done. The rest of these
// times is for a machine that is busy with other tests; a client that is not thrown
// out would stay for ever.
const (
	patience = 20 * time.Second
	soon     = 8 * time.Second
	crowd    = 1000
)

func TestHostileClientsAreTurnedAwayAndLeaveNothingBehind(t *testing.T) {
	r := start(t, nil)
	settings := r.Settings()
	f := &friend{r: r}
	f.visit(t) // what is made once for all requests is there before the count
	before := quietCensus()
	f.stay(t)
	// Not t.Parallel, of which only as many run at a time as there are processors.
	each(map[string]func(*testing.T, *running){
		"slow headers":     attackWithSlowHeaders,
		"slow bodies":      attackWithSlowBodies,
		"slow readers":     attackWithSlowReaders,
		"malformed":        attackWithMalformedRequests,
		"smuggled":         attackWithSmuggledRequests,
		"long bodies":      attackWithLongBodies,
		"idle connections": attackWithIdleConnections,
	}, func(name string, attack func(*testing.T, *running)) {
		t.Run(name, func(t *testing.T) { attack(t, r) })
	})
	f.leave(t)

	if books := r.settled(); books.Started != f.worked || books.Finished != f.worked || books.Rejected+books.Failed+books.Abandoned > 0 {
		t.Errorf("%d pieces of work were accepted, but the books say %+v", f.worked, books)
	}
	if !reflect.DeepEqual(settings, r.Settings()) {
		t.Errorf("the settings have become %+v", r.Settings())
	}
	for _, child := range r.Tree().Children {
		if child.Restarts > 0 {
			t.Errorf("%s was restarted: %s", child.Name, child.LastError)
		}
	}
	before.mustHold(t)
}

// settled are the books once all that was accepted has been done.
func (r *running) settled() (books lab.Counts) {
	eventually(func() bool { books = r.Resource().Counts; return books.InFlight+books.Waiting == 0 })
	return books
}

// eventually asks again for some seconds of real time, as sockets close in that.
func eventually(ok func() bool) bool {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); <-again.C {
		if ok() {
			return true
		}
	}
	return ok()
}

// friend is a client that means well, and shall not notice the others.
type friend struct {
	r      *running
	worked uint64 // pieces of work accepted
	visits int
	worst  time.Duration
	stop   context.CancelFunc
	gone   chan struct{}
}

func (f *friend) stay(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	f.stop, f.gone = cancel, make(chan struct{})
	go func() {
		defer close(f.gone)
		again := time.NewTicker(50 * time.Millisecond)
		defer again.Stop()
		for ctx.Err() == nil {
			f.visit(t)
			<-again.C
		}
	}()
}

func (f *friend) leave(t *testing.T) {
	f.stop()
	<-f.gone
	t.Logf("%d visits meanwhile, the longest %v", f.visits, f.worst.Round(time.Millisecond))
	if f.visits < 20 {
		t.Error("the friend was hardly there")
	}
}

// visit asks for some of everything, over a connection of its own.
func (f *friend) visit(t *testing.T) {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: patience}
	for _, path := range []string{"/part1/serial", "/part1/async", "/api/v1/resource", "/part1", "/readyz"} {
		begun := time.Now()
		res, err := client.Get(f.r.url + path)
		if err != nil {
			t.Errorf("a friend asked for %s: %v", path, err)
			return
		}
		_, err = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		took := time.Since(begun)
		if err != nil || res.StatusCode != http.StatusOK || took > soon {
			t.Errorf("a friend asked for %s: %d after %v, %v", path, res.StatusCode, took, err)
		}
		if strings.HasPrefix(path, "/part1/") && res.StatusCode == http.StatusOK {
			f.worked++
		}
		f.worst = max(f.worst, took)
	}
	f.visits++
}

// census is what a process holds.
type census struct{ goroutines, files int }

func takeCensus() census { return census{runtime.NumGoroutine(), openFiles()} }

// quietCensus is the least of a while: what has just ended is not counted.
func quietCensus() census {
	least := takeCensus()
	for range 20 {
		<-time.After(20 * time.Millisecond)
		now := takeCensus()
		least = census{min(least.goroutines, now.goroutines), min(least.files, now.files)}
	}
	return least
}

// openFiles is how many files are open, 0 where the system does not say.
func openFiles() int {
	for _, dir := range []string{"/proc/self/fd", "/dev/fd"} {
		if files, err := os.ReadDir(dir); err == nil {
			return len(files)
		}
	}
	return 0
}

func (before census) mustHold(t *testing.T) {
	t.Helper()
	var now census
	if eventually(func() bool {
		now = takeCensus()
		return now.goroutines <= before.goroutines && now.files <= before.files
	}) {
		return
	}
	stacks := make([]byte, 1<<20)
	t.Errorf("before: %+v, now: %+v\n%s", before, now, stacks[:runtime.Stack(stacks, true)])
}

// dial connects as a client that is to be gone in time: after that its reads and
// writes say that they waited in vain.
func (r *running) dial(t *testing.T) net.Conn {
	t.Helper()
	d := net.Dialer{Control: smallSegments}
	c, err := d.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c
}

// answers are all that comes until the lab closes; it must.
func answers(t *testing.T, name string, c net.Conn) string {
	t.Helper()
	got, err := io.ReadAll(c)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%s: still connected after %v, with %.100q", name, patience, got)
	}
	return string(got)
}

// mustRefuse demands one answer with one of the statuses, which are divided by spaces.
func mustRefuse(t *testing.T, name, got, statuses string) {
	t.Helper()
	rest, ok := strings.CutPrefix(strings.TrimPrefix(got, "HTTP/1.1 100 Continue\r\n\r\n"), "HTTP/1.")
	if !ok || len(rest) < 5 || !strings.Contains(statuses, rest[2:5]) || strings.Contains(rest, "HTTP/1.") {
		t.Errorf("%s: want one %s, got %.300q", name, statuses, got)
	}
}

// meanwhile runs what ends with its connection, and has that end with the test.
func meanwhile(t *testing.T, c net.Conn, f func()) {
	var one sync.WaitGroup
	one.Go(f)
	t.Cleanup(func() { c.Close(); one.Wait() })
}

// trickle writes one byte of text a second until it is done or refused.
func trickle(c net.Conn, text string) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for i := range len(text) {
		if _, err := io.WriteString(c, text[i:i+1]); err != nil {
			return
		}
		<-tick.C
	}
}

// each runs a client for every row at the same time and waits for all.
func each[V any](rows map[string]V, client func(name string, row V)) {
	var all sync.WaitGroup
	for name, row := range rows {
		all.Go(func() { client(name, row) })
	}
	all.Wait()
}

const (
	local   = "Host: localhost\r\n"
	working = "GET /part1/serial HTTP/1.1\r\n" + local + "\r\n"
)

func attackWithSlowHeaders(t *testing.T, r *running) {
	long := working[:len(working)-2] + "X-Long: " + strings.Repeat("x", 100) + "\r\n\r\n"
	each(map[string]struct{ first, slowly string }{
		"a byte a second":              {"", long},
		"all but the end":              {long[:len(long)-2], ""},
		"nothing after a line":         {"GET /part1/serial HTTP/1.1\r\n", ""},
		"half a TLS hello":             {"\x16\x03\x01\x02\x00\x01\x00", "\x01\xfc\x03\x03"},
		"as a second request":          {"GET /livez HTTP/1.1\r\n" + local + "\r\nGET /pa", long[len("GET /pa"):]},
		"a second request from byte 0": {"GET /livez HTTP/1.1\r\n" + local + "\r\n", long},
	}, func(name string, row struct{ first, slowly string }) {
		c := r.dial(t)
		io.WriteString(c, row.first)
		meanwhile(t, c, func() { trickle(c, row.slowly) })
		got := answers(t, name, c)
		if strings.HasPrefix(row.first, "GET /livez") {
			first, rest, _ := strings.Cut(got, "\nok\n")
			mustRefuse(t, name, first, "200")
			got = strings.TrimPrefix(rest, "\nok\n")
		}
		if got != "" { // a line that was cut off may be called malformed
			mustRefuse(t, name, got, "400")
		}
	})
}

// targets take or refuse bodies in every way that the lab knows.
var targets = []string{
	"GET /part1/serial", "GET /part1/async", "GET /part1/sync", "POST /part1/serial", "POST /settings", "POST /actions/reset",
	"PATCH /api/v1/settings", "POST /api/v1/reset", "POST /api/v1/nothing", "GET /", "GET /static/afflux.css", "POST /livez",
}

func attackWithSlowBodies(t *testing.T, r *running) {
	type request struct{ head, slowly, want string }
	rows := map[string]request{
		"foreign host":           {"POST /settings HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 100\r\n", "", "421"},
		"another site":           {"POST /settings HTTP/1.1\r\n" + local + "Origin: http://evil.example\r\nContent-Length: 100\r\n", "", "403"},
		"chunks that never come": {"POST /settings HTTP/1.1\r\n" + local + "Transfer-Encoding: chunked\r\n", "", "411"},
		"redirected by the mux":  {"POST //settings HTTP/1.1\r\n" + local + "Content-Length: 100\r\n", "", "307"},
		"an odd expectation":     {"POST /settings HTTP/1.1\r\n" + local + "Expect: a miracle\r\nContent-Length: 100\r\n", "", "417"},
		"asking about all":       {"OPTIONS * HTTP/1.1\r\n" + local + "Content-Length: 100\r\n", "", "400"},
		"an older version":       {"POST /settings HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 100\r\n", "", "408"},
	}
	for _, target := range targets {
		head := target + " HTTP/1.1\r\n" + local + "Content-Length: 100\r\nContent-Type: application/x-www-form-urlencoded\r\n"
		rows[target+", never"] = request{head, "", "408"}
		rows[target+", a byte a second"] = request{head, strings.Repeat("a", 100), "408"}
		rows[target+", asked to continue"] = request{head + "Expect: 100-continue\r\n", "a", "408"}
	}
	each(rows, func(name string, row request) {
		c := r.dial(t)
		io.WriteString(c, row.head+"\r\n")
		meanwhile(t, c, func() { trickle(c, row.slowly) })
		mustRefuse(t, name, answers(t, name, c), row.want)
	})
}

// A reader who takes nothing is noticed once the buffers between are full, so
// these ask until the lab reads no more, and are then to be thrown out. Work is
// not among them, as nobody would know how much of it was done.
func attackWithSlowReaders(t *testing.T, r *running) {
	each(map[string]string{
		"page":   "GET /part1 HTTP/1.1\r\n" + local + "\r\n",
		"API":    "GET /openapi.json HTTP/1.1\r\n" + local + "\r\n",
		"static": "GET /static/afflux.css HTTP/1.1\r\n" + local + "\r\n",
	}, func(name, request string) {
		c := r.dial(t)
		meanwhile(t, c, func() { readSlowly(c) })
		for batch := strings.Repeat(request, 100); ; {
			c.SetWriteDeadline(time.Now().Add(patience + soon)) // the lab has to fill the buffers first
			if _, err := io.WriteString(c, batch); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s: still connected", name)
				return
			} else if err != nil {
				return
			}
		}
	})
}

func readSlowly(c net.Conn) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for one := make([]byte, 1); ; <-tick.C {
		if _, err := c.Read(one); err != nil {
			return
		}
	}
}

func attackWithMalformedRequests(t *testing.T, r *running) {
	const get = "GET /part1/serial"
	line := func(first string) string { return first + "\r\n" + local + "\r\n" }
	with := func(headers string) string { return get + " HTTP/1.1\r\n" + local + headers + "\r\n\r\n" }
	for name, row := range map[string]struct{ request, want string }{
		"no method":             {line(" /part1/serial HTTP/1.1"), "400"},
		"no path":               {line("GET HTTP/1.1"), "400"},
		"no version":            {line(get), "400"},
		"only a version":        {line("HTTP/1.1"), "400"},
		"an empty line":         {line(""), "400"},
		"rubbish":               {"\x00\x01\x02\x03\r\n\r\n", "400"},
		"TLS":                   {"\x16\x03\x01\x00\x05hello\r\n\r\n", "400"},
		"another protocol":      {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "400"},
		"HTTP/2 begun":          {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "421"},
		"a strange method":      {line("G(T /part1/serial HTTP/1.1"), "400"},
		"two spaces":            {line("GET  /part1/serial HTTP/1.1"), "400"},
		"tabs":                  {line("GET\t/part1/serial\tHTTP/1.1"), "400"},
		"a space in the path":   {line("GET /part1/ser ial HTTP/1.1"), "400"},
		"a path from nowhere":   {line("GET part1/serial HTTP/1.1"), "400"},
		"half an escape":        {line("GET /part1/%z HTTP/1.1"), "400"},
		"NUL in the path":       {line("GET /part1/\x00serial HTTP/1.1"), "400"},
		"NUL in the method":     {line("G\x00T /part1/serial HTTP/1.1"), "400"},
		"version 0.9":           {line(get + " HTTP/0.9"), "505"},
		"version 2.0":           {line(get + " HTTP/2.0"), "505"},
		"version 9.9":           {line(get + " HTTP/9.9"), "505"},
		"version 1":             {line(get + " HTTP/1"), "400"},
		"version 1.10":          {line(get + " HTTP/1.10"), "400"},
		"version 1.1x":          {line(get + " HTTP/1.1x"), "400"},
		"version -1.1":          {line(get + " HTTP/-1.1"), "400"},
		"small letters":         {line(get + " http/1.1"), "400"},
		"version misspelt":      {line(get + " HTPP/1.1"), "400"},
		"no Host":               {get + " HTTP/1.1\r\n\r\n", "400"},
		"two Hosts":             {with("Host: localhost"), "400"},
		"two different Hosts":   {with("Host: evil.example"), "400"},
		"an empty Host":         {get + " HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n", "421"},
		"a foreign Host":        {get + " HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", "421"},
		"a foreign Host in URL": {"GET http://evil.example/part1/serial HTTP/1.1\r\n" + local + "Connection: close\r\n\r\n", "421"},
		"NUL in the Host":       {get + " HTTP/1.1\r\nHost: local\x00host\r\n\r\n", "400"},
		"a space in the Host":   {get + " HTTP/1.1\r\nHost: local host\r\n\r\n", "400"},
		"no colon":              {with("X-No-Colon"), "400"},
		"no name":               {with(": value"), "400"},
		"a space before":        {with("X-Space : value"), "400"},
		"a space in a name":     {with("X Space: value"), "400"},
		"a name of no letters":  {with("X(Y): value"), "400"},
		"a name beyond ASCII":   {with("Größe: 5"), "400"},
		"NUL in a name":         {with("X\x00Y: value"), "400"},
		"NUL in a value":        {with("X: va\x00lue"), "400"},
		"a lone CR in a value":  {with("X: va\rlue"), "400"},
		"a folded first line":   {get + " HTTP/1.1\r\n Host: localhost\r\n\r\n", "400"},
		"too long a line":       {line("GET /" + strings.Repeat("x", 64<<10) + " HTTP/1.1"), "431"},
		"too long a header":     {with("X: " + strings.Repeat("x", 64<<10)), "431"},
		"too many headers":      {with(strings.TrimSuffix(strings.Repeat("X: y\r\n", 10_000), "\r\n")), "431"},
		"length -1":             {with("Content-Length: -1"), "400"},
		"length +5":             {with("Content-Length: +5"), "400"},
		"length 5x":             {with("Content-Length: 5x"), "400"},
		"length 0x5":            {with("Content-Length: 0x5"), "400"},
		"length 5 5":            {with("Content-Length: 5 5"), "400"},
		"length 5,5":            {with("Content-Length: 5,5"), "400"},
		"length 5.0":            {with("Content-Length: 5.0"), "400"},
		"no length":             {with("Content-Length:"), "400"},
		"a length beyond int64": {with("Content-Length: 9223372036854775808"), "400"},
		"the longest length":    {with("Content-Length: 9223372036854775807"), "413"},
		"two lengths":           {with("Content-Length: 5\r\nContent-Length: 6") + "hello", "400"},
		"a length and a list":   {with("Content-Length: 5\r\nContent-Length: 5, 5") + "hello", "400"},
		"an odd expectation":    {with("Expect: a miracle"), "417"},
		"no such method":        {line("BREW /part1/serial HTTP/1.1\r\nConnection: close"), "405"},
		"asking about all":      {"OPTIONS * HTTP/1.1\r\n" + local + "\r\n", "400"},
		"a tunnel":              {"CONNECT localhost:1 HTTP/1.1\r\n" + local + "Connection: close\r\n\r\n", "404 405"},
	} {
		c := r.dial(t)
		io.WriteString(c, row.request)
		mustRefuse(t, name, answers(t, name, c), row.want)
		c.Close()
	}
}

// What hides in these is work: that it was not done is seen in the books.
func attackWithSmuggledRequests(t *testing.T, r *running) {
	const length, chunked, hidden = "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n" + working
	send := func(name, request, want string) {
		c := r.dial(t)
		defer c.Close()
		io.WriteString(c, request+"\r\n"+hidden)
		mustRefuse(t, name, answers(t, name, c), want)
	}
	for _, target := range targets {
		for name, row := range map[string]struct{ headers, want string }{
			"length and chunks":         {length + chunked, "411"},
			"chunks and length":         {chunked + length, "411"},
			"a length of all":           {"Content-Length: 58\r\n" + chunked, "411"},
			"a wrong length and chunks": {"Content-Length: x\r\n" + chunked, "400 411"},
			"chunks alone":              {chunked, "411"},
			"shouted":                   {length + "TRANSFER-ENCODING: CHUNKED\r\n", "411"},
			"folded":                    {length + "Transfer-Encoding:\r\n chunked\r\n", "411"},
			"chunked twice":             {length + chunked + chunked, "501"},
			"chunked, chunked":          {length + "Transfer-Encoding: chunked, chunked\r\n", "501"},
			"identity":                  {length + "Transfer-Encoding: identity\r\n", "501"},
			"gzip, chunked":             {length + "Transfer-Encoding: gzip, chunked\r\n", "501"},
			"misspelt":                  {length + "Transfer-Encoding: xchunked\r\n", "501"},
			"quoted":                    {length + "Transfer-Encoding: \"chunked\"\r\n", "501"},
			"a space before the colon":  {length + "Transfer-Encoding : chunked\r\n", "400"},
			"a tab in the name":         {length + "Transfer-Encoding\t: chunked\r\n", "400"},
			"a control before chunked":  {length + "Transfer-Encoding: \x0bchunked\r\n", "400 501"},
			"behind a CR":               {length + "X: y\rTransfer-Encoding: chunked\r\n", "400"},
			"behind a NUL":              {length + "X: y\x00Transfer-Encoding: chunked\r\n", "400"},
			"two lengths":               {length + "Content-Length: 0\r\n", "400"},
		} {
			send(target+", "+name, target+" HTTP/1.1\r\n"+local+row.headers, row.want)
		}
	}
	for target, want := range map[string]string{"GET /livez": "200", "GET /part1": "200", "POST /settings": "303 422", "POST /part1/serial": "405"} {
		send(target+" of an older version", target+" HTTP/1.0\r\nConnection: keep-alive\r\n"+length+chunked, want)
	}
}

func attackWithLongBodies(t *testing.T, r *running) {
	rows := map[string]string{}
	for _, target := range targets {
		for _, size := range []string{"65537", "1000000"} {
			rows[target+", "+size] = target + " HTTP/1.1\r\n" + local + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " + size + "\r\n"
		}
	}
	each(rows, func(name, head string) {
		c := r.dial(t)
		meanwhile(t, c, func() { io.WriteString(c, head+"\r\n"+strings.Repeat("a", 1_000_000)) })
		mustRefuse(t, name, answers(t, name, c), "413")
	})
	each(map[string]string{"chunked": "Transfer-Encoding: chunked\r\n", "chunked, with a length": "Content-Length: 1000000\r\nTransfer-Encoding: chunked\r\n"}, func(name, header string) {
		c := r.dial(t)
		meanwhile(t, c, func() {
			io.WriteString(c, "PATCH /api/v1/settings HTTP/1.1\r\n"+local+header+"\r\n"+strings.Repeat("4\r\naaaa\r\n", 100_000))
		})
		mustRefuse(t, name, answers(t, name, c), "411")
	})
}

func attackWithIdleConnections(t *testing.T, r *running) {
	var silent, answered []net.Conn
	for range crowd {
		silent = append(silent, r.dial(t))
	}
	for range crowd / 10 { // these may stay for a minute
		c := r.dial(t)
		io.WriteString(c, "GET /livez HTTP/1.1\r\n"+local+"\r\n")
		answered = append(answered, c)
	}
	for _, c := range silent {
		if got := answers(t, "a silent connection", c); got != "" {
			t.Errorf("a silent connection was answered %q", got)
		}
	}
	first := make([]byte, len("HTTP/1.1 200"))
	for _, c := range answered {
		if _, err := io.ReadFull(c, first); err != nil || string(first) != "HTTP/1.1 200" {
			t.Errorf("one that asked got %q, %v", first, err)
		}
	}
}
