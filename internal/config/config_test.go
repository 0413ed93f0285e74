package config_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/config"
)

func toml(t *testing.T, text string) config.Layer {
	t.Helper()
	l, err := config.FromTOML("afflux.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestALaterLayerWins(t *testing.T) {
	file := toml(t, "[resource]\nlatency = \"1s\"\nlimit = 1\nseed = 9\n[server]\nhosts = [\"a\", \"b\"]\n")
	env := config.FromEnv([]string{"AFFLUX_RESOURCE_LATENCY=2s", "AFFLUX_RESOURCE_LIMIT=2", "HOME=/root", "AFFLUX_SERVICE_HOST=x"})
	flags := config.FromFlags(map[string]string{"resource.latency": "3s"})
	s, err := config.Build(file, env, flags)
	if err != nil {
		t.Fatal(err)
	}
	if s.Resource.Latency != 3*time.Second || s.Resource.Limit != 2 || s.Resource.Seed != 9 || len(s.Server.Hosts) != 2 {
		t.Errorf("%+v", s)
	}
	if s.Server.Addr != config.Defaults().Server.Addr {
		t.Error("a default was lost")
	}
}

func TestEveryMistakeNamesItsPlaceAndWhatWouldBeAccepted(t *testing.T) {
	_, err := config.Build(
		toml(t, "# mine\n[resource]\n  latency = \"fast\"\n  limit = \"15\"\n  latenzy = 3\n\n[server]\naddr = 4000\ntoken=\"short\"\nhosts=[1]\n[other]\nx=1\n"),
		config.FromEnv([]string{"AFFLUX_RESOURCE_ON_FULL=queue", "AFFLUX_RESOURCE_LIMTI=3", "AFFLUX_ADDR=4000"}),
		config.FromFlags(map[string]string{"resource.status": "200"}),
	)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		`afflux.toml:3: resource.latency: "fast": want a duration from 0s to 1h, such as 500ms`,
		`afflux.toml:4: resource.limit: is of the wrong type: want a whole number from 0 to 10000000`,
		`afflux.toml:5: resource.latenzy: no such setting; did you mean resource.latency?`,
		`afflux.toml:8: server.addr: is of the wrong type`,
		`afflux.toml:9: server.token: want at least 16 characters`,
		`afflux.toml:10: server.hosts: want a list of host names`,
		`afflux.toml:12: other.x: no such setting`,
		`AFFLUX_RESOURCE_ON_FULL: resource.on_full: "queue": want one of reject, wait`,
		`AFFLUX_RESOURCE_LIMTI: no such setting`,
		`AFFLUX_ADDR: server.addr: "4000": want an address with a port`,
		`--resource-status: resource.status: "200": want a whole number from 400 to 599`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing: %s\nin:\n%v", want, err)
		}
	}
}

func TestAFileThatIsNotTOMLNamesItsLine(t *testing.T) {
	_, err := config.FromTOML("afflux.toml", []byte("[resource]\nlatency = \n"))
	if err == nil || !strings.HasPrefix(err.Error(), "afflux.toml:2: ") {
		t.Errorf("got %v", err)
	}
}

func patch(t *testing.T, s config.Settings, doc string) (config.Settings, error) {
	t.Helper()
	var m map[string]any
	d := json.NewDecoder(strings.NewReader(doc))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	return s.Patch(m)
}

func TestAPatchChangesWhatItNamesAndNullRestoresTheDefault(t *testing.T) {
	s, err := patch(t, config.Defaults(), `{"resource": {"latency": "2500ms", "limit": 15}}`)
	if err != nil || s.Resource.Latency != 2500*time.Millisecond || s.Resource.Limit != 15 {
		t.Fatalf("%v, %+v", err, s)
	}
	s, err = patch(t, s, `{"resource": {"latency": null}}`)
	if err != nil || s.Resource.Latency != 500*time.Millisecond || s.Resource.Limit != 15 {
		t.Errorf("%v, %+v", err, s)
	}
}

func TestARefusedPatchChangesNothingAndNamesEveryField(t *testing.T) {
	for doc, want := range map[string]string{
		`{"resource": {"limit": 3, "latency": 5}}`:      "resource.latency: is of the wrong type",
		`{"resource": {"limit": 1.5}}`:                  `resource.limit: "1.5": want a whole number`,
		`{"resource": {"limit": -1}}`:                   `resource.limit: "-1": want a whole number`,
		`{"resource": {"limit": 1e99}}`:                 "resource.limit",
		`{"resource": {"limit": [15]}}`:                 "resource.limit: is a list",
		`{"resource": {"nosuch": null}}`:                "resource.nosuch: no such setting",
		`{"resource": 5}`:                               "resource: is a section",
		`{"nonsense": {}}`:                              "nonsense: no such setting",
		`{"resource.limit": 3}`:                         `"resource.limit": is two names: limit belongs into the section resource`,
		`{"server": null}`:                              "server.addr: cannot be changed",
		`{"server": {"addr": "localhost:1"}}`:           "server.addr: cannot be changed while the lab runs",
		`{"server": {"token": "0123456789abcdef0123"}}`: "server.token: cannot be changed",
	} {
		s, err := patch(t, config.Defaults(), doc)
		var wrong config.Errors
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", doc, err)
		}
		if s.Resource != config.Defaults().Resource {
			t.Errorf("%s changed something", doc)
		}
	}
}

