package lab_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/affluxlab/afflux/internal/browsertest"
	"github.com/affluxlab/afflux/internal/config"
	"github.com/affluxlab/afflux/internal/lab"
	"github.com/affluxlab/afflux/internal/web"
	"github.com/affluxlab/afflux/supervise"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(browsertest.Shared(m)) }

// running is a lab on a loopback port of its own, stopped with the test.
type running struct {
	*lab.Lab
	t    testing.TB
	url  string
	stop func() error
}

func start(t testing.TB, change func(*config.Settings)) *running {
	t.Helper()
	return startAt(t, "127.0.0.1:0", change)
}

func startAt(t testing.TB, addr string, change func(*config.Settings)) *running {
	t.Helper()
	s := config.Defaults()
	s.Resource.Latency = 0
	if change != nil {
		change(&s)
	}
	l, err := lab.New(s, lab.Options{Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	listeners, err := web.Listen(addr)
	if err != nil {
		t.Fatal(err)
	}
	l.Bind(listeners)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx, context.Background()) }()
	r := &running{Lab: l, t: t, url: "http://" + listeners.Addrs()[0]}
	r.stop = func() error { cancel(); err := <-done; done <- err; return err }
	t.Cleanup(func() { r.stop(); http.DefaultClient.CloseIdleConnections() })
	patience, enough := context.WithTimeout(t.Context(), 10*time.Second)
	defer enough()
	if err := l.WaitReady(patience); err != nil {
		t.Fatal(err)
	}
	return r
}

type answer struct {
	status int
	body   string
	header http.Header
}

// ask sends a request; headers come in pairs.
func (r *running) ask(method, path, body string, headers ...string) answer {
	r.t.Helper()
	req, err := http.NewRequest(method, r.url+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") { // goes on until somebody leaves
		first := make([]byte, 100)
		n, _ := res.Body.Read(first)
		return answer{res.StatusCode, string(first[:n]), res.Header}
	}
	text, _ := io.ReadAll(res.Body)
	return answer{res.StatusCode, string(text), res.Header}
}

const token = "0123456789abcdefghij"

