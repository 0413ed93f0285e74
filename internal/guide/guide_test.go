package guide_test

import (
	"embed"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"
	nethtml "golang.org/x/net/html"

	"github.com/affluxlab/afflux"
	"github.com/affluxlab/afflux/internal/browsertest"
	"github.com/affluxlab/afflux/internal/guide"
	"github.com/affluxlab/afflux/internal/live"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(browsertest.Shared(m)) }

//go:embed testdata
var testdata embed.FS

const mock = `// Package mock stands for a resource. It has a second sentence.
package mock

// Enter decides.
func Enter() string { return "a <b> & \t c" + ` + "`two\nlines`" + ` } // 1 < 2

/* a comment
of two lines */
type Mock struct{ limit int }
`

// small is a repository with one of everything.
func small(t testing.TB) fstest.MapFS {
	t.Helper()
	text, err := testdata.ReadFile("testdata/guide.md")
	if err != nil {
		t.Fatal(err)
	}
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	return fstest.MapFS{
		"docs/workshop.md":   {Data: text},
		"docs/other.md":      file("# Another document\n\nWith [a link up](../README.md) and [the way back](workshop.md).\n"),
		"README.md":          file("# Small\n\nSee [the docs](docs), [the guide](docs/workshop.md) and [nothing](../../etc/passwd).\n"),
		"code/mock.go":       file(mock),
		"code/mock_test.go":  file("// Package mock_test must not speak for the folder.\npackage mock_test\n"),
		"code/deep/mock.go":  file("package deep"),
		"code/deep/empty.js": file(""),
		"Makefile":           file("run: build ## run it\n\t@echo $(NAME)\n"),
	}
}

// serve joins the pages of a guide to a site, as the lab does.
func serve(t testing.TB, g *guide.Guide) http.Handler {
	t.Helper()
	site, err := live.New(live.Config{Viewers: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range g.Pages() {
		if err := site.Add(p); err != nil {
			t.Fatal(err)
		}
	}
	mux := http.NewServeMux()
	for _, r := range site.Routes() {
		mux.HandleFunc(r.Method+" "+r.Path, r.Handler)
	}
	return mux
}

func pages(t testing.TB) http.Handler {
	t.Helper()
	g, err := guide.New(small(t))
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, g)
}

func get(t testing.TB, h http.Handler, target string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Host = "localhost:4000"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// body is the part of a page that is its own.
func body(t testing.TB, h http.Handler, target string) string {
	t.Helper()
	w := get(t, h, target)
	if w.Code != http.StatusOK {
		t.Fatalf("%s: answered %d", target, w.Code)
	}
	_, text, _ := strings.Cut(w.Body.String(), "<main")
	text, _, _ = strings.Cut(text, "</main>")
	return text
}

func wants(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s\nis not in\n%s", part, text)
		}
	}
}

func lacks(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(text, part) {
			t.Errorf("%s\nis in\n%s", part, text)
		}
	}
}

func TestWithoutTheWorkshopsGuideThereIsNone(t *testing.T) {
	files := small(t)
	delete(files, "docs/workshop.md")
	if _, err := guide.New(files); err == nil || !strings.Contains(err.Error(), "docs/workshop.md") {
		t.Errorf("got %v", err)
	}
}

func TestTheGuideIsInTheTopBarAndTheSourceIsNot(t *testing.T) {
	w := get(t, pages(t), "/guide")
	wants(t, w.Body.String(), `<a href="/guide" aria-current="page" data-key="u">Guide</a>`, "<title>Guide · Afflux</title>")
	lacks(t, w.Body.String(), `<a href="/source" data`)
}

func TestTheFirstHeadingIsThePages(t *testing.T) {
	text := body(t, pages(t), "/guide")
	wants(t, text, "<h1>A small guide</h1>", "<p>What is <em>said</em> first, with <code>code</code>.")
	if n := strings.Count(text, "<h1"); n != 1 {
		t.Errorf("%d headings of the first level", n)
	}
}

func TestContentsLeadToTheHeadings(t *testing.T) {
	text := body(t, pages(t), "/guide")
	wants(t, text,
		`<li><a href="#getting-ready">Getting ready</a><ol><li><a href="#what-is-mock-doing">What is Mock doing?</a></li>`,
		`<h2 id="getting-ready">Getting ready <a class="anchor" href="#getting-ready" aria-label="Link to: Getting ready">#</a></h2>`,
		`<h3 id="what-is-mock-doing">What is <code>Mock</code> doing? <a`,
		`<h3 id="predict-first">`, `<h2 id="predict-first-1">`)
}

