package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/affluxlab/afflux/internal/config"
)

type getCmd struct {
	target
	Key  string `arg:"" optional:"" help:"A setting such as resource.latency; all of them without it."`
	JSON bool   `help:"Print JSON."`
}

func (c *getCmd) Run(s streams, stop stops) error {
	_, view, err := c.settings(stop)
	if err != nil {
		return err
	}
	var values any = view
	if c.Key != "" {
		section, name, _ := strings.Cut(c.Key, ".")
		v, ok := view[section][name]
		if !ok {
			return &codeError{exitUsage, fmt.Errorf("%s: no such setting%s", c.Key, config.Suggest(c.Key))}
		}
		values = v
	}
	switch {
	case c.JSON:
		return json.NewEncoder(s.out).Encode(values)
	case c.Key != "":
		fmt.Fprintln(s.out, plain(c.Key, values))
	default:
		for _, line := range lines(view) {
			fmt.Fprintln(s.out, line)
		}
	}
	return nil
}

// settings asks the lab for them, and for the tag that a change can rely on.
func (t target) settings(stop stops) (etag string, view map[string]map[string]any, err error) {
	r, err := t.ask(stop.soft, http.MethodGet, "/api/v1/settings", "", nil)
	if err == nil {
		err = r.refused()
	}
	if err == nil {
		err = json.Unmarshal(r.body, &view)
	}
	return r.etag, view, err
}

// lines are "key = value", in the order of the settings.
func lines(view map[string]map[string]any) []string {
	var all []string
	for section, values := range view {
		for name, v := range values {
			key := section + "." + name
			all = append(all, key+" = "+plain(key, v))
		}
	}
	order := map[string]int{}
	for i, f := range config.Fields() {
		order[f.Key] = i
	}
	rank := func(line string) int { key, _, _ := strings.Cut(line, " "); return order[key] }
	slices.SortFunc(all, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	return all
}

// plain writes a setting's value as it would be typed.
func plain(key string, v any) string {
	if list, ok := v.([]any); ok {
		return strings.Trim(fmt.Sprint(list...), "[]")
	}
	switch v := v.(type) {
	case float64:
		return fmt.Sprintf("%.0f", v)
	case nil:
		f, _ := config.Lookup(key)
		return f.LeftOut
	}
	return fmt.Sprint(v)
}

type setCmd struct {
	target
	Changes []string `arg:"" name:"KEY=VALUE" help:"Settings to change; x5 and /5 scale a duration, an empty value restores the default."`
}

func (c *setCmd) Help() string {
	return `Examples:
  afflux set resource.latency=2500ms
  afflux set resource.latency=x5
  afflux set resource.limit=15 resource.on_full=wait
  afflux set pipeline.consumers=3 pipeline.max_demand=1
  afflux set resource.limit=`
}

// tries bounds how often a scaled change is made anew when others change the
// settings at the same time.
const tries = 5

func (c *setCmd) Run(s streams, stop stops) error {
	changes, err := parseChanges(c.Changes)
	if err != nil {
		return &codeError{exitUsage, err}
	}
	for range tries {
		r, err := c.change(stop, changes)
		if err != nil {
			return err
		}
		if r.status == http.StatusPreconditionFailed {
			continue
		}
		if err := r.refused(); err != nil {
			return err
		}
		return c.show(s, r, changes)
	}
	return errors.New("the settings kept changing meanwhile; try again")
}

// change works out the patch from the present settings and asks for it, on the
// condition that they still are the present ones.
func (c *setCmd) change(stop stops, changes map[string]string) (reply, error) {
	etag, view, err := c.settings(stop)
	if err != nil {
		return reply{}, err
	}
	patch, err := toPatch(view, changes)
	if err != nil {
		return reply{}, &codeError{exitUsage, err}
	}
	return c.ask(stop.soft, http.MethodPatch, "/api/v1/settings", etag, patch)
}

func (c *setCmd) show(s streams, r reply, changes map[string]string) error {
	var view map[string]map[string]any
	if err := json.Unmarshal(r.body, &view); err != nil {
		return err
	}
	for _, line := range lines(view) {
		key, _, _ := strings.Cut(line, " ")
		if _, changed := changes[key]; changed {
			fmt.Fprintln(s.out, line)
		}
	}
	return nil
}

func parseChanges(args []string) (map[string]string, error) {
	changes := map[string]string{}
	for _, a := range args {
		key, value, ok := strings.Cut(a, "=")
		if !ok || !strings.Contains(key, ".") {
			return nil, fmt.Errorf("%s: want KEY=VALUE, such as resource.latency=2500ms", a)
		}
		if _, twice := changes[key]; twice {
			return nil, fmt.Errorf("%s is set twice", key)
		}
		changes[key] = value
	}
	return changes, nil
}

// toPatch turns typed changes into a merge patch, scaling durations by what the
// lab has at present.
func toPatch(view map[string]map[string]any, changes map[string]string) (map[string]any, error) {
	now, err := config.Defaults().Patch(liveOnly(view))
	if err != nil {
		return nil, err
	}
	typed := map[string]string{}
	patch := map[string]any{}
	put := func(key string, v any) {
		section, name, _ := strings.Cut(key, ".")
		in, _ := patch[section].(map[string]any)
		if in == nil {
			in = map[string]any{}
			patch[section] = in
		}
		in[name] = v
	}
	for key, value := range changes {
		if value == "" {
			put(key, nil)
			continue
		}
		typed[key] = value
	}
	next, err := now.PatchText(typed)
	if err != nil {
		return nil, err
	}
	for key := range typed {
		f, _ := config.Lookup(key)
		put(key, f.Value(next))
	}
	return patch, nil
}

// liveOnly leaves out what cannot be changed, and so cannot be patched either.
func liveOnly(view map[string]map[string]any) map[string]any {
	out := map[string]any{}
	for section, values := range view {
		in := map[string]any{}
		for name, v := range values {
			if f, ok := config.Lookup(section + "." + name); ok && f.Live {
				in[name] = v
			}
		}
		out[section] = in
	}
	return out
}
