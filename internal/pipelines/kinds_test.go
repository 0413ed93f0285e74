package pipelines_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/affluxlab/afflux/internal/pipelines"
	"github.com/affluxlab/afflux/stage"
)

// settled runs f on a shop where nothing moves any more, three seconds after it was filled.
func settled(t *testing.T, f func(t *testing.T, p *stage.Pipeline)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := shop(t)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		f(t, p)
	})
}

func of(p *stage.Pipeline) func() []pipelines.Pipeline {
	return func() []pipelines.Pipeline { return []pipelines.Pipeline{{Name: p.Name(), Snapshot: p.Snapshot()}} }
}

func TestThePictureShowsWhatEachKindOfStageHas(t *testing.T) {
	settled(t, func(t *testing.T, p *stage.Pipeline) {
		says(t, text(get(t, serve(t, of(p)), "/stage")),
			"orders queue running buffer 9 of 100 oldest 3 s blocked 9 partitions 16 in hand 1 in, out",
			"ledger consumer running busy 1 of 4 done 0",
			"bundle batcher running buffer 0 of 16 inboxes 0 in hand 0 wanted 10 in, out 0/s, 0/s busy 0 of 1 done 23 gathered 23 batches 3",
			"parse transform running buffer ", " of 1,024 oldest 3 s in hand 0 wanted 0 in, out",
			"news broadcast running busy 0 of 1",
			"news/index outlet open buffer 20 of 20 oldest 3 s",
			"caller consumer running busy 0 of 3 held 3 done 1", "From calls to caller: at most 0.01/s",
			"From news/audit to audit: inbox 0", "by hand 0", "From news/mail to mail: inbox 0",
			"jobs queue running buffer 5 of 5 oldest 3 s in hand 2 pushes that wait 2 refused 1 in, out",
			"tasks spawner running busy 2 of 2 done 0",
			"feed producer backing off buffer 0 of 4,096 in hand 0 wanted 1 in, out 0/s, 0/s failures in a row 1 again in 59 min 57 s",
			"mails queue running buffer 0 of 40 in hand 0 delayed 6 in, out",
		)
	})
}

func TestThePictureLeavesOutWhatAStageCannotHave(t *testing.T) {
	m := begin().queue("jobs").takes("worker").stage("worker", "consumer", 1)
	told := text(get(t, serve(t, only(m)), "/stage"))
	says(t, told, "jobs queue running buffer 0 of 1,000 in hand 0 in, out 0/s, 0/s", "worker consumer running busy 0 of 1 done 0")
	picture, _, _ := strings.Cut(told, "What waits")
	for _, word := range []string{"oldest", "blocked", "partitions", "inboxes", "delayed", "wanted", "pushes", "refused", "held", "at most", "gathered", "batches", "failures", "by hand"} {
		if strings.Contains(picture, word) {
			t.Errorf("the picture of a plain queue says %q", word)
		}
	}
	if heads := tableHeads(get(t, serve(t, only(m)), "/stage")); strings.Contains(heads, "Partitions") || strings.Contains(heads, "Rate") || strings.Contains(heads, "Batches") || strings.Contains(heads, "Slice") || strings.Contains(heads, "Wanted") {
		t.Errorf("columns that say nothing: %s", heads)
	}
}

