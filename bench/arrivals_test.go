package bench_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// arrival is a request of an open loop, and what became of it.
type arrival struct {
	status int           // 0: no whole answer, or OK that did not say so
	late   time.Duration // from when it was due until it was sent
	took   time.Duration // from then until the answer was read
}

// arrivals sends requests at a pace, whatever becomes of those before: what is due
// while all of a hundred connections wait is late. It returns when all are answered.
func (s *server) arrivals(path string, perSecond int, d time.Duration) []arrival {
	all := make([]arrival, perSecond*int(d/time.Second))
	due := make(chan int, len(all)) // room for all: the pace waits for nobody
	began := time.Now()
	at := func(i int) time.Time { return began.Add(time.Duration(i) * time.Second / time.Duration(perSecond)) }
	var clients sync.WaitGroup
	for range 100 {
		clients.Go(func() {
			var c caller
			defer c.close()
			for i := range due {
				sent := time.Now()
				status := c.call(s.addr, path)
				all[i] = arrival{status, sent.Sub(at(i)), time.Since(sent)}
			}
		})
	}
	for i := range all {
		time.Sleep(time.Until(at(i)))
		due <- i
	}
	close(due)
	clients.Wait()
	return all
}

// caller keeps a connection.
type caller struct {
	conn    net.Conn
	answers *bufio.Reader
}

// call returns the status of a whole answer, and 0 else.
func (c *caller) call(addr, path string) int {
	if c.conn == nil {
		var err error
		if c.conn, err = net.Dial("tcp", addr); err != nil {
			c.conn = nil
			return 0
		}
		c.answers = bufio.NewReader(c.conn)
	}
	status, err := c.ask(addr, path)
	if err != nil {
		c.close()
		return 0
	}
	return status
}

func (c *caller) ask(addr, path string) (int, error) {
	_ = c.conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := fmt.Fprintf(c.conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, addr); err != nil {
		return 0, err
	}
	res, err := http.ReadResponse(c.answers, nil)
	if err != nil {
		return 0, err
	}
	body, err := io.ReadAll(res.Body)
	if err == nil && (res.StatusCode == http.StatusOK) != (string(body) == "OK") {
		err = fmt.Errorf("%s %q", res.Status, body)
	}
	return res.StatusCode, err
}

func (c *caller) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}