func TestLinksLeadToThePagesOfWhatTheyName(t *testing.T) {
	h := pages(t)
	wants(t, body(t, h, "/guide"),
		`<a href="/source/code/mock.go#L3"><code>Enter</code></a>`,
		`<a href="/source/code">the folder</a>`,
		`<a href="/source/docs/other.md#l1-l2">another document</a>`,
		`<a href="/source/docs/other.md?plain=1#L3">its third line</a>`,
		`<a href="#getting-ready">above</a>`,
		`<a href="/guide#predict-first">this guide</a>`,
		`<a href="/part1">http://localhost:4000/part1</a>`,
		`<a href="https://example.com/book" rel="noreferrer">elsewhere</a>`)
	wants(t, body(t, h, "/source/README.md"),
		`<a href="/source/docs">the docs</a>`, `<a href="/guide">the guide</a>`, `<a href="../../etc/passwd">nothing</a>`)
	wants(t, body(t, h, "/source/docs/other.md"), `<a href="/source/README.md">a link up</a>`, `<a href="/guide">the way back</a>`)
}

func TestAnswersAreFoldedUntilTheyAreAskedFor(t *testing.T) {
	h := pages(t)
	text := body(t, h, "/guide")
	wants(t, text, "<details class=\"answer\"><summary>Answer</summary>\n<p>It <em>waits</em>.</p>", `<a href="?answers=open">`)
	if n := strings.Count(text, `<details class="answer">`); n != 2 {
		t.Errorf("%d answers", n)
	}
	first, rest, _ := strings.Cut(text[strings.Index(text, `<details class="answer">`):], "</details>")
	wants(t, first, "<table")
	wants(t, rest, "<p>How long?</p>\n<details class=\"answer\"><summary>Answer</summary>\n<p>As long as it takes.</p>\n<ul>")
	lacks(t, text, "<strong>Answer")

	text = body(t, h, "/guide?answers=open")
	if n := strings.Count(text, `<details class="answer" open>`); n != 2 {
		t.Errorf("%d answers are open", n)
	}
	wants(t, text, `<a href="?">Fold them</a>`)
}

func TestRawMarkupOfADocumentIsLeftOut(t *testing.T) {
	text := body(t, pages(t), "/guide")
	lacks(t, text, "<script", "alert(1)</script>", "<b>", "<img")
	wants(t, text, "[Picture: A picture]")
}

func TestTablesScrollByThemselvesAndAlignByClass(t *testing.T) {
	wants(t, body(t, pages(t), "/guide"),
		`<div class="scroll" tabindex="0" role="region" aria-label="Table: run, took, rate"><table class="data">`,
		`<th scope="col" class="n">took</th>`, `<td class="n">500.7 s</td>`)
}

var elements = regexp.MustCompile(`<[^>]*>`)

// codes are the texts of the code blocks of a page.
func codes(text string) []string {
	var all []string
	for _, m := range regexp.MustCompile(`(?s)<code class="code-colours">(.*?)</code>`).FindAllStringSubmatch(text, -1) {
		all = append(all, html.UnescapeString(elements.ReplaceAllString(m[1], "")))
	}
	return all
}

func TestCodeIsColouredByClassesAndCanBeCopied(t *testing.T) {
	text := body(t, pages(t), "/guide")
	wants(t, text,
		`<span class="c"># five times</span>`, `<span class="f">ab</span>`, `<span class="a">-n</span>`,
		`<span class="a">latency</span> = <span class="s">&#34;500ms&#34;</span>`, `<span class="k">[resource]</span>`,
		`<span class="k">func</span> (m *Mock) <span class="f">Enter</span>(n <span class="t">int</span>)`,
		`</pre><button type="button" class="quiet copy js-only" data-copy>Copy</button></div>`)
	blocks := codes(text)
	if len(blocks) != 4 {
		t.Fatalf("%d blocks", len(blocks))
	}
	want := "// Enter decides.\nfunc (m *Mock) Enter(n int) error { return nil }"
	if blocks[2] != want {
		t.Errorf("the code is %q", blocks[2])
	}
	if n := strings.Count(text, "data-copy"); n != 3 {
		t.Errorf("%d blocks can be copied; the output of a program is none of them", n)
	}
}

func TestCommandsNameTheLabAsTheVisitorDoes(t *testing.T) {
	h := pages(t)
	at := func(host string) string {
		r := httptest.NewRequest(http.MethodGet, "/guide", nil)
		r.Host = host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return codes(w.Body.String())[0]
	}
	usual := at("localhost:4000")
	wants(t, usual, "afflux set resource.latency=x5", "http://localhost:4000/part1/serial", "PATCH localhost:4000/api")
	other := at("lab.example:81")
	wants(t, other, "afflux set --addr http://lab.example:81 resource.latency=x5", "http://lab.example:81/part1/serial", "PATCH lab.example:81/api")
	lacks(t, other, ":4000", "\uE000", "\uE001", "\uE002")
	if evil := at(`"><script>`); strings.Contains(get(t, h, "/guide").Body.String(), "<script>") || !strings.Contains(evil, `"><script>`) {
		t.Error("a host name is taken for markup")
	}
}

