package observer

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/affluxlab/afflux/internal/profile"
	"github.com/affluxlab/afflux/supervise"
)

func intensity(most, spent int) supervise.Intensity {
	return supervise.Intensity{Max: most, Within: 5 * time.Second, Recent: make([]time.Time, spent)}
}

// family is root → pipe → c, with siblings, with so many restarts spent by the two.
func family(strategy supervise.Strategy, restart supervise.Restart, root, pipe int) supervise.Node {
	worker := func(name string) supervise.Node {
		return supervise.Node{Name: name, Kind: "worker", Restart: restart.String()}
	}
	return supervise.Node{Name: "root", Kind: "supervisor", Intensity: intensity(3, root), Children: []supervise.Node{
		{Name: "pipe", Kind: "supervisor", Restart: "permanent", Strategy: strategy.String(), Intensity: intensity(3, pipe),
			Children: []supervise.Node{worker("a"), worker("c"), worker("z")}},
	}}
}

func TestTheOutlookSaysWhatAKillBringsAbout(t *testing.T) {
	for name, c := range map[string]struct {
		tree         supervise.Node
		kill         string
		breach, ends bool
		says         []string
		not          string
	}{
		"one restart":           {family(supervise.OneForOne, supervise.Permanent, 0, 1), "c", false, false, []string{"pipe starts c again at once", "restart 2 of the 3"}, "with it"},
		"all of them":           {family(supervise.OneForAll, supervise.Permanent, 0, 0), "c", false, false, []string{"and with it a, z"}, ""},
		"those after it":        {family(supervise.RestForOne, supervise.Permanent, 0, 0), "c", false, false, []string{"and with it z"}, "a, z"},
		"temporary":             {family(supervise.OneForOne, supervise.Temporary, 0, 3), "c", false, false, []string{"temporary: it is not started again"}, "gives up"},
		"its supervisor ends":   {family(supervise.OneForOne, supervise.Transient, 0, 3), "c", true, false, []string{"more than pipe bears", "root starts pipe again"}, "exit code"},
		"the process ends":      {family(supervise.OneForOne, supervise.Permanent, 3, 3), "c", true, true, []string{"more than pipe bears", "more than root bears", "exit code 1"}, "again at once"},
		"a supervisor":          {family(supervise.OneForOne, supervise.Permanent, 2, 0), "pipe", false, false, []string{"what is below it stops", "restart 3 of the 3"}, ""},
		"a supervisor too many": {family(supervise.OneForOne, supervise.Permanent, 3, 0), "pipe", true, true, []string{"more than root bears"}, ""},
	} {
		o := outlook(lineage(c.tree, c.kill), "Its work is lost.")
		text := strings.Join(o.Lines, " ")
		if o.Breach != c.breach || o.Ends != c.ends || o.Lines[1] != "Its work is lost." {
			t.Errorf("%s: %+v", name, o)
		}
		for _, want := range c.says {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in %q", name, want, text)
			}
		}
		if c.not != "" && strings.Contains(text, c.not) {
			t.Errorf("%s: %q in %q", name, c.not, text)
		}
	}
	if lineage(family(0, 0, 0, 0), "nobody") != nil {
		t.Error("found nobody")
	}
}

func TestATemporarySiblingOnlyEnds(t *testing.T) {
	n := family(supervise.OneForAll, supervise.Permanent, 0, 0)
	n.Children[0].Children[2].Restart = "temporary"
	if text := strings.Join(outlook(lineage(n, "c"), "").Lines, " "); !strings.Contains(text, "and with it a,") || !strings.Contains(text, "z ends too") {
		t.Error(text)
	}
}

func TestAResetBetweenReadingAndKeepingLeavesNothingOld(t *testing.T) {
	var h history
	h.add(func() map[string]Facts { h.reset(); return map[string]Facts{"c": {Done: 7}} })
	if s, ok := h.since(time.Now()); ok {
		t.Errorf("%+v", s)
	}
}