// guarded is every route with what it answers to a request that may pass, and
// whether it does something that other sites must not make it do.
var guarded = map[string]struct {
	ok      int
	acts    bool // refused with 403 when another site asks
	open    bool // asks nobody for a token
	isPage  bool // sends a browser to the login
	pattern string
}{
	"GET /{$}":                        {ok: 200, isPage: true, pattern: "/"},
	"GET /part1":                      {ok: 200, isPage: true},
	"GET /observer":                   {ok: 200, isPage: true},
	"GET /stage":                      {ok: 200, isPage: true},
	"POST /settings":                  {ok: 303, acts: true},
	"POST /actions/reset":             {ok: 303, acts: true},
	"GET /part1/serial":               {ok: 200, acts: true},
	"GET /part1/sync":                 {ok: 200, acts: true},
	"GET /part1/async":                {ok: 200, acts: true},
	"GET /part2":                      {ok: 200, isPage: true},
	"GET /part2/genstage":             {ok: 200, acts: true},
	"POST /part2/genstage":            {ok: 200, acts: true},
	"GET /part2/async":                {ok: 200, acts: true},
	"POST /part2/async":               {ok: 200, acts: true},
	"GET /api/v1/pipeline":            {ok: 200},
	"POST /api/v1/pipeline/drain":     {ok: 200, acts: true},
	"POST /api/v1/pipeline/pause":     {ok: 200, acts: true},
	"POST /api/v1/pipeline/resume":    {ok: 200, acts: true},
	"POST /api/v1/pipeline/rebalance": {ok: 200, acts: true},
	"POST /actions/drain":             {ok: 303, acts: true},
	"POST /actions/pause":             {ok: 303, acts: true},
	"POST /actions/resume":            {ok: 303, acts: true},
	"POST /actions/rebalance":         {ok: 303, acts: true},
	"GET /api/v1/settings":            {ok: 200},
	"PATCH /api/v1/settings":          {ok: 200, acts: true},
	"GET /api/v1/resource":            {ok: 200},
	"POST /api/v1/reset":              {ok: 200, acts: true},
	"GET /guide":                      {ok: 200, isPage: true},
	"GET /source":                     {ok: 200, isPage: true},
	"GET /source/{path...}":           {ok: 200, isPage: true, pattern: "/source/go.mod"},
	"GET /api/v1/tree":                {ok: 200},
	"POST /api/v1/tree/{name}/kill":   {ok: 409, acts: true, pattern: "/api/v1/tree/afflux/kill"},
	"POST /api/v1/tree/{name}/pause":  {ok: 409, acts: true, pattern: "/api/v1/tree/http/pause"},
	"POST /api/v1/tree/{name}/resume": {ok: 409, acts: true, pattern: "/api/v1/tree/http/resume"},
	"POST /actions/kill":              {ok: 404, acts: true},
	"GET /api/v1/processes":           {ok: 200},
	"GET /api/v1/observer":            {ok: 200},
	"GET /api/v1/stages":              {ok: 200},
	"POST /api/v1/cpu":                {ok: 422, acts: true, pattern: "/api/v1/cpu?seconds=99"},
	"POST /actions/cpu":               {ok: 422, acts: true, pattern: "/actions/cpu?seconds=99"},
	"POST /api/v1/recorder/start":     {ok: 200, acts: true},
	"POST /api/v1/recorder/stop":      {ok: 200, acts: true},
	"POST /actions/recorder":          {ok: 303, acts: true},
	"GET /api/v1/profile/heap":        {ok: 200, acts: true},
	"GET /api/v1/profile/goroutine":   {ok: 200, acts: true},
	"GET /api/v1/profile/cpu":         {ok: 422, acts: true, pattern: "/api/v1/profile/cpu?seconds=99"},
	"GET /api/v1/profile/trace":       {ok: 422, acts: true, pattern: "/api/v1/profile/trace?seconds=99"},
	"GET /api/v1/series":              {ok: 200},
	"GET /api/v1/stream":              {ok: 200},
	"GET /api/v1/runtime":             {ok: 200},
	"GET /metrics":                    {ok: 200},
	"GET /openapi.json":               {ok: 200},
	"GET /livez":                      {ok: 200, open: true},
	"GET /readyz":                     {ok: 200, open: true},
	"GET /login":                      {ok: 200, open: true},
	"POST /login":                     {ok: 303, acts: true, open: true},
	"GET /static/{path...}":           {ok: 200, open: true, pattern: "/static/afflux.css"},
}

// part2Takes undoes what a drain before it has done.
func (r *running) part2Takes() {
	r.ask("POST", "/api/v1/pipeline/resume", "", "Authorization", "Bearer "+token)
}

func TestEveryRouteStandsBehindItsGuards(t *testing.T) {
	r := start(t, func(s *config.Settings) { s.Server.Token = token })
	listed := map[string]bool{}
	for _, row := range r.Routes() {
		name := row.Method + " " + row.Path
		g, ok := guarded[name]
		if !ok {
			t.Errorf("%s is not in this test's table", name)
			continue
		}
		listed[name] = true
		r.part2Takes()
		path := row.Path
		if g.pattern != "" {
			path = g.pattern
		}
		for tokenName, auth := range map[string]string{"none": "", "wrong": "Bearer 0123456789abcdefghiX", "right": "Bearer " + token} {
			for site, header := range map[string][]string{"same": {"Sec-Fetch-Site", "same-origin"}, "cross": {"Sec-Fetch-Site", "cross-site"}, "cross by origin": {"Origin", "http://evil.example"}, "none": nil} {
				for _, host := range []string{"localhost", "evil.example"} {
					headers := append([]string{"Host", host}, header...)
					if auth != "" {
						headers = append(headers, "Authorization", auth)
					}
					body := map[string]string{"POST /login": "token=" + token, "PATCH /api/v1/settings": "{}"}[name]
					contentType := "application/x-www-form-urlencoded"
					if row.Method == "PATCH" {
						contentType = "application/json"
					}
					want := g.ok
					switch {
					case host != "localhost":
						want = 421
					case !g.open && tokenName != "right":
						want = 401
					case g.acts && strings.HasPrefix(site, "cross"):
						want = 403
					}
					got := r.ask(row.Method, path, body, append(headers, "Content-Type", contentType)...)
					if got.status != want {
						t.Errorf("%s, token %s, site %s, host %s: %d, want %d: %s", name, tokenName, site, host, got.status, want, got.body)
					}
				}
			}
		}
		if g.isPage {
			if a := r.ask("GET", path, "", "Accept", "text/html"); a.status != 303 || !strings.HasPrefix(a.header.Get("Location"), "/login?back=") {
				t.Errorf("%s in a browser without the token: %d %v", name, a.status, a.header)
			}
		}
	}
	for name := range guarded {
		if !listed[name] {
			t.Errorf("%s is in this test's table, but no route", name)
		}
	}
}

