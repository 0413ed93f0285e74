package virtual

import (
	"io"
	"os"
	"time"
)

// intake is a pipe that is read while its other end is written to, so that a full
// pipe holds up nobody, and kept up to a size.
type intake struct {
	ours, theirs *os.File
	done         chan struct{}
	max          int

	data []byte // valid after wait
	over bool   // there was more
}

func newIntake(maxBytes int) (*intake, error) {
	ours, theirs, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	return &intake{ours: ours, theirs: theirs, done: make(chan struct{}), max: maxBytes}, nil
}

// start begins to read. From then on only the child has the other end, if there
// is one.
func (i *intake) start() {
	i.theirs.Close()
	go i.read() // waited for by wait
}

func (i *intake) read() {
	defer close(i.done)
	i.data, _ = io.ReadAll(io.LimitReader(i.ours, int64(i.max)))
	rest, _ := io.Copy(io.Discard, i.ours)
	i.over = rest > 0
}

// wait waits for the end of the pipe, and no longer than that: a process that the
// child left behind may hold it.
func (i *intake) wait(atMost time.Duration) {
	i.ours.SetReadDeadline(time.Now().Add(atMost))
	<-i.done
	i.ours.Close()
}
