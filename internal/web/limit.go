package web

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// limited is a listener that holds so many connections at a time. It does what
// x/net's LimitListener does, but that one hides the connection whose buffer a
// stream has to make small.
type limited struct {
	net.Listener
	places chan struct{} // a token for each connection
	closed chan struct{}
	once   sync.Once
}

func limit(l net.Listener, n int) net.Listener {
	return &limited{Listener: l, places: make(chan struct{}, n), closed: make(chan struct{})}
}

func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.places
		return nil, err
	}
	return &limitedConn{Conn: c, arrived: time.Now(), leave: sync.OnceFunc(func() { <-l.places })}, nil
}

func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// limitedConn is a connection that holds a place.
type limitedConn struct {
	net.Conn
	leave func()

	// All are the connection's goroutine's, which runs its handlers too.
	arrived time.Time // when its request came
	read    bool      // it has brought something
	served  bool      // it has had a request
}

// prompt is how soon a client that wants something sends it after connecting. One
// that takes longer opened the connection ahead, as browsers do, and was not waiting.
const prompt = 50 * time.Millisecond

// Read dates the first request: by its connection, if it was sent promptly.
func (c *limitedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if !c.read {
		c.read = true
		if now := time.Now(); now.Sub(c.arrived) > prompt {
			c.arrived = now
		}
	}
	return n, err
}

func (c *limitedConn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// CloseWrite lets net/http end its half of a connection whose body it will not read.
func (c *limitedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// active is told by net/http when it has read the head of a request.
func (c *limitedConn) active() {
	if c.served {
		c.arrived = time.Now()
	}
	c.served = true
}

// connKey is where the context of a request has its connection.
type connKey struct{}

func connOf(r *http.Request) (*limitedConn, bool) {
	c, ok := r.Context().Value(connKey{}).(*limitedConn)
	return c, ok
}

// Arrived returns when a request came: the first of a connection when that was
// accepted, or when something was read from it if that took more than 50 ms; a
// later one when its head had been read; now where there is no connection. Its
// handler may begin later than that, under load by milliseconds.
func Arrived(r *http.Request) time.Time {
	if c, ok := connOf(r); ok {
		return c.arrived
	}
	return time.Now()
}

// streamBuffer is how much the kernel may keep on our side for a stream's reader.
// With its usual megabytes it would be minutes until one that does not read is
// noticed; so it is what the reader's own side keeps, some 130 kB.
const streamBuffer = 16 << 10

func makeSmall(r *http.Request) {
	if c, ok := connOf(r); ok {
		if tcp, ok := c.Conn.(*net.TCPConn); ok {
			_ = tcp.SetWriteBuffer(streamBuffer) // a system that refuses keeps more; nothing else changes
		}
	}
}