func TestTheTablesTellAllThatASnapshotKnows(t *testing.T) {
	settled(t, func(t *testing.T, p *stage.Pipeline) {
		h := serve(t, of(p))
		get(t, h, "/stage")
		time.Sleep(time.Second) // the load is measured from look to look
		page := get(t, h, "/stage")
		for title, rows := range map[string][]string{
			"What waits": {
				"Outlet Buffer Capacity Oldest Partitions Blocked Pushes that wait In Out Free workers Asked ahead Wanted Why",
				"orders 9 100 4 s 16 9 0 0/s 0/s 3 0 – All in the buffer wait behind an event of their partition.",
				"calls 11 50 4 s – – 0 0/s 0/s 0 0 – caller may begin with 0.01/s at most.",
				"jobs 5 5 4 s – – 2 0/s 0/s 0 0 – Both workers are busy.",
				"mails 0 40 – – – 0 0/s 0/s 1 0 – All of them have failed before.",
				"news/audit 0 1,024 – – – 0 0/s 0/s 0 0 0 audit has not been told to ask for more.",
				"news/index 20 20 4 s – – 0 0/s 0/s 0 0 0 The only worker is busy.",
				"news/mail 0 1,024 – – – 0 0/s 0/s 0 7 7 –",
			},
			"Outlets": {
				"Outlet State Fed by Accepted Done Failed Dropped Delayed Buffer Inboxes In hand Refused Tried again",
				"jobs open outside 7 0 0 0 0 5 0 2 1 0", "feed open its source 0", "bundle open bundle 0",
				"news/mail open news 78 78", "mails open outside 6 0 0 0 6 0 0 0 0 6",
			},
			"Times": {"Outlet Buffer wait p50 / p99 Inbox wait p50 / p99 Service p50 / p99 Total p50 / p99", "clicks 0 s / 0 s – 0 s / 0 s 0 s / 0 s"},
			"Subscriptions": {
				"Stage Takes from Asks Now Asked for Inbox In hand Busy Load Slice Rate Held Done Failed Tried again Begun Inbox wait Service",
				"audit news/audit by hand, some served 0 0 0 0 of 1 0 % – – – 40", "caller calls when free served 0 0 0 0 of 3 0 % – 0.01/s 3 1",
				"ledger orders when free served 0 0 1 1 of 4 25 %", "tasks jobs when free served 0 0 2 2 of 2 100 %",
				"mail news/mail ahead: 10, again at 5 served 7 0 0 0 of 1 0 % – – – 78 0 0 78 0 s 0 s", "send mails when free served 0 0 0 0 of 1 0 % – – – 0 0 6 6 0 s 0 s",
			},
			"Stages": {
				"Stage Kind State Workers Batches Gathered Failures Last error",
				"bundle batcher running 1 of 1 3 23 – –", "feed producer backing off, again in 59 min 56 s – – – 1 no such host", "tasks spawner running 2 of 2 – – – –",
			},
		} {
			told := tableOf(t, page, title)
			for _, want := range rows {
				if !strings.Contains(told, want) {
					t.Errorf("%s: no %q in %s", title, want, told)
				}
			}
		}
		says(t, text(page), " events in the system, 23 in batches", "Most waits in pages: ", " in its buffer of 1,024, the first for 4 s. parse rests, since nobody wants more of what it makes.")
	})
}

func TestWordsOverColumnsAreExplained(t *testing.T) {
	page := get(t, serve(t, only(crawl())), "/stage")
	for _, want := range []string{`<abbr title="Events that nobody has asked for yet.">Buffer</abbr>`, `<th scope="row">Held</th><td>Workers that wait until that rate lets them begin.</td>`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page misses %s", want)
		}
	}
}

func TestTheAPIAnswersAsItsSchemaSays(t *testing.T) {
	settled(t, func(t *testing.T, p *stage.Pipeline) {
		h := serve(t, of(p))
		var doc struct {
			Components struct {
				Schemas struct{ Pipelines *jsonschema.Schema }
			}
		}
		if err := json.Unmarshal([]byte(get(t, h, "/openapi.json")), &doc); err != nil {
			t.Fatal(err)
		}
		checked, err := doc.Components.Schemas.Pipelines.Resolve(nil)
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost/api/v1/stages", nil))
		var answer any
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		if err := checked.Validate(answer); err != nil {
			t.Error(err)
		}
		for _, want := range []string{`"partitions":16`, `"blocked":9`, `"pushers":2`, `"rejected":1`, `"rate":0.01,"held":3`, `"manual":true`, `"batches":3,"gathered":23`, `"failures":1`, `"retry_ns":3596`, `"fed_by":["news"]`, `"last_err":"no such host"`} {
			if !strings.Contains(w.Body.String(), want) {
				t.Errorf("the answer misses %s", want)
			}
		}
	})
}

// says wants all of that in a text.
func says(t *testing.T, told string, all ...string) {
	t.Helper()
	for _, want := range all {
		if !strings.Contains(told, want) {
			t.Errorf("not said: %q", want)
		}
	}
	if t.Failed() {
		t.Log(told)
	}
}

// tableOf is the text of the table of that title.
func tableOf(t *testing.T, page, title string) string {
	t.Helper()
	_, rest, found := strings.Cut(page, "<h3>"+title+"</h3>")
	_, rest, body := strings.Cut(rest, "</caption>")
	if !found || !body {
		t.Fatalf("no table %q", title)
	}
	rest, _, _ = strings.Cut(rest, "</table>")
	return strings.TrimSpace(text("<main" + rest))
}

func tableHeads(page string) (heads string) {
	for _, part := range strings.Split(page, "<thead>")[1:] {
		head, _, _ := strings.Cut(part, "</thead>")
		if strings.Contains(part, ">Word<") {
			break
		}
		heads += text("<main" + head)
	}
	return heads
}
