package stage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime/debug"
)

// Source is where a [Producer] gets its events, shaped like io.Reader. Fetch
// blocks until it has at least one event or ctx ends, fills dst from its start
// and says how many. len(dst) is the demand that nothing waiting covers, as far as
// 16 KiB of events reach: what a page of yours has beyond it, keep for the next
// call. io.EOF is the end, and may come with events; any other error is tried again
// later, and may come with events too. Neither an event nor an error is an error.
//
// Fetch may not keep dst. It is called by one goroutine at a time. When ctx ends
// (with the cause ErrDraining, or that of Serve) it returns as soon as it can;
// events that it returns then are accepted.
type Source[T any] interface {
	Fetch(ctx context.Context, dst []T) (n int, err error)
}

// SourceFunc is a function as a [Source].
type SourceFunc[T any] func(ctx context.Context, dst []T) (int, error)

// Fetch calls f.
func (f SourceFunc[T]) Fetch(ctx context.Context, dst []T) (int, error) { return f(ctx, dst) }

// FromChan is a source that receives from ch and ends when that is closed. It
// takes as much as there is, up to the demand, and waits only for the first.
func FromChan[T any](ch <-chan T) Source[T] {
	if ch == nil {
		return nil // which NewProducer refuses
	}
	return SourceFunc[T](func(ctx context.Context, dst []T) (int, error) {
		select {
		case ev, ok := <-ch:
			if !ok {
				return 0, io.EOF
			}
			dst[0] = ev
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
		for n := 1; n < len(dst); n++ {
			select {
			case ev, ok := <-ch:
				if !ok {
					return n, io.EOF
				}
				dst[n] = ev
			default:
				return n, nil
			}
		}
		return len(dst), nil
	})
}

// FromSeq is a source that goes through seq once, never ahead of the demand: of fast
// takers that is twice what they do in a millisecond, as far as ProducerConfig.Buffer
// goes. After
// an error the sequence is asked later for what comes next; if it ends there, the
// source has failed for good with that error, since a sequence that was broken
// off must not look like one that was read to its end.
//
// A sequence that blocks in its own body is not told of a drain: only what waits
// for a context can be. When Serve ends before the sequence does, the sequence is
// stopped, and a later Serve fails with ErrEnded, since what it had left is gone: a
// producer that a supervisor serves again needs a source of its own.
func FromSeq[T any](seq iter.Seq2[T, error]) Source[T] {
	if seq == nil {
		return nil // which NewProducer refuses
	}
	return &seqSource[T]{seq: seq}
}

type seqSource[T any] struct {
	seq     iter.Seq2[T, error]
	next    func() (T, error, bool)
	stop    func()
	failed  error // what it yielded last, if that was an error
	stopped bool
}

func (s *seqSource[T]) Fetch(ctx context.Context, dst []T) (n int, err error) {
	if s.stopped {
		return 0, errFinal{fmt.Errorf("the sequence was broken off by the end of an earlier Serve: %w", ErrEnded)}
	}
	if s.next == nil {
		s.next, s.stop = iter.Pull2(s.seq)
	}
	defer func() {
		if v := recover(); v != nil { // a sequence that panicked is over
			err = errFinal{&PanicError{Value: v, Stack: debug.Stack()}}
		}
	}()
	for n < len(dst) && (n == 0 || ctx.Err() == nil) {
		ev, failed, ok := s.next()
		switch {
		case !ok && s.failed != nil:
			return n, errFinal{s.failed}
		case !ok:
			return n, io.EOF
		}
		if s.failed = failed; failed != nil {
			return n, failed
		}
		dst[n] = ev
		n++
	}
	return n, nil
}

// release ends the sequence: it lives no longer than the Serve that runs it.
func (s *seqSource[T]) release() (err error) {
	if s.stop == nil {
		return nil
	}
	defer caught(&err) // it may go on though it was told to stop, or panic in a defer
	s.stopped = true
	s.stop()
	return nil
}

// releaser is a source that holds something for the time of one Serve.
type releaser interface{ release() error }

// errFinal is an error of a source that is not worth another try.
type errFinal struct{ error }

func (e errFinal) Unwrap() error { return e.error }

func isFinal(err error) bool {
	_, final := errors.AsType[errFinal](err)
	_, broken := errors.AsType[*FetchError](err)
	return final || broken
}
