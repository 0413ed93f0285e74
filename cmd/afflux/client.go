package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// target is the running lab that a command talks to.
type target struct {
	Addr  string `help:"Where the lab is; not read from a settings file." default:"localhost:4000" env:"AFFLUX_ADDR" placeholder:"HOST:PORT"`
	Token string `help:"Its token, if it asks for one." env:"AFFLUX_TOKEN"`
}

// reply is what the lab answered.
type reply struct {
	status int
	etag   string
	body   []byte
}

// ask sends one request. Its error names the lab when it cannot be reached.
func (t target) ask(ctx context.Context, method, path, match string, body any) (reply, error) {
	var payload io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return reply{}, err
		}
		payload = bytes.NewReader(text)
	}
	base := t.Addr
	if !strings.Contains(base, "://") {
		if _, _, err := net.SplitHostPort(base); err != nil {
			return reply{}, &codeError{exitUsage, fmt.Errorf("--addr %s: want an address with a port, such as localhost:4000", base)}
		}
		base = "http://" + reachable(base)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, base+path, payload)
	if err != nil {
		return reply{}, &codeError{exitUsage, fmt.Errorf("--addr %s: %w", t.Addr, err)}
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/merge-patch+json")
	}
	if match != "" {
		req.Header.Set("If-Match", match)
	}
	if t.Token != "" {
		req.Header.Set("Authorization", "Bearer "+t.Token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return reply{}, t.unreached(ctx, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return reply{}, t.unreached(ctx, err)
	}
	return reply{res.StatusCode, res.Header.Get("ETag"), text}, nil
}

// unreached gives the loss of the lab, or a Ctrl-C, its exit code.
func (t target) unreached(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return &codeError{exitInterrupted, errors.New("interrupted")}
	}
	return &codeError{exitUnreachable, fmt.Errorf("no lab answers at %s (afflux serve starts one): %w", t.Addr, err)}
}

// reachable turns an address that a server listens on into one to call: all
// addresses of a machine are reached at its own.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip, perr := netip.ParseAddr(host); err == nil && (host == "" || perr == nil && ip.IsUnspecified()) {
		return net.JoinHostPort("localhost", port)
	}
	return addr
}

// refused turns an answer other than 200 into the error that it tells of.
func (r reply) refused() error {
	if r.status == http.StatusOK {
		return nil
	}
	var p struct {
		Title  string
		Detail string
	}
	if json.Unmarshal(r.body, &p) != nil || p.Detail == "" {
		p.Detail = strings.TrimSpace(string(r.body))
	}
	return fmt.Errorf("the lab answered %d: %s", r.status, p.Detail)
}
