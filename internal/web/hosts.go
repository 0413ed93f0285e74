package web

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
)

// hosts decides by which names the server may be called. A name that is not its
// own means that some other site's name was made to point here (DNS rebinding).
type hosts struct {
	names    []string
	bound    *atomic.Pointer[[]string] // the specific addresses bound
	loopback *atomic.Bool              // no address beyond this machine is bound
}

func newHosts(names []string) hosts {
	h := hosts{bound: new(atomic.Pointer[[]string]), loopback: new(atomic.Bool)}
	for _, n := range names {
		if _, err := netip.ParseAddr(n); err != nil { // an IPv6 address has colons of its own
			n, _ = hostname(n)
		}
		h.names = append(h.names, strings.TrimSuffix(n, "."))
	}
	h.bound.Store(new([]string))
	h.loopback.Store(true)
	return h
}

func (h hosts) bind(addrs []string) {
	bound, loopback := []string{}, true
	for _, a := range addrs {
		host, _, _ := net.SplitHostPort(a)
		if ip, err := netip.ParseAddr(host); err != nil || !ip.IsUnspecified() {
			bound = append(bound, host)
		}
		loopback = loopback && isLoopback(host)
	}
	h.bound.Store(&bound)
	h.loopback.Store(loopback)
}

func (h hosts) allow(r *http.Request) bool {
	if r.Host == "" {
		return r.ProtoMajor == 1 && r.ProtoMinor == 0 && h.loopback.Load()
	}
	name, ok := hostname(r.Host)
	if !ok {
		return false
	}
	name = strings.TrimSuffix(name, ".")
	same := func(other string) bool { return strings.EqualFold(name, other) }
	return slices.ContainsFunc(h.names, same) || slices.ContainsFunc(*h.bound.Load(), same) || isLoopback(name)
}

// hostname cuts the port off, and the brackets of an IPv6 address; not ok is a
// bracket left open or followed by more than a port. It allocates nothing, as it
// is asked of every request.
func hostname(host string) (name string, ok bool) {
	if strings.HasPrefix(host, "[") {
		inside, rest, closed := strings.Cut(host[1:], "]")
		return inside, closed && (rest == "" || rest[0] == ':')
	}
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		return host[:i], true
	}
	return host, true
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	if host == "" || host[0] != ':' && (host[0] < '0' || host[0] > '9') {
		return false // a name: ParseAddr would allocate an error to say so
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
