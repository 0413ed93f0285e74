package main

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestObserveIsPlainTextOnceWithoutATerminal(t *testing.T) {
	p := serve(t)
	p.ab("/part1/serial", "-n", "2")
	code, out, errs := p.afflux("observe", "--window", "reset")
	if code != 0 || errs != "" || strings.Contains(out, "\x1b") {
		t.Fatalf("exit %d, %q, %q", code, errs, out)
	}
	for _, want := range []string{"afflux on " + p.addr, "  mock-resource  running", "    consumer-1", "GOROUTINES  WHAT THEY DO", "in the mock resource"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestObserveAsJSONIsWhatTheAPIAnswers(t *testing.T) {
	p := serve(t)
	code, out, _ := p.afflux("observe", "--json")
	var all struct {
		Tree       struct{ Name string }
		Goroutines struct{ Groups []struct{ Count int } }
		Runtime    struct{ Threads int }
	}
	if err := json.Unmarshal([]byte(out), &all); code != 0 || err != nil || all.Tree.Name != "afflux" || len(all.Goroutines.Groups) == 0 || all.Runtime.Threads == 0 {
		t.Errorf("exit %d, %v: %.200s", code, err, out)
	}
}

func TestObserveSaysWhatIsWrong(t *testing.T) {
	for args, want := range map[string]struct {
		code  int
		words string
	}{
		"observe --addr localhost:1": {exitUnreachable, "no lab answers"},
		"observe --window 5m":        {exitUsage, "window"},
		"observe --every 1ms":        {exitUsage, "100ms or more"},
		"observe --addr nonsense":    {exitUsage, "want an address with a port"},
	} {
		if code, _, errs := afflux(strings.Fields(args)...); code != want.code || !strings.Contains(errs, want.words) {
			t.Errorf("%s: exit %d, %q", args, code, errs)
		}
	}
}

func TestAPictureIsCutToAnyScreen(t *testing.T) {
	for height := range 6 {
		if got := strings.Count(fitted("a\nb\nc\nd\n", 80, height), "\n"); got > max(height-1, 1) {
			t.Errorf("%d lines in %d", got, height)
		}
	}
	if got := fitted("€€€€", 2, 24); got != "€€"+clearLine+"\r\n" {
		t.Errorf("%q", got)
	}
}

// In a pseudo-terminal, which script makes, the picture is refreshed in place.
func TestObserveIsRefreshedInPlaceInATerminal(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("script has other flags here")
	}
	p := serve(t)
	cmd := exec.Command("script", "-qec", "stty cols 100 rows 36; exec "+binary+" observe --every 100ms --addr "+p.addr, "/dev/null")
	var screen output
	cmd.Stdout, cmd.Stderr = &screen, &screen
	keyboard, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	shows := func(what string, count int) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); strings.Count(screen.String(), what) < count; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("never %d times %q in %q", count, what, screen.String())
			}
		}
	}
	shows(enterScreen, 1)
	shows(home+"afflux on "+p.addr, 3)
	req, _ := http.NewRequest("POST", "http://"+p.addr+"/api/v1/tree/mock-resource/kill", nil)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	shows("mock-resource was killed", 1)
	for line := range strings.SplitSeq(screen.String(), clearLine) {
		if line = strings.TrimPrefix(strings.Trim(line, "\r\n"), clearBelow+home); len([]rune(line)) > 100+len(enterScreen+home) {
			t.Errorf("wider than the terminal: %q", line)
		}
	}
	if _, err := keyboard.Write([]byte{3}); err != nil { // Ctrl-C
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(screen.String(), leaveScreen) {
		t.Errorf("it ended with %v; the screen was given back: %v", err, strings.Contains(screen.String(), leaveScreen))
	}
}