func TestADurationIsScaledByTimesAndOver(t *testing.T) {
	for entry, want := range map[string]time.Duration{"x5": 2500 * time.Millisecond, "/5": 100 * time.Millisecond, "x0.5": 250 * time.Millisecond} {
		s, err := config.Defaults().PatchText(map[string]string{"resource.latency": entry})
		if err != nil || s.Resource.Latency != want {
			t.Errorf("%s: %v, %v", entry, s.Resource.Latency, err)
		}
	}
	for _, entry := range []string{"x1e99", "x-5", "/0", "x", "xNaN"} {
		if _, err := config.Defaults().PatchText(map[string]string{"resource.latency": entry}); err == nil {
			t.Errorf("%s: accepted", entry)
		}
	}
	if _, err := config.Defaults().PatchText(map[string]string{"resource.limit": "x5"}); err == nil {
		t.Error("a limit cannot be scaled")
	}
}

func TestTheTokenIsNeverShown(t *testing.T) {
	s := config.Defaults()
	s.Server.Token = "a-very-secret-token"
	text, err := json.Marshal(s.View())
	if err != nil || strings.Contains(string(text), "secret") || strings.Contains(string(text), "token") {
		t.Errorf("%s, %v", text, err)
	}
	_, err = config.Build(config.FromFlags(map[string]string{"server.token": "secret"}))
	if err == nil || strings.Contains(err.Error(), "secret\"") {
		t.Errorf("got %v", err)
	}
}

func TestEveryFieldAcceptsWhatItShows(t *testing.T) {
	names := map[string]bool{}
	for _, f := range config.Fields() {
		if _, err := config.Build(config.FromFlags(map[string]string{f.Key: f.String(config.Defaults())})); err != nil {
			t.Error(err)
		}
		if names[f.Flag()] || names[f.Env()] || f.Help == "" || f.Accepts == "" {
			t.Errorf("%+v", f)
		}
		names[f.Flag()], names[f.Env()] = true, true
	}
}

func FuzzPatch(f *testing.F) {
	f.Add("resource.latency", "x5")
	f.Add("resource.limit", "15")
	f.Fuzz(func(t *testing.T, key, entry string) {
		s, err := config.Defaults().PatchText(map[string]string{key: entry})
		if err != nil && s.Resource != config.Defaults().Resource {
			t.Error("a refused change changed something")
		}
		if verr := s.Resource.Validate(); verr != nil {
			t.Error(verr)
		}
	})
}

func TestHalfOfTheMaximumStandsForADemandThatIsLeftOut(t *testing.T) {
	s := config.Defaults()
	if v := s.View()["pipeline"]["min_demand"]; v != nil {
		t.Errorf("shown as %v", v)
	}
	s, err := patch(t, s, `{"pipeline": {"min_demand": 0}}`)
	if err != nil || s.Pipeline.MinDemand != 0 || s.View()["pipeline"]["min_demand"] != 0 {
		t.Errorf("%+v, %v", s.Pipeline, err)
	}
	s, err = patch(t, s, `{"pipeline": {"min_demand": null}}`)
	if err != nil || s.Pipeline.MinDemand != config.HalfDemand {
		t.Errorf("%+v, %v", s.Pipeline, err)
	}
	for _, entry := range []string{"half", ""} {
		s, err := config.Build(config.FromFlags(map[string]string{"pipeline.min_demand": entry}))
		if err != nil || s.Pipeline.MinDemand != config.HalfDemand {
			t.Errorf("%q: %+v, %v", entry, s.Pipeline, err)
		}
	}
	if s, err = patch(t, s, `{"pipeline": {"min_demand": "half"}}`); err != nil || s.Pipeline.MinDemand != config.HalfDemand {
		t.Errorf("%+v, %v", s.Pipeline, err)
	}
	if _, err := patch(t, s, `{"pipeline": {"min_demand": "7"}}`); err == nil {
		t.Error("a word in JSON was taken for a number")
	}
}

func TestAMinimumNotBelowTheMaximumIsRefusedWhereItWasSet(t *testing.T) {
	for doc, key := range map[string]string{
		`{"pipeline": {"min_demand": 1000}}`:                     "pipeline.min_demand",
		`{"pipeline": {"min_demand": 5, "max_demand": 5}}`:       "pipeline.min_demand",
		`{"pipeline": {"max_demand": 400}}`:                      "pipeline.max_demand",
		`{"pipeline": {"max_demand": 400, "min_demand": null}}`:  "",
		`{"pipeline": {"max_demand": 2000, "min_demand": 1999}}`: "",
	} {
		before, err := patch(t, config.Defaults(), `{"pipeline": {"min_demand": 400}}`)
		if err != nil {
			t.Fatal(err)
		}
		_, err = patch(t, before, doc)
		var wrong config.Errors
		errors.As(err, &wrong)
		if got := len(wrong); (key != "") != (got == 1) || got == 1 && wrong[0].Key != key {
			t.Errorf("%s: %v", doc, err)
		}
	}
	_, err := config.Build(
		toml(t, "[pipeline]\nmin_demand = 2000\n"),
		config.FromEnv([]string{"AFFLUX_PIPELINE_MAX_DEMAND=50"}),
	)
	if err == nil || !strings.HasPrefix(err.Error(), "AFFLUX_PIPELINE_MAX_DEMAND: pipeline.max_demand: a min_demand of 2000") {
		t.Errorf("got %v", err)
	}
	if _, err := config.Build(toml(t, "[pipeline]\nmin_demand = 2000\n"), config.FromEnv([]string{"AFFLUX_PIPELINE_MAX_DEMAND=5000"})); err != nil {
		t.Errorf("the layers together are right: %v", err)
	}
	if _, err := config.Build(config.FromEnv([]string{"AFFLUX_PIPELINE_CONSUMER=5"})); err == nil {
		t.Error("a misspelt variable was taken")
	}
}