// Whatever the shape of a block, what a reader copies from it goes to the lab it was read on.
func TestEveryBlockOfTheWorkshopFollowsThePort(t *testing.T) {
	g, err := guide.New(source(t))
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/guide", nil)
	r.Host = "localhost:4321"
	w := httptest.NewRecorder()
	serve(t, g).ServeHTTP(w, r)
	led := 0
	for _, block := range codes(w.Body.String()) {
		if strings.Contains(block, ":4000") {
			t.Errorf("does not follow the port:\n%s", block)
		}
		if usual := regexp.MustCompile(`(?m)\bafflux (?:get|set|observe) [^-]`).FindString(block); usual != "" {
			t.Errorf("%q asks the lab at the usual port:\n%s", usual, block)
		}
		led += strings.Count(block, "http://localhost:4321")
	}
	if led < 40 {
		t.Errorf("only %d addresses in blocks", led)
	}
}

func TestAFileIsShownWithAnAnchorForEachLine(t *testing.T) {
	text := body(t, pages(t), "/source/code/mock.go")
	wants(t, text,
		`<a href="/source">source</a>`, `<a href="/source/code">code</a>`, `<span>mock.go</span>`, "10 lines",
		`<span class="line" id="L2"><a class="ln" href="#L2" tabindex="-1">2</a><span class="cl"><span class="k">package</span> mock`,
		`<span class="f">Enter</span>`, `<span class="c">// 1 &lt; 2</span>`,
		`<span class="s">`+"`two</span>\n", `<span class="s">lines`+"`</span>", `<span class="c">/* a comment</span>`, `<span class="c">of two lines */</span>`,
		`<span class="f">Mock</span>`, `id="L10"`)
	lacks(t, text, `id="L11"`)
}

var lineNumbers = regexp.MustCompile(`<a class="ln"[^>]*>\d+</a>`)

func TestFilesOfEveryKindAreShownLetterForLetter(t *testing.T) {
	files := source(t)
	g, err := guide.New(files)
	if err != nil {
		t.Fatal(err)
	}
	h := serve(t, g)
	for name, file := range files {
		if strings.HasSuffix(name, ".go") && !strings.HasPrefix(name, "internal/guide/") {
			continue // of hundreds, those of one room will do
		}
		w := get(t, h, "/source/"+name+"?plain=1")
		text := lineNumbers.ReplaceAllString(w.Body.String(), "")
		shown := codes(text)
		if w.Code != http.StatusOK || len(shown) != 1 {
			t.Fatalf("%s: answered %d with %d texts", name, w.Code, len(shown))
		}
		if want := strings.TrimSuffix(string(file.Data), "\n") + "\n"; shown[0] != want {
			t.Errorf("%s is shown as\n%s", name, shown[0])
		}
	}
}

// source is the repository as it is built in.
func source(t testing.TB) fstest.MapFS {
	t.Helper()
	all := fstest.MapFS{}
	if err := walk(afflux.Source(), func(name string, text []byte) { all[name] = &fstest.MapFile{Data: text} }); err != nil {
		t.Fatal(err)
	}
	if all["docs/workshop.md"] == nil {
		t.Fatal("docs/workshop.md is missing")
	}
	return all
}

func TestNoPageCarriesAStyleOfItsOwnOrAScript(t *testing.T) {
	files := source(t)
	g, err := guide.New(files)
	if err != nil {
		t.Fatal(err)
	}
	h := serve(t, g)
	for _, page := range []string{"/guide", "/source", "/source/README.md", "/source/ARCHITECTURE.md", "/source/CHANGELOG.md", "/source/internal/live/own/afflux.css", "/source/Makefile", "/source/docs/afflux.toml", "/source/nowhere"} {
		checkMarkup(t, page, get(t, h, page).Body)
	}
}

// checkMarkup reads a page as a browser does: no style or handler in an attribute, and no ID twice.
func checkMarkup(t *testing.T, page string, body io.Reader) {
	t.Helper()
	seen := map[string]bool{}
	for z := nethtml.NewTokenizer(body); ; {
		switch z.Next() {
		case nethtml.ErrorToken:
			return
		case nethtml.StartTagToken, nethtml.SelfClosingTagToken:
			token := z.Token()
			for _, a := range token.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
					t.Errorf("%s: <%s> has %s=%q", page, token.Data, a.Key, a.Val)
				}
				if a.Key == "id" && seen[a.Val] {
					t.Errorf("%s: the ID %q stands twice", page, a.Val)
				}
				seen[a.Val] = seen[a.Val] || a.Key == "id"
			}
		}
	}
}