func TestABrowserLogsInOnce(t *testing.T) {
	r := start(t, func(s *config.Settings) { s.Server.Token = token })
	form := url.Values{"token": {token}, "back": {"/part1?x=1"}}.Encode()
	a := r.ask("POST", "/login", form, "Content-Type", "application/x-www-form-urlencoded")
	cookie := a.header.Get("Set-Cookie")
	if a.status != 303 || a.header.Get("Location") != "/part1?x=1" || !strings.Contains(cookie, "HttpOnly; SameSite=Strict") || strings.Contains(cookie, token) {
		t.Fatalf("%d %v", a.status, a.header)
	}
	session, _, _ := strings.Cut(cookie, ";")
	if a := r.ask("GET", "/part1", "", "Cookie", session); a.status != 200 {
		t.Errorf("with the cookie: %d", a.status)
	}
	name, value, _ := strings.Cut(session, "=")
	forged := name + "=" + map[bool]string{true: "B", false: "A"}[value[0] == 'A'] + value[1:]
	if a := r.ask("GET", "/part1", "", "Cookie", forged); a.status != 401 {
		t.Errorf("with a forged cookie: %d", a.status)
	}
	for i := range 11 {
		want := map[bool]int{true: 429, false: 401}[i == 10]
		if a := r.ask("POST", "/login", "token=wrong&back=//evil.example", "Content-Type", "application/x-www-form-urlencoded"); a.status != want {
			t.Errorf("wrong token, try %d: %d, want %d", i+1, a.status, want)
		}
	}
}

func TestManyWrongLoginsAtOneTimeDoNotAllPass(t *testing.T) {
	r := start(t, func(s *config.Settings) { s.Server.Token = token })
	const tries = 50
	answers := make(chan int, tries) // room for all
	for range tries {
		go func() {
			answers <- r.ask("POST", "/login", "token=wrong", "Content-Type", "application/x-www-form-urlencoded").status
		}()
	}
	n := map[int]int{}
	for range tries {
		n[<-answers]++
	}
	if n[401] != 10 || n[429] != tries-10 {
		t.Errorf("%v", n)
	}
}

func TestTheProfilerListensApartAndATakenPortIsTold(t *testing.T) {
	free, err := web.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addrs()[0]
	s := config.Defaults()
	s.Server.DebugAddr = addr
	if _, err := lab.New(s, lab.Options{Log: slog.New(slog.DiscardHandler)}); err == nil || !strings.Contains(err.Error(), "is taken") {
		t.Errorf("got %v", err)
	}
	free.Close()
	r := start(t, func(s *config.Settings) { s.Server.DebugAddr = addr })
	if a := r.ask("GET", "/debug/pprof/", ""); a.status != 404 {
		t.Errorf("the lab itself answers the profiler's path with %d", a.status)
	}
	r.url = "http://" + addr
	if a := r.ask("GET", "/debug/pprof/", ""); a.status != 200 {
		t.Errorf("the profiler answers %d", a.status)
	}
	if a := r.ask("GET", "/debug/pprof/", "", "Host", "evil.example"); a.status != 421 {
		t.Errorf("the profiler answers a foreign host with %d", a.status)
	}
}

