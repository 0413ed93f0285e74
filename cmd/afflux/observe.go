package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"golang.org/x/term"

	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/internal/observer"
)

type observeCmd struct {
	target
	Window string        `help:"Over which time the processes are told: reset, 1m, 10s." enum:"reset,1m,10s" default:"10s"`
	Every  time.Duration `help:"How often it is refreshed in a terminal." default:"1s"`
	JSON   bool          `help:"Print one snapshot as JSON."`
}

// Help is shown below the usage.
func (observeCmd) Help() string {
	return `In a terminal the picture is refreshed in place until Ctrl-C; elsewhere it is
printed once.

Examples:
  afflux observe                       what the running lab does
  afflux observe --window reset        since the last reset instead of the last 10 s
  afflux observe --json | jq .runtime  one snapshot, for programs`
}

func (c *observeCmd) Run(s streams, stop stops) error {
	if c.Every < 100*time.Millisecond {
		return &codeError{exitUsage, fmt.Errorf("--every %v: want 100ms or more", c.Every)}
	}
	screen, width, height := screenOf(s.out)
	if c.JSON || screen == nil {
		return c.once(s, stop)
	}
	fmt.Fprint(s.out, enterScreen)
	defer fmt.Fprint(s.out, leaveScreen)
	for shown := ""; ; {
		all, _, err := c.look(stop.soft)
		switch {
		case stop.soft.Err() != nil:
			return nil // Ctrl-C is the way to leave
		case err == nil:
			shown = picture(all, c.Addr)
		case shown == "":
			return err
		default: // its server may be restarting, which is what somebody watches
			shown = lost + strings.TrimPrefix(shown, lost)
		}
		width, height = sizeOf(screen, width, height)
		fmt.Fprint(s.out, home+fitted(shown, width, height)+clearBelow)
		select {
		case <-stop.soft.Done():
			return nil
		case <-time.After(c.Every):
		}
	}
}

func (c *observeCmd) once(s streams, stop stops) error {
	all, raw, err := c.look(stop.soft)
	switch {
	case err != nil:
		return err
	case c.JSON:
		_, err = s.out.Write(raw)
	default:
		_, err = fmt.Fprint(s.out, picture(all, c.Addr))
	}
	return err
}

// look asks for one snapshot.
func (c *observeCmd) look(ctx context.Context) (all observer.All, raw []byte, err error) {
	r, err := c.ask(ctx, http.MethodGet, "/api/v1/observer?window="+c.Window, "", nil)
	if err == nil {
		err = r.refused()
	}
	if err == nil {
		err = json.Unmarshal(r.body, &all)
	}
	return all, r.body, err
}

// lost stands above an old picture.
const lost = "The lab cannot be reached; what follows is old. Ctrl-C leaves.\n\n"

// What a terminal understands (ECMA-48): another screen, so that what stood there
// comes back, with the cursor hidden.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l"
	leaveScreen = "\x1b[?25h\x1b[?1049l"
	home        = "\x1b[H"
	clearLine   = "\x1b[K"
	clearBelow  = "\x1b[J"
)

// screenOf is the terminal that w is, if it is one that can be drawn on.
func screenOf(w io.Writer) (screen *os.File, width, height int) {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) || os.Getenv("TERM") == "dumb" {
		return nil, 0, 0
	}
	width, height = sizeOf(file, 80, 24)
	return file, width, height
}

func sizeOf(screen *os.File, width, height int) (int, int) {
	if w, h, err := term.GetSize(int(screen.Fd())); err == nil && w > 0 && h > 0 {
		return w, h
	}
	return width, height
}

// fitted cuts a text to a screen, each line cleared to its end.
func fitted(text string, width, height int) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) > height-1 {
		lines = append(lines[:max(height-2, 0)], "… a higher window shows more")
	}
	var out strings.Builder
	for _, line := range lines {
		if runes := []rune(line); len(runes) > width {
			line = string(runes[:width])
		}
		out.WriteString(line + clearLine + "\r\n")
	}
	return out.String()
}

// picture is a snapshot as text.
func picture(all observer.All, addr string) string {
	var out bytes.Buffer
	r := all.Runtime
	fmt.Fprintf(&out, "afflux on %s, up %s: %d goroutines, %s resident, %s on the heap, %.1f s of CPU, %d threads\n\n",
		addr, live.Duration(time.Duration(r.UptimeS)*time.Second), r.Goroutines.Total, live.Bytes(float64(r.RSS)), live.Bytes(float64(r.Heap.Objects)), r.CPU.TotalS, r.Threads)
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tSTATE\tNOW\tBUSY\tQUEUE\tTIME IN QUEUE\tTIME AT WORK\tDONE\tRESTARTS\tGOROUTINES")
	depths := map[string]int{}
	for _, p := range all.Processes.Processes {
		if p.Parent != "" {
			depths[p.Name] = depths[p.Parent] + 1
		}
		fmt.Fprintf(table, "%s%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", strings.Repeat("  ", depths[p.Name]), p.Name, p.State, brief(p.Doing),
			busy(p), whole(p.Queue), lasting(p.WaitMS), lasting(p.ServiceMS), done(p.Done), p.Restarts, whole(p.Goroutines))
	}
	table.Flush()
	fmt.Fprintf(&out, "\n")
	crowd(&out, all.Goroutines)
	if len(all.Log) > 0 {
		fmt.Fprintln(&out)
	}
	for _, e := range all.Log[:min(len(all.Log), 5)] {
		fmt.Fprintf(&out, "%s  %s\n", e.At.Local().Format(time.TimeOnly), e.Text)
	}
	return strings.Map(printable, out.String())
}

// printable keeps what errors and panics bring from moving the cursor.
func printable(r rune) rune {
	if unicode.IsControl(r) && r != '\n' {
		return ' '
	}
	return r
}

// crowd writes the largest groups of goroutines.
func crowd(out io.Writer, c observer.CensusView) {
	if c.Off != "" {
		fmt.Fprintf(out, "%d goroutines: %s\n", c.Total, c.Off)
		return
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "GOROUTINES\tWHAT THEY DO\tSTATE\tWHERE")
	for _, g := range c.Groups[:min(len(c.Groups), 6)] {
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\n", g.Count, g.Doing, g.State, g.Source)
	}
	table.Flush()
}

func busy(p observer.Process) string {
	switch {
	case p.BusyShare != nil:
		return live.Percent(*p.BusyShare)
	case p.Busy != nil:
		return live.Number(*p.Busy).Text + " on average"
	}
	return "-"
}

// brief cuts words to a column.
func brief(words string) string {
	if runes := []rune(words); len(runes) > mostWords {
		return string(runes[:mostWords-1]) + "…"
	}
	return words
}

const mostWords = 28

func done(n *uint64) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n)
}

func whole(n *int) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n)
}

func lasting(ms *float64) string {
	if ms == nil {
		return "-"
	}
	return live.Duration(time.Duration(*ms * float64(time.Millisecond)))
}
