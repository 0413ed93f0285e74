package guide_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/affluxlab/afflux/internal/config"
)

// With -update the test of links writes the lines of the code that the guide points at
// anew: go test ./internal/guide -run TestEveryLinkToCode -update.
var update = flag.Bool("update", false, "write the line numbers of links to code into docs/workshop.md")

const workshopFile = "../../docs/workshop.md"

// workshopText is the guide.
func workshopText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(workshopFile)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// asked is a question or task of the workshop, in our words, with words that its answer
// in the guide contains.
type asked struct{ question, answer string }

// workshop is all that the workshop asks, in its order, under its headings.
var workshop = []struct {
	heading string
	asks    []asked
}{
	{"## Getting Setup", []asked{
		{"install what is needed", "There is nothing to install but"},
		{"start the server", "make run"},
		{"open it in a browser", "The lab is at <http://localhost:4000>"},
	}},
	{"## Section 1 Part 1", nil},
	{"### 1. Understanding IO wait, What is `MockResource` Doing in Each Endpoint", []asked{
		{"what does the use do", "It counts itself in, waits for the latency, and counts itself out"},
		{"what does the count of current requests do", "It reads the counter"},
		{"make it five times slower", "afflux set resource.latency=x5"},
		{"five times slower in the code", "`DefaultLatency`"},
		{"where is it in the supervision tree", "`buildTree`"},
		{"find it in the observer", "It is a child of the root"},
		{"what does it model well", "It models well what takes its time elsewhere"},
		{"what does it not model well", "It models badly what is shared"},
		{"how is it used by serial", "Serial: the request's own goroutine uses the resource, then answers"},
		{"how is it used by async", "Async: the handler asks for a place, starts another goroutine"},
		{"what does the page measure", "shows the mean of the last 11"},
	}},
	{"### 2. Using `ab`", []asked{
		{"3,000 at 50, serial", "3,000 ÷ 50 = 60 rounds"},
		{"3,000 at 50, async", "Well under a second"},
		{"how long did each request take", "Serial ones are all alike"},
		{"which returned the fastest", "Async: 109 times faster for the run"},
		{"what of memory and processor", "memory grows with the rate of requests times the latency"},
	}},
	{"### 3. Looking at concurrent requests to `MockResource` during your benchmarks", []asked{
		{"how many at one time, serial", "It rises at once to 50 and stays there"},
		{"how many at one time, async", "The height is the smaller of N and rate × S"},
		{"which is faster for the client", "Async is faster, by a factor of 100, but it has told the client less"},
		{"what if it were the database", "the last starts after 149.5 s"},
		{"what if it bears only a limited load", "15 ÷ 0.5 s = 30 a second"},
	}},
	{"### 4. (Hard Mode) How slow can you go", []asked{
		{"fail with 500 at 15", "15 are served and 35 are refused at once"},
		{"in the code", "`enterAtomically`"},
		{"judged by tests", "go test ./internal/resource -run"},
	}},
	{"## Section 1 Part 2", nil},
	{"### 1. Find the Genstage Components", []asked{
		{"follow the tree", "afflux → part2 (one_for_one) → producer and consumer-1"},
	}},
	{"### 2. Examine the GenStage", []asked{
		{"what does the controller do", "It stamps an event with the time"},
		{"what does the producer do", "the queue keeps up to `pipeline.buffer` events"},
		{"what does the consumer do", "It takes one event after the other"},
		{"what does the control panel do", "*Enqueued Events*"},
		{"which metrics", "*Concurrent Resource Usage*: the mean of 11 samples"},
	}},
	{"### 3. Enqueue some events", []asked{
		{"how does the number of unprocessed events change", "by 2 a second, to 0 after 500 s"},
		{"how does the usage change", "It is 1 as long as anything waits"},
	}},
	{"### 4. Increase the number of consumers to 3", []asked{
		{"add two more", "afflux set pipeline.consumers=3"},
		{"how does the speed change", "There from the start: 6 a second, 167 s"},
		{"how does the usage change", "Three at one time with three consumers"},
	}},
	{"### 5. Measure the latency of events flowing through your pipeline", []asked{
		{"use what the consumer emits", "`depth_at_arrival`"},
		{"how does latency change with depth", "(d + 1) × S ÷ k"},
		{"how do consumers affect the average", "① In a burst it falls to a third."},
		{"it is tricky", "② It never falls below the service."},
		{"it is tricky", "③ Under a steady load"},
		{"it is tricky", "④ Three private queues are not one shared queue."},
		{"it is tricky", "⑤ The resource may be the limit."},
		{"it is tricky", "⑥ The gauge lags."},
	}},
	{"### 6. (Hard Mode) Consumer Supervisor", []asked{
		{"concurrency by configuration", "AFFLUX_PIPELINE_CONCURRENCY=10"},
		{"what it does", "With k at a time: 2k a second"},
		{"implement it", "`makeSupervisor`"},
		{"judged by tests", "go test ./internal/part2 -run"},
	}},
}

