package main

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
)

// href finds the links of a page well enough for an example; a program for pages that
// it does not know needs a parser.
var href = regexp.MustCompile(`<a href="([^"]*)"`)

const largest = 1 << 20 // bytes of a page that are read

// overHTTP fetches pages with a client. Links to other hosts are left out.
func overHTTP(client *http.Client) fetch {
	return func(ctx context.Context, url string) ([]string, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return nil, err
		}
		r, err := client.Do(request)
		if err != nil {
			return nil, reason(ctx, err)
		}
		defer r.Body.Close()
		switch r.StatusCode {
		case http.StatusOK:
		case http.StatusServiceUnavailable, http.StatusTooManyRequests:
			return nil, fmt.Errorf("%w: %s", errBusy, r.Status)
		default:
			return nil, fmt.Errorf("answered %s", r.Status)
		}
		body, err := io.ReadAll(io.LimitReader(r.Body, largest))
		if err != nil {
			return nil, reason(ctx, err)
		}
		return linksIn(string(body), r.Request.URL), nil
	}
}

// reason is why a request was broken off: the cause of its context, if that has ended.
func reason(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// linksIn are the links of a page as absolute URLs, without their fragments.
func linksIn(body string, base *url.URL) (links []string) {
	for _, found := range href.FindAllStringSubmatch(body, -1) {
		to, err := base.Parse(html.UnescapeString(found[1]))
		if err != nil || to.Host != base.Host {
			continue
		}
		to.Fragment = ""
		links = append(links, to.String())
	}
	return links
}