func TestSettingsArePatchedAsAWholeOrNotAtAll(t *testing.T) {
	r := start(t, nil)
	const path, kind = "/api/v1/settings", "application/json"
	for _, c := range []struct {
		body, contentType string
		status            int
		says              string
	}{
		{`{"resource":{"limit":15,"latency":"1s"}}`, kind, 200, `"latency":"1s"`},
		{`{"resource":{"latency":null}}`, "application/merge-patch+json; charset=utf-8", 200, `"latency":"500ms"`},
		{`{"resource":{"limit":3,"latency":"x"}}`, kind, 422, `"field":"resource.latency"`},
		{`{"resource":{"nope":3}}`, kind, 422, `"field":"resource.nope"`},
		{`{"server":{"addr":"x:1"}}`, kind, 422, `"field":"server.addr"`},
		{`{"resource":`, kind, 400, "problem"},
		{`{} {}`, kind, 400, ""},
		{`[]`, kind, 422, ""},
		{`{"nonsense":{}}`, kind, 422, `"field":"nonsense"`},
		{`null`, kind, 422, ""},
		{`{}`, "text/plain", 415, ""},
		{`{"a":"` + strings.Repeat("x", 70_000) + `"}`, kind, 413, ""},
	} {
		a := r.ask("PATCH", path, c.body, "Content-Type", c.contentType)
		if a.status != c.status || !strings.Contains(a.body+a.header.Get("Content-Type"), c.says) {
			t.Errorf("%.60s: %d %.300s", c.body, a.status, a.body)
		}
		if c.status != 200 && a.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%.60s: %v", c.body, a.header)
		}
	}
	if n := r.Settings().Resource.Limit; n != 15 {
		t.Errorf("limit %d: a refused change changed something", n)
	}
	etag := r.ask("GET", path, "").header.Get("ETag")
	if a := r.ask("PATCH", path, `{"resource":{"limit":16}}`, "Content-Type", kind, "If-Match", etag); a.status != 200 {
		t.Errorf("with the present tag: %d", a.status)
	}
	if a := r.ask("PATCH", path, `{"resource":{"limit":17}}`, "Content-Type", kind, "If-Match", etag); a.status != 412 || r.Settings().Resource.Limit != 16 {
		t.Errorf("with an old tag: %d", a.status)
	}
}