func TestASlidingWindowIsTheDifferenceOfTwoSamples(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h history
		if _, ok := h.since(time.Now()); ok {
			t.Error("a sample before the first")
		}
		for n := range 100 { // a second each
			h.add(func() map[string]Facts {
				return map[string]Facts{"c": {Done: uint64(10 * n), Busy: float64(n) / 2, Wait: Sum{uint64(10 * n), float64(n)}}}
			})
			time.Sleep(time.Second)
		}
		then, _ := h.since(time.Now().Add(-10 * time.Second))
		if ago := time.Since(then.at); ago != 10*time.Second {
			t.Errorf("the sample is %v old", ago)
		}
		grown := over(map[string]Facts{"c": {Done: 1000, Busy: 50, Wait: Sum{1000, 100}}}, then.facts)["c"]
		if mean, _ := grown.Wait.Mean(); grown.Done != 100 || grown.Busy != 5 || mean != 100*time.Millisecond {
			t.Errorf("%+v", grown)
		}
		if oldest, _ := h.since(time.Time{}); time.Since(oldest.at) > longest+3*sampleEvery {
			t.Errorf("%v are kept", time.Since(oldest.at))
		}
		anew := over(map[string]Facts{"c": {Done: 3}, "new": {Done: 7}}, then.facts)
		if anew["c"].Done != 3 || anew["new"].Done != 7 {
			t.Errorf("of who counts anew, or is new: %+v", anew)
		}
	})
}

func TestACensusIsTakenOnlyWhileSomebodyLooksAndForHalfAPercentOfTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCensus("m")
		if _, due := c.due(time.Now()); due {
			t.Error("nobody looks")
		}
		c.look()
		if wait, due := c.due(time.Now()); !due || wait != 0 {
			t.Errorf("the first: %v %v", wait, due)
		}
		c.keep(profile.Census{At: time.Now(), Took: 70 * time.Millisecond}, "")
		if wait, due := c.due(time.Now()); !due || wait != 14*time.Second {
			t.Errorf("after one of 70 ms: %v %v", wait, due)
		}
		time.Sleep(6 * time.Second)
		if _, due := c.due(time.Now()); due {
			t.Error("nobody has looked for six seconds")
		}
		c.look()
		if wait, due := c.due(time.Now()); !due || wait != 8*time.Second {
			t.Errorf("somebody looks again: %v %v", wait, due)
		}
		c.keep(profile.Census{At: time.Now(), Took: time.Millisecond}, "")
		if wait, _ := c.due(time.Now()); wait != time.Second {
			t.Errorf("after a quick one: %v", wait)
		}
		c.keep(profile.Census{At: time.Now(), Total: 300_000}, "too many")
		if _, taken := c.look(); taken {
			t.Error("there is a census though there were too many")
		}
	})
}

func TestTheLogTellsAfterWhatTimeACrashedChildRanAgain(t *testing.T) {
	o, err := New(Config{Tree: func() supervise.Node { return supervise.Node{} }})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1000, 0)
	about := func(ms int) supervise.About {
		return supervise.About{Tree: "root", Child: "c", At: at.Add(time.Duration(ms) * time.Millisecond)}
	}
	o.Tell(supervise.Started{About: about(0)})
	o.Tell(supervise.Ended{About: about(10), Err: &supervise.PanicError{Value: "oh", Stack: []byte("here it was")}, Failed: true})
	o.Tell(supervise.Started{About: about(12)})
	o.Tell(supervise.Ended{About: about(20), Err: supervise.ErrKilled, Failed: true, Asked: true})
	o.Tell(supervise.Ended{About: about(30), Err: errors.New("told"), Asked: true}) // in order: no entry
	entries := o.events.newest(10)
	if len(entries) != 2 || entries[1].Kind != "crash" || entries[1].BackMS == nil || *entries[1].BackMS != 2 || entries[1].Stack != "here it was" {
		t.Fatalf("%+v", entries)
	}
	if e := entries[0]; e.Kind != "killed" || e.BackMS != nil || o.events.stackOf("c") != "here it was" {
		t.Errorf("%+v", e)
	}
	o.Tell(supervise.Removed{About: about(35)})
	o.Tell(supervise.Started{About: about(10_000)}) // another of the same name
	if e := o.events.newest(1)[0]; e.BackMS != nil {
		t.Errorf("one that left ran again after %v ms", *e.BackMS)
	}
	for range 2 * keptEvents {
		o.Tell(supervise.Stuck{About: about(40)})
	}
	if n := len(o.events.newest(10 * keptEvents)); n != keptEvents {
		t.Errorf("%d are kept", n)
	}
}

func TestTheLabelsOfGoroutinesAreSaidFromThePartToTheChild(t *testing.T) {
	for want, labels := range map[string]map[string]string{
		"no label":              nil,
		"part1 / async":         {"child": "part1", "part": "part1", "endpoint": "async"},
		"part1 / serial / http": {"child": "http", "part": "part1", "endpoint": "serial"},
		"consumer-1":            {"child": "consumer-1"},
	} {
		if got := labelled(labels); got != want {
			t.Errorf("%v: %q", labels, got)
		}
	}
	if !slices.Contains(windowNames(), "10s") {
		t.Error(windowNames())
	}
}
