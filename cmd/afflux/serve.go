package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/lmittmann/tint"

	"github.com/affluxlab/afflux/internal/config"
	"github.com/affluxlab/afflux/internal/lab"
	"github.com/affluxlab/afflux/internal/live"
	"github.com/affluxlab/afflux/internal/web"
)

// configFile is read when --config names no other.
const configFile = "afflux.toml"

type serveCmd struct {
	Config string                `help:"Settings file; without it ./afflux.toml, if there." placeholder:"FILE"`
	flags  map[string]*kong.Flag // of settings, by key
}

func (c *serveCmd) Help() string {
	return `Every setting has a flag, a variable (AFFLUX_RESOURCE_LATENCY) and a place in the
settings file; flags win over variables, variables over the file. The file is
described in docs/afflux.toml.

Stop the lab with Ctrl-C: it finishes the work in hand first, for as long as
--server-grace allows. A second Ctrl-C stops it at once.

Examples:
  afflux serve --addr localhost:8080
  afflux serve --resource-limit 15 --resource-on-full wait
  AFFLUX_TOKEN=$(afflux token) afflux serve --addr 0.0.0.0:4000 --server-hosts lab.local`
}

// addSettingFlags gives serve a flag for each setting, made from the one table
// of settings, so that there is no second list to keep.
func addSettingFlags(c *serveCmd) func(*kong.Kong) error {
	return func(k *kong.Kong) error {
		c.flags = map[string]*kong.Flag{}
		serve := k.Model.Node.Children[0]
		template := serve.Flags[0] // --config: a string flag, in the form that kong has made of it
		for _, f := range config.Fields() {
			flag := settingFlag(template, f)
			c.flags[f.Key] = flag
			serve.Flags = append(serve.Flags, flag)
		}
		return nil
	}
}

func (c *serveCmd) Run(s streams, stop stops) error {
	settings, err := c.settings()
	if err != nil {
		return &codeError{exitUsage, err}
	}
	if err := web.CheckExposure(settings.Server.Addr, settings.Server.Token, settings.Server.Hosts); err != nil {
		return &codeError{exitUsage, err}
	}
	log := newLog(s.err)
	l, err := lab.New(settings, lab.Options{Log: log, Version: version})
	if err != nil {
		return err
	}
	listeners, err := web.Listen(settings.Server.Addr)
	if err != nil {
		return err
	}
	l.Bind(listeners)
	banner(s.err, settings, listeners)
	if err := l.Run(stop.soft, stop.hard); err != nil {
		return err
	}
	if stop.hard.Err() != nil {
		return errors.New("stopped by a second Ctrl-C")
	}
	return nil
}

// settings lays the file, the environment and the flags over the defaults.
func (c *serveCmd) settings() (config.Settings, error) {
	file, err := c.file()
	if err != nil {
		return config.Settings{}, err
	}
	given := map[string]string{}
	for key, flag := range c.flags {
		if flag.Set { // also to nothing, which is how a flag takes back what a file says
			given[key] = flag.Target.String()
		}
	}
	return config.Build(file, config.FromEnv(os.Environ()), config.FromFlags(given))
}

func (c *serveCmd) file() (config.Layer, error) {
	name := c.Config
	if name == "" {
		name = configFile
	}
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) && c.Config == "" {
		return config.Layer{}, nil
	}
	if err != nil {
		return config.Layer{}, err
	}
	return config.FromTOML(name, text)
}

// newLog writes for people on a terminal and for programs elsewhere.
func newLog(w io.Writer) *slog.Logger {
	if isTerminal(w) {
		return slog.New(tint.NewTextHandler(w, &tint.Options{TimeFormat: "15:04:05", NoColor: os.Getenv("NO_COLOR") != ""}))
	}
	return slog.New(slog.NewJSONHandler(w, nil))
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func banner(w io.Writer, s config.Settings, l *web.Listeners) {
	url := l.URL()
	fmt.Fprintf(w, "Afflux is on %s  (listening on %s)\n", url, strings.Join(l.Addrs(), ", "))
	if web.Exposed(s.Server.Addr) {
		fmt.Fprintf(w, "Other machines can reach it, and the token travels in clear. With ab:\n  ab -n 3000 -c 50 -H 'Authorization: Bearer TOKEN' %s/part1/async\n", url)
	} else {
		fmt.Fprintf(w, "Try: ab -n 3000 -c 50 %s/part1/serial\n", url)
	}
	if !live.AssetsBuilt() {
		fmt.Fprintln(w, "Built without browser assets: pages work, but do not refresh by themselves. make assets adds them.")
	}
	fmt.Fprintln(w, "Everything is kept in memory only. Ctrl-C stops it.")
}