func TestThePlainFormsOfThePages(t *testing.T) {
	r := start(t, func(s *config.Settings) { s.Resource.Latency = 500 * time.Millisecond })
	post := func(form url.Values) answer {
		return r.ask("POST", "/settings", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	}
	if a := post(url.Values{"resource.latency": {"x5"}, "back": {"/part1"}}); a.status != 303 || a.header.Get("Location") != "/part1" {
		t.Errorf("%d %v", a.status, a.header)
	}
	if d := r.Settings().Resource.Latency; d != 2500*time.Millisecond {
		t.Errorf("latency %v", d)
	}
	a := post(url.Values{"resource.latency": {`<b>fast`}, "back": {"/part1"}})
	if a.status != 422 || !strings.Contains(a.body, "&lt;b&gt;fast") || !strings.Contains(a.body, "want a duration") || !strings.Contains(a.body, "Concurrent Requests to Mock Resource") {
		t.Errorf("%d %.2000s", a.status, a.body)
	}
	if a := post(url.Values{"resource.latency": {"x5"}, "if_match": {`"old"`}, "back": {"/part1"}}); a.status != 412 || !strings.Contains(a.body, "changed meanwhile") {
		t.Errorf("%d", a.status)
	}
	for _, back := range []string{"//evil.example", "https://evil.example", "/nowhere", "/\\evil.example", ""} {
		if a := post(url.Values{"resource.limit": {"15"}, "back": {back}}); a.header.Get("Location") != "/" {
			t.Errorf("back %q leads to %q", back, a.header.Get("Location"))
		}
	}
}

func TestPagesSayTheirValuesWithoutAScript(t *testing.T) {
	r := start(t, nil)
	for range 3 {
		r.ask("GET", "/part1/serial", "")
	}
	for path, wants := range map[string][]string{
		"/":                            {"Part 1", "/part1/serial"},
		"/part1":                       {"Concurrent Requests to Mock Resource", `name="resource.latency"`, "afflux set", "curl -X PATCH"},
		"/part2":                       {"Enqueued Events", "Concurrent Resource Usage", "Average Processing Time (ms)", "consumer-1", `name="pipeline.max_demand"`, "Used by kind supervisor only.", "curl -X POST", "/api/v1/pipeline/rebalance"},
		"/observer?node=mock-resource": {"mock-resource", "internal/resource/mock.go:", "uses going on", "Goroutines"},
	} {
		a := r.ask("GET", path, "")
		for _, want := range wants {
			if a.status != 200 || !strings.Contains(a.body, want) {
				t.Errorf("%s: %d, misses %q", path, a.status, want)
			}
		}
	}
}

func TestLinesToCopyLeadToThisLabAndKnowItsToken(t *testing.T) {
	r := start(t, func(s *config.Settings) { s.Server.Token = token })
	page := r.ask("GET", "/part1", "", "Authorization", "Bearer "+token).body
	for _, want := range []string{"--addr " + r.url, "$AFFLUX_TOKEN", "ab -n 3000 -c 50 -H "} {
		if !strings.Contains(page, want) {
			t.Errorf("the page misses %q", want)
		}
	}
	if strings.Contains(page, token) {
		t.Error("the page shows the token")
	}
}

func TestARestartOfTheResourceUnderLoadKeepsTheBooks(t *testing.T) {
	r := start(t, func(s *config.Settings) { s.Resource.Latency = 20 * time.Millisecond })
	const workers = 20
	answers := make(chan int, workers*200) // room for all
	finished := make(chan struct{})
	for range workers {
		go func() {
			for range 50 {
				answers <- r.ask("GET", "/part1/serial", "").status
				answers <- r.ask("GET", "/part1/async", "").status
			}
			finished <- struct{}{}
		}()
	}
	for range 3 {
		if err := r.Kill("mock-resource"); err != nil && !errors.Is(err, supervise.ErrNotRunning) {
			t.Error(err)
		}
		time.Sleep(50 * time.Millisecond) // real load runs in real time
	}
	for range workers {
		<-finished
	}
	r.stop()
	close(answers)
	n := map[int]int{}
	for status := range answers {
		n[status]++
	}
	if n[200]+n[503] != workers*100 || n[200] == 0 {
		t.Errorf("answers: %v", n)
	}
	b := r.Resource()
	if b.InFlight != 0 || b.Started != b.Finished+b.Failed || int(b.Started+b.Rejected) != workers*100 {
		t.Errorf("%+v", b)
	}
	if mock := r.Tree().Children[1]; mock.Restarts == 0 || mock.LastError != "killed" {
		t.Errorf("%+v", mock)
	}
}

func TestAStopFinishesWorkWithinItsGraceAndReportsWhatIsLeft(t *testing.T) {
	for grace, left := range map[time.Duration]int{10 * time.Second: 0, 100 * time.Millisecond: 7} {
		synctest.Test(t, func(t *testing.T) {
			s := config.Defaults()
			s.Server.Grace = grace
			l, err := lab.New(s, lab.Options{Log: slog.New(slog.DiscardHandler), Version: "test"})
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() { done <- l.Run(ctx, context.Background()) }()
			synctest.Wait()
			for range 7 {
				l.Handler().ServeHTTP(httptest.NewRecorder(), localRequest("/part1/async"))
			}
			stop()
			synctest.Wait()
			for path, want := range map[string]int{"/part1/async": 503, "/part1/serial": 503, "/readyz": 503, "/livez": 200, "/api/v1/resource": 200} {
				w := httptest.NewRecorder()
				l.Handler().ServeHTTP(w, localRequest(path))
				if w.Code != want {
					t.Errorf("while it stops, %s answers %d", path, w.Code)
				}
			}
			err = <-done
			var unfinished *lab.LeftError
			if errors.As(err, &unfinished) != (left > 0) || left > 0 && unfinished.Part1 != left {
				t.Errorf("grace %v: %v", grace, err)
			}
			if b := l.Resource(); b.InFlight != 0 || int(b.Failed) != left {
				t.Errorf("%+v", b)
			}
		})
	}
}

func localRequest(path string) *http.Request {
	r := httptest.NewRequest("GET", path, nil)
	r.Host = "localhost"
	return r
}

func TestTheLabSaysWhyItGaveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := lab.New(config.Defaults(), lab.Options{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- l.Run(context.Background(), context.Background()) }()
		for range 4 {
			synctest.Wait()
			if err := l.Kill("part1"); err != nil {
				t.Fatal(err)
			}
		}
		if err := <-done; !errors.Is(err, supervise.ErrIntensity) || !strings.Contains(err.Error(), "part1") {
			t.Errorf("got %v", err)
		}
	})
}

