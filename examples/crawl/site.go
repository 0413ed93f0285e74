package main

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// site is a small site to crawl: pages /1 to /n. Page i links to 2i and 2i+1, to
// itself, to the page before, so that there are circles, and to another host. Every
// 20th page links to one that is not there. Page 7 is busy twice before it answers.
type site struct {
	pages int

	mu   sync.Mutex
	hits map[string]int
}

const busyPage = 7

func newSite(pages int) *site { return &site{pages: pages, hits: map[string]int{}} }

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.hits[r.URL.Path]++
	hits := s.hits[r.URL.Path]
	s.mu.Unlock()

	i, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
	switch {
	case err != nil || i < 1 || i > s.pages:
		http.NotFound(w, r)
	case i == busyPage && hits <= 2:
		http.Error(w, "come back later", http.StatusServiceUnavailable)
	default:
		for _, link := range s.links(i) {
			fmt.Fprintf(w, "<a href=\"%s\">more</a>\n", link)
		}
	}
}

func (s *site) links(i int) []string {
	links := []string{fmt.Sprintf("/%d#top", i), fmt.Sprintf("%d", max(1, i-1)), "http://elsewhere.invalid/"}
	for _, to := range []int{2 * i, 2*i + 1} {
		if to <= s.pages {
			links = append(links, fmt.Sprintf("/%d", to))
		}
	}
	if i%20 == 0 {
		links = append(links, fmt.Sprintf("/missing-%d", i))
	}
	return links
}
