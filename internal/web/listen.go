package web

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"

	"golang.org/x/net/netutil"
)

// MaxConns is how many connections one listener holds at a time; more wait in
// the kernel's queue, so that the process never runs out of files.
const MaxConns = 20_000

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
	if !strings.EqualFold(host, "localhost") {
		if _, err := netip.ParseAddr(host); err != nil && host != "" {
			return nil, fmt.Errorf("address %q: want localhost or an IP address before the port", addr)
		}
		return listenAll([]string{addr})
	}
	l, err := listenAll([]string{net.JoinHostPort("127.0.0.1", port)})
	if err != nil {
		return nil, err
	}
	_, port, _ = net.SplitHostPort(l.all[0].Addr().String())
	six, err := listenAll([]string{net.JoinHostPort("::1", port)})
	if errors.Is(err, syscall.EADDRINUSE) {
		l.Close()
		return nil, err
	}
	if err == nil { // otherwise the machine has no ::1
		l.all = append(l.all, six.all...)
	}
	return l, nil
}

func listenAll(addrs []string) (*Listeners, error) {
	ls := &Listeners{}
	for _, a := range addrs {
		l, err := net.Listen("tcp", a)
		if err != nil {
			ls.Close()
			return nil, explain(a, err)
		}
		ls.all = append(ls.all, netutil.LimitListener(l, MaxConns))
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
