package live_test

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/affluxlab/afflux/internal/live"
)

func TestNumbersAreWrittenForPeople(t *testing.T) {
	cases := []struct {
		call  string
		value any
		want  string
	}{
		{"number", 1234567, "1,234,567"}, {"number", int64(-1234), "-1,234"}, {"number", uint8(7), "7"}, {"number", 97.691, "97.7"},
		{"sig", 0.012345, "0.0123"}, {"sig", 1234.5, "1,230"}, {"sig", 999.9, "1,000"}, {"sig", 1.0, "1"}, {"sig", 0, "0"}, {"sig", 0.00099999, "0.001"}, {"sig", math.NaN(), "–"},
		{"duration", 500 * time.Millisecond, "500 ms"}, {"duration", 41 * time.Microsecond, "41 µs"}, {"duration", 1530 * time.Millisecond, "1.53 s"},
		{"duration", 500 * time.Second, "8 min 20 s"}, {"duration", 2*time.Hour + 5*time.Minute, "2 h 5 min"}, {"duration", -90 * time.Second, "-1 min 30 s"}, {"duration", time.Duration(0), "0 s"},
		{"ms", 0.5, "500 µs"}, {"seconds", 30.711, "30.7 s"}, {"seconds", math.Inf(1), "–"},
		{"bytes", 512, "512 B"}, {"bytes", 4_200_000, "4.2 MB"}, {"bytes", 999_999, "1 MB"}, {"percent", 0.1236, "12.4 %"},
	}
	for i, c := range cases {
		site, d := newDemo(t)
		path := fmt.Sprintf("/n%d", i)
		err := site.Add(live.Page{Path: path, Files: one(`{{define "page"}}[{{` + c.call + ` .}}]{{end}}`), Data: func(*http.Request) any { return c.value }})
		if err != nil {
			t.Fatal(err)
		}
		if body := html.UnescapeString(get(t, mux(site, d), path).Body.String()); !strings.Contains(body, "["+c.want+"]") {
			_, after, _ := strings.Cut(body, "[")
			got, _, _ := strings.Cut(after, "]")
			t.Errorf("%s %v is %q, not %q", c.call, c.value, got, c.want)
		}
	}
}

func TestValuesAreWrittenForPeopleAndExactlyOnHover(t *testing.T) {
	for _, c := range []struct{ got, want live.Value }{
		{live.Count(1234567), live.Value{Text: "1,234,567"}},
		{live.Number(50), live.Value{Text: "50"}},
		{live.Number(97.6911), live.Value{Text: "97.7", Exact: "97.691100"}},
		{live.Number(0.000001), live.Value{Text: "< 0.001", Exact: "0.000001"}},
		{live.Number(math.NaN()), live.Value{Text: "–"}},
		{live.Rate(0), live.Value{Text: "0/s"}},
		{live.Rate(97.6911), live.Value{Text: "97.7/s", Exact: "97.691100 per second"}},
	} {
		if c.got != c.want {
			t.Errorf("%+v, want %+v", c.got, c.want)
		}
	}
	if text := live.Duration(500*time.Second) + ", " + live.Bytes(4.2e6) + ", " + live.Percent(0.1236); text != "8 min 20 s, 4.2 MB, 12.4 %" {
		t.Error(text)
	}
}