func TestTheGuideHasAllThatTheWorkshopAsksInItsOrder(t *testing.T) {
	rest := workshopText(t)
	for i, section := range workshop {
		_, after, found := strings.Cut(rest, "\n"+section.heading)
		if !found {
			t.Fatalf("%q is not there, or not after the one before", section.heading)
		}
		rest = after
		text := rest
		if i+1 < len(workshop) {
			text, _, _ = strings.Cut(rest, "\n"+workshop[i+1].heading)
		}
		for _, a := range section.asks {
			_, after, found := strings.Cut(text, a.answer)
			if !found {
				t.Errorf("%s: %s: %q is not there, or not in its place", section.heading, a.question, a.answer)
				continue
			}
			text = after
		}
	}
}

func TestTheGuideHasNoOtherSectionsThanTheWorkshop(t *testing.T) {
	var want []string
	for _, section := range workshop {
		want = append(want, section.heading)
	}
	var got []string
	for _, l := range linesOf(workshopText(t)) {
		if !l.code && (strings.HasPrefix(l.text, "## ") || strings.HasPrefix(l.text, "### ")) {
			got = append(got, l.text)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("sections\n got %q\nwant %q", got, want)
	}
}

func TestEachQuestionLetsOnePredictAndIsAnswered(t *testing.T) {
	questions := strings.Split(workshopText(t), "\n#### ")[1:]
	if len(questions) < 25 {
		t.Errorf("only %d questions", len(questions))
	}
	for _, q := range questions {
		title, text, _ := strings.Cut(q, "\n")
		text, _, _ = strings.Cut(text, "\n##") // the next section
		before, after, answered := strings.Cut(text, "\n**Answer.**")
		switch {
		case !answered || strings.Contains(after, "\n**Answer.**"):
			t.Errorf("%q: want one answer", title)
		case strings.Count(before, "\n**Predict first.**") != 1:
			t.Errorf("%q: want one prediction, before the answer", title)
		}
	}
}

// line is one of a document; code if it stands in a code block that is there to be
// typed, or pasted into a file.
type line struct {
	text string
	code bool
}

func linesOf(text string) (lines []line) {
	block := "" // the fence that began the one we are in
	for l := range strings.SplitSeq(text, "\n") {
		fence := strings.TrimSpace(l)
		switch {
		case !strings.HasPrefix(fence, "```"):
			lines = append(lines, line{l, block != "" && block != "```text"})
		case block == "":
			block = fence
		default:
			block = ""
		}
	}
	return lines
}

// codeLines are the lines of code blocks, without their indentation.
func codeLines(t *testing.T) (lines []string) {
	t.Helper()
	for _, l := range linesOf(workshopText(t)) {
		if l.code {
			lines = append(lines, strings.TrimSpace(l.text))
		}
	}
	return lines
}

// linkForm is a link to a file or a folder of the repository, or to a page.
var linkForm = regexp.MustCompile(`\[([^\]\n]+)\]\(([^)\s]+)\)`)

func TestEveryLinkToCodeNamesALineThatHasWhatItSays(t *testing.T) {
	text := workshopText(t)
	seen := 0
	now := linkForm.ReplaceAllStringFunc(text, func(link string) string {
		parts := linkForm.FindStringSubmatch(link)
		file, anchor, _ := strings.Cut(parts[2], "#")
		number, isLine := strings.CutPrefix(anchor, "L")
		if !isLine || strings.Contains(file, "://") {
			return link
		}
		seen++
		name := strings.Trim(parts[1], "`")
		lines := fileLines(t, file)
		if *update {
			n, err := lineOf(lines, name)
			if err != nil {
				t.Errorf("%s: %v", file, err)
			}
			return fmt.Sprintf("[%s](%s#L%d)", parts[1], file, n)
		}
		n, err := strconv.Atoi(number)
		_, last, _ := cutLast(name)
		switch {
		case err != nil || n < 1 || n > len(lines):
			t.Errorf("%s: the file has %d lines", link, len(lines))
		case !regexp.MustCompile(`\b` + regexp.QuoteMeta(last) + `\b`).MatchString(lines[n-1]):
			t.Errorf("%s: the line is %q", link, lines[n-1])
		}
		return link
	})
	if seen < 40 {
		t.Errorf("only %d links to lines", seen)
	}
	if now != text {
		if err := os.WriteFile(workshopFile, []byte(now), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// cutLast parts the method of Type.method from its type.
func cutLast(name string) (before, last string, parted bool) {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return name[:i], name[i+1:], true
	}
	return "", name, false
}

// lineOf finds where a name is declared; one that is nowhere declared, where it stands
// first outside comments.
func lineOf(lines []string, name string) (int, error) {
	receiver, last, isMethod := cutLast(name)
	last = regexp.QuoteMeta(last)
	forms := []string{
		`^func (\([^)]*\) )?` + last + `\b`,
		`^type ` + last + `\b`,
		`^(const|var) ` + last + `\b`,
		`^[^/]*\b` + last + `\b`,
	}
	if isMethod {
		forms = []string{`^func \(\w+ \*?` + receiver + `(\[\w+\])?\) ` + last + `\b`, `^[^/]*\b` + regexp.QuoteMeta(name) + `\b`}
	}
	for _, form := range forms {
		re := regexp.MustCompile(form)
		if i := slices.IndexFunc(lines, re.MatchString); i >= 0 {
			return i + 1, nil
		}
	}
	return 0, fmt.Errorf("%q is nowhere", name)
}

// fileLines are those of a file that the guide names.
func fileLines(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(filepath.Dir(workshopFile), filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// routes are the addresses that the guide speaks of; one that ends in a slash stands for
// all below it.
var routes = []string{
	"/", "/part1", "/part2", "/observer", "/stage", "/guide", "/source",
	"/part1/serial", "/part1/async", "/part2/genstage",
	"/api/v1/settings", "/api/v1/resource", "/api/v1/pipeline", "/api/v1/pipeline/rebalance",
	"/api/v1/reset", "/api/v1/stream", "/api/v1/tree", "/api/v1/tree/", "/api/v1/runtime",
	"/api/v1/processes", "/api/v1/observer", "/api/v1/profile/",
}

func known(route string) bool {
	return slices.Contains(routes, route) || strings.Count(route, "/") > 3 && slices.ContainsFunc(routes, func(r string) bool {
		return r != "/" && strings.HasSuffix(r, "/") && strings.HasPrefix(route, r)
	})
}

var addressForm = regexp.MustCompile(`http://(?:localhost|127\.0\.0\.1):4000[^\s)>;"'` + "`" + `]*`)

func TestEveryAddressInTheGuideIsARoute(t *testing.T) {
	found := addressForm.FindAllString(workshopText(t), -1)
	if len(found) < 40 {
		t.Errorf("only %d addresses", len(found))
	}
	for _, address := range found {
		u, err := url.Parse(address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if !known(path.Join("/", u.Path)) {
			t.Errorf("%s is no route that this test knows", address)
		}
	}
}

func TestEveryRelativeLinkOfTheGuideLeadsSomewhere(t *testing.T) {
	for _, parts := range linkForm.FindAllStringSubmatch(workshopText(t), -1) {
		file, _, _ := strings.Cut(parts[2], "#")
		if file == "" || strings.Contains(file, "://") {
			continue
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(workshopFile), filepath.FromSlash(file))); err != nil {
			t.Errorf("%s: %v", parts[0], err)
		}
	}
}

// commands of the program that the guide may use.
var commands = []string{"serve", "get", "set", "observe"}

func TestEveryCommandInTheGuideNamesSettingsThatExist(t *testing.T) {
	seen := 0
	for _, l := range codeLines(t) {
		variables, words := parted(strings.Fields(l))
		if len(words) == 0 || words[0] != "afflux" {
			continue
		}
		seen++
		for _, v := range variables {
			if !hasField(func(f config.Field) bool { return f.Env() == v }) {
				t.Errorf("%s: no setting has the variable %s", l, v)
			}
		}
		if len(words) < 2 || !slices.Contains(commands, words[1]) {
			t.Errorf("%s: no such command", l)
			continue
		}
		for _, w := range words[2:] {
			if problem := wrongWord(words[1], w); problem != "" {
				t.Errorf("%s: %s", l, problem)
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d commands", seen)
	}
}

// parted are the variables that a command line sets, and the command.
func parted(words []string) (variables, command []string) {
	for i, w := range words {
		name, _, isVariable := strings.Cut(w, "=")
		if !isVariable || !strings.HasPrefix(name, "AFFLUX_") {
			return variables, words[i:]
		}
		variables = append(variables, name)
	}
	return variables, nil
}

func hasField(is func(config.Field) bool) bool { return slices.ContainsFunc(config.Fields(), is) }

// wrongWord says what is wrong with a word of a command, if something is.
func wrongWord(command, word string) string {
	flagName, isFlag := strings.CutPrefix(word, "--")
	key, _, _ := strings.Cut(word, "=")
	switch {
	case isFlag && command == "serve":
		if !hasField(func(f config.Field) bool { return f.Flag() == flagName }) {
			return "no setting has the flag --" + flagName
		}
	case command == "set" || command == "get" && !isFlag:
		if _, ok := config.Lookup(key); !ok {
			return "no setting " + key
		}
	}
	return ""
}

// settingForm is a setting in the running text.
var settingForm = regexp.MustCompile("`((?:server|resource|pipeline)\\.[a-z_]+)[`=]")

func TestEverySettingThatTheGuideSpeaksOfExists(t *testing.T) {
	for _, parts := range settingForm.FindAllStringSubmatch(workshopText(t), -1) {
		if _, ok := config.Lookup(parts[1]); !ok {
			t.Errorf("there is no setting %s", parts[1])
		}
	}
}

// patchForm is the body of a request that changes settings.
var patchForm = regexp.MustCompile(`-d '(\{.*\})'`)

func TestEveryPatchInTheGuideIsTaken(t *testing.T) {
	seen := 0
	for _, l := range codeLines(t) {
		parts := patchForm.FindStringSubmatch(l)
		if parts == nil {
			continue
		}
		seen++
		var sections map[string]map[string]any
		if err := json.Unmarshal([]byte(parts[1]), &sections); err != nil {
			t.Errorf("%s: %v", l, err)
		}
		for section, values := range sections {
			for name := range values {
				if f, ok := config.Lookup(section + "." + name); !ok || !f.Live {
					t.Errorf("%s: %s.%s is no setting that can be changed", l, section, name)
				}
			}
		}
	}
	if seen == 0 {
		t.Error("there is none")
	}
}

// runForm is a line that runs some tests of a package.
var runForm = regexp.MustCompile(`^go test (\./\S+) -run '?([^' ]+)'?`)

func TestEveryTestThatTheGuideNamesExists(t *testing.T) {
	seen := 0
	for _, l := range codeLines(t) {
		parts := runForm.FindStringSubmatch(l)
		if parts == nil {
			continue
		}
		tests := testsOf(t, parts[1])
		for one := range strings.SplitSeq(parts[2], "|") {
			seen++
			name, _, _ := strings.Cut(one, "/")
			re := regexp.MustCompile(name)
			if n := len(slices.DeleteFunc(slices.Clone(tests), func(s string) bool { return !re.MatchString(s) })); n != 1 {
				t.Errorf("%s has %d tests for %s", parts[1], n, one)
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d tests", seen)
	}
}

// testsOf are the tests of a package, by name.
func testsOf(t *testing.T, room string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../..", filepath.FromSlash(room), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				names = append(names, f.Name.Name)
			}
		}
	}
	return names
}
