package web

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
)

// Listeners are the sockets that one address stands for.
type Listeners struct{ all []net.Listener }

// Listen binds an address: localhost stands for both loopbacks, where the
// machine has both; an IP address for itself; an empty host, 0.0.0.0 and [::]
// for all. With port 0 one is chosen. The error says what is wrong with the
// address, or that its port is taken.
func Listen(addr string) (*Listeners, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("address %q: want a host and a port, such as localhost:4000", addr)
	}
	if strings.EqualFold(host, "localhost") {
		return listenLoopbacks(port)
	}
	if _, err := netip.ParseAddr(host); err != nil && host != "" {
		return nil, fmt.Errorf("address %q: want localhost or an IP address before the port", addr)
	}
	return listenAll([]string{addr})
}

// listenLoopbacks binds both loopbacks to one port. One chosen on 127.0.0.1 may
// be taken on ::1; then another is chosen, a few times.
func listenLoopbacks(port string) (*Listeners, error) {
	for tries := 1; ; tries++ {
		l, err := listenAll([]string{net.JoinHostPort("127.0.0.1", port)})
		if err != nil {
			return nil, err
		}
		_, chosen, _ := net.SplitHostPort(l.Addrs()[0])
		six, err := listenAll([]string{net.JoinHostPort("::1", chosen)})
		switch {
		case err == nil:
			l.all = append(l.all, six.all...)
			return l, nil
		case !errors.Is(err, syscall.EADDRINUSE): // the machine has no ::1
			return l, nil
		}
		l.Close()
		if port != "0" || tries == 10 {
			return nil, err
		}
	}
}

func listenAll(addrs []string) (*Listeners, error) {
	ls := &Listeners{}
	for _, a := range addrs {
		l, err := net.Listen("tcp", a)
		if err != nil {
			ls.Close()
			return nil, explain(a, err)
		}
		ls.all = append(ls.all, l)
	}
	return ls, nil
}

func explain(addr string, err error) error {
	host, port, _ := net.SplitHostPort(addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("port %s on %s is taken, another program listens there; choose another with --addr or AFFLUX_ADDR: %w", port, host, err)
	}
	return fmt.Errorf("listen on %s: %w", addr, err)
}

// Addrs are the addresses bound.
func (l *Listeners) Addrs() []string {
	var addrs []string
	for _, x := range l.all {
		addrs = append(addrs, x.Addr().String())
	}
	return addrs
}

// URL is where a browser on this machine finds the server.
func (l *Listeners) URL() string {
	host, port, _ := net.SplitHostPort(l.all[0].Addr().String())
	if ip, err := netip.ParseAddr(host); err == nil && (ip.IsLoopback() || ip.IsUnspecified()) {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// Close closes those that nobody serves.
func (l *Listeners) Close() {
	for _, x := range l.all {
		x.Close()
	}
}

// Exposed reports whether an address can be reached from other machines.
func Exposed(addr string) bool {
	host, _, _ := net.SplitHostPort(addr)
	return !isLoopback(host)
}

// CheckExposure refuses an address that other machines can reach unless callers
// are asked for a token, and one that stands for all addresses unless it is
// known by which names it may be called.
func CheckExposure(addr, token string, hosts []string) error {
	if !Exposed(addr) {
		return nil
	}
	if token == "" {
		return fmt.Errorf("%s can be reached from other machines, so it needs a server.token: afflux token makes one", addr)
	}
	host, _, _ := net.SplitHostPort(addr)
	if ip, err := netip.ParseAddr(host); (host == "" || err == nil && ip.IsUnspecified()) && len(hosts) == 0 {
		return fmt.Errorf("%s stands for every address of this machine, so it needs server.hosts: the names by which browsers will call it", addr)
	}
	return nil
}