func TestAFolderListsWhatIsInIt(t *testing.T) {
	h := pages(t)
	root := body(t, h, "/source")
	wants(t, root,
		`<th scope="row"><a href="/source/code">code/</a></th><td>Package mock stands for a resource.</td>`,
		`<th scope="row"><a href="/source/README.md">README.md</a></th><td>Small</td><td class="n">3</td>`)
	if strings.Index(root, "docs/</a>") > strings.Index(root, "Makefile</a>") {
		t.Error("folders come after files")
	}
	for _, same := range []string{"/source/", "/source"} {
		if body(t, h, same) != root {
			t.Errorf("%s is another page", same)
		}
	}
	folder := body(t, h, "/source/code/")
	wants(t, folder, `<p class="lede">Package mock stands for a resource.</p>`, `<a href="/source/code/deep">deep/</a>`, `<a href="/source/code/mock.go">mock.go</a>`)
	wants(t, body(t, h, "/source/code/deep"), `<a href="/source/code/deep/mock.go">mock.go</a>`)
}

func TestADocumentIsShownAsOneOrAsText(t *testing.T) {
	h := pages(t)
	wants(t, body(t, h, "/source/README.md"), "<h1>Small</h1>", `<a class="other" href="/source/README.md?plain=1">`, `<span>README.md</span>`)
	text := body(t, h, "/source/README.md?plain=1")
	wants(t, text, `<span class="k"># Small</span>`, `<a href="/source/README.md">Show it as a document</a>`, `id="L3"`)
}

func TestAPathThatIsNotThereIsSaidAndTheFolderAboveOffered(t *testing.T) {
	h := pages(t)
	for path, above := range map[string]string{
		"/source/code/mock.rs":        `<a href="/source/code">code/</a>`,
		"/source/code/mock.go/inside": `<a href="/source/code">code/</a>`,
		"/source/code/a/b/c/mock.go":  `<a href="/source/code">code/</a>`,
		"/source/nowhere":             `<a href="/source">all of the source</a>`,
	} {
		w := get(t, h, path)
		if w.Code != http.StatusNotFound || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			t.Errorf("%s: answered %d as %s", path, w.Code, w.Header().Get("Content-Type"))
		}
		wants(t, w.Body.String(), above, "<code class=\"path\">"+strings.TrimPrefix(path, "/source/")+"</code>")
	}
	wants(t, get(t, h, "/source/elsewhere/mock.go").Body.String(),
		`<a href="/source/code/deep/mock.go">code/deep/mock.go</a>`, `<a href="/source/code/mock.go">code/mock.go</a>`)
	lacks(t, get(t, h, "/source/%3Cb%3E").Body.String(), "<b>")
}

func TestNoPathClimbsOut(t *testing.T) {
	h := pages(t)
	for _, path := range []string{
		"..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd", "code%2f..%2f..%2fgo.mod", "code/%2e%2e%2fREADME.md", "...", "code//mock.go%00", "%5c..%5cgo.mod", "./.",
	} {
		w := get(t, h, "/source/"+path)
		if w.Code == http.StatusOK && !strings.Contains(w.Body.String(), `<h1 class="crumbs"><span>source</span>`) {
			t.Errorf("%s: answered %d", path, w.Code)
		}
	}
	for _, path := range []string{"/source/../README.md", "/source/%2e%2e/README.md", "/source//README.md"} {
		if w := get(t, h, path); w.Code/100 != 3 && w.Code != http.StatusNotFound {
			t.Errorf("%s: answered %d", path, w.Code)
		}
	}
}

func TestEveryPageCanFollowTheStream(t *testing.T) {
	h := pages(t)
	for page, want := range map[string]int{"/guide": 200, "/source": 200, "/source/": 200, "/source/code": 200, "/source/code/": 200, "/source/nowhere": 200, "/elsewhere": 404} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodHead, "/api/v1/stream?page="+page, nil))
		if w.Code != want {
			t.Errorf("%s: answered %d", page, w.Code)
		}
	}
}

func TestPagesAreDrawnForManyAtOnce(t *testing.T) {
	h := pages(t)
	for range 8 {
		t.Run("visitor", func(t *testing.T) {
			t.Parallel()
			for _, page := range []string{"/guide", "/source", "/source/code/mock.go", "/source/code", "/source/README.md"} {
				body(t, h, page)
			}
		})
	}
}
