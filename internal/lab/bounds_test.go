package lab

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/affluxlab/afflux/internal/config"
)

// What config accepts the rooms accept: both have bounds.
func TestTheRoomsAcceptWhatTheSettingsAccept(t *testing.T) {
	bounds := regexp.MustCompile(`from (\d+) to (\d+)`)
	for _, f := range config.Fields() {
		if !f.Live || f.Kind == config.Duration {
			continue
		}
		entries := f.Choices
		if m := bounds.FindStringSubmatch(f.Accepts); m != nil {
			entries = m[1:3]
		}
		if len(entries) < 2 {
			t.Errorf("%s: no choices and no bounds in %q", f.Key, f.Accepts)
		}
		for _, entry := range entries {
			changes := map[string]string{f.Key: entry}
			if f.Key == "pipeline.min_demand" {
				changes["pipeline.max_demand"] = "1000000"
			}
			s, err := config.Defaults().PatchText(changes)
			if err == nil {
				err = s.Resource.Validate()
			}
			if err == nil {
				err = pipelineSettings(s.Pipeline).Validate()
			}
			if err != nil {
				t.Error(fmt.Errorf("%s = %s: %w", f.Key, entry, err))
			}
		}
	}
}