func TestAnswersOfTheAPIFitTheirOpenAPISchemas(t *testing.T) {
	r := start(t, nil)
	r.ask("GET", "/part1/async", "")
	var doc struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct {
				Content map[string]struct{ Schema json.RawMessage }
			}
		}
		Components struct{ Schemas map[string]json.RawMessage }
	}
	if err := json.Unmarshal([]byte(r.ask("GET", "/openapi.json", "").body), &doc); err != nil {
		t.Fatal(err)
	}
	checked := 0
	for path, methods := range doc.Paths {
		op, ok := methods["get"]
		if !ok {
			continue
		}
		// Refs lead into the document; a schema alone has them under $defs.
		content, isJSON := op.Responses["200"].Content["application/json"]
		if !isJSON {
			continue // the stream
		}
		text := string(content.Schema)
		defs, _ := json.Marshal(doc.Components.Schemas)
		text = strings.TrimSuffix(strings.TrimSpace(text), "}") + `,"$defs":` + string(defs) + "}"
		text = strings.ReplaceAll(text, "#/components/schemas/", "#/$defs/")
		var schema jsonschema.Schema
		if err := json.Unmarshal([]byte(text), &schema); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		resolved, err := schema.Resolve(nil)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		var v any
		body := r.ask("GET", path, "").body
		if err := json.Unmarshal([]byte(body), &v); err != nil {
			t.Fatal(err)
		}
		if err := resolved.Validate(v); err != nil {
			t.Errorf("%s: %v\n%s", path, err, body)
		}
		checked++
	}
	if checked < 5 {
		t.Errorf("only %d answers were checked", checked)
	}
}

func TestALinkProposesSettingsAndChangesNothing(t *testing.T) {
	r := start(t, nil)
	a := r.ask("GET", "/part1?gauge=held&resource.limit=15&resource.latency=0ms&resource.status=5", "")
	for _, want := range []string{`id="proposal"`, `<code>resource.limit</code> 0 → <strong>15</strong>`, `name="resource.limit" value="15"`, `<code>resource.status</code> 500 → <strong>5</strong> <span class="problem">`, `name="back" value="/part1?gauge=held"`} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the page misses %s", want)
		}
	}
	if strings.Contains(a.body, "<code>resource.latency</code>") || strings.Contains(a.body, ">Apply<") {
		t.Error("what is in force already is proposed, or what cannot be may be applied")
	}
	if r.Settings().Resource.Limit != 0 {
		t.Error("a link was followed and changed a setting")
	}
	pair := r.ask("GET", "/part2?pipeline.max_demand=10&pipeline.min_demand=10", "").body
	if !strings.Contains(pair, "a min_demand of 10: want less than max_demand, which is 10") || strings.Contains(pair, ">Apply<") {
		t.Error("two settings that do not go together may be applied")
	}
	if pair = r.ask("GET", "/part2?pipeline.max_demand=5000&pipeline.min_demand=2000", "").body; !strings.Contains(pair, ">Apply<") {
		t.Error("two settings that go together cannot be applied")
	}
	a = r.ask("POST", "/settings", "back=%2Fpart1%3Fgauge%3Dheld&resource.limit=15", "Content-Type", "application/x-www-form-urlencoded")
	if a.status != 303 || a.header.Get("Location") != "/part1?gauge=held" {
		t.Errorf("%d to %s", a.status, a.header.Get("Location"))
	}
	page := r.ask("GET", "/part1?resource.limit=15", "").body
	if strings.Contains(page, `id="proposal"`) || !strings.Contains(page, r.url+"/part1?resource.latency=0s&amp;resource.limit=15") {
		t.Error("a setting in force is proposed, or the link to the settings is missing")
	}
}
