package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync/atomic"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// line is one line of the file.
type line struct {
	Number int    `json:"line"` // from 1
	Text   string `json:"text"`
}

// payment is what a good line says.
type payment struct {
	Line    int    `json:"-"`
	Account string `json:"account"`
	Cents   int64  `json:"cents"`
}

// batch is what one transaction inserts. All payments belong together: no key.
type batch = stage.Batch[struct{}, payment]

type config struct {
	parsers, batch int
	age, grace     time.Duration
}

// loader is the way of the lines from a file into a table.
type loader struct {
	pipeline *stage.Pipeline
	db       *sql.DB
	rejects  *bufio.Writer
	inserted atomic.Uint64
}

func newLoader(cfg config, file io.Reader, db *sql.DB, rejects io.Writer) (*loader, error) {
	l := &loader{db: db, rejects: bufio.NewWriter(rejects)}
	p := stage.New("load", stage.Config{Grace: cfg.grace})
	l.pipeline = p

	lines := stage.NewProducer(p, "lines", stage.FromSeq(readLines(file)), stage.ProducerConfig{})
	parse := stage.NewTransform(p, "parse", parse, stage.TransformConfig[line]{
		Workers: cfg.parsers, OnError: toRejects,
	})
	batches := stage.NewBatcher(p, "batches", stage.BatcherConfig[struct{}, payment]{Size: cfg.batch, MaxAge: cfg.age})
	insert := stage.NewConsumer(p, "insert", l.insert, stage.ConsumerConfig[batch]{OnError: whileLocked})
	reject := stage.NewConsumer(p, "reject", l.reject, stage.ConsumerConfig[stage.Failure[line]]{OnError: orStop})

	return l, errors.Join(p.Err(),
		join(parse, lines), join(batches, parse), join(insert, batches), join(reject, parse.DeadLetters()))
}

// join lets a stage take from an outlet.
func join[T any](to interface {
	Subscribe(stage.Outlet[T], ...stage.SubOption) (*stage.Subscription, error)
}, from stage.Outlet[T]) error {
	_, err := to.Subscribe(from)
	return err
}

// run loads until the file has ended, or ctx; then what was read is finished within
// the grace, and what could not be is in the error.
func (l *loader) run(ctx context.Context) error {
	err := l.pipeline.Run(ctx)
	return errors.Join(err, l.rejects.Flush())
}

// readLines is asked for a line only when the pipeline wants one.
func readLines(r io.Reader) iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		s := bufio.NewScanner(r)
		n := 0
		for s.Scan() {
			if n++; !yield(line{n, s.Text()}, nil) {
				return
			}
		}
		if err := s.Err(); err != nil {
			yield(line{}, fmt.Errorf("after line %d: %w", n, err)) // and ends: the load fails
		}
	}
}

func parse(ctx context.Context, ln line, emit func(payment) error) error {
	pay := payment{Line: ln.Number}
	if err := json.Unmarshal([]byte(ln.Text), &pay); err != nil {
		return err
	}
	if pay.Account == "" {
		return errors.New("no account")
	}
	return emit(pay)
}

// toRejects is the policy for lines: another try would not make them better.
func toRejects(stage.Failure[line]) stage.Verdict { return stage.Verdict{Action: stage.DeadLetter} }

// reject writes what is wrong with a line. It has one worker, and so the file to
// itself.
func (l *loader) reject(_ context.Context, f stage.Failure[line]) error {
	return json.NewEncoder(l.rejects).Encode(struct {
		line
		Error string `json:"error"`
	}{f.Event, f.Err.Error()})
}

// orStop is the policy for the file of rejects: without it the load must not go on.
func orStop(stage.Failure[stage.Failure[line]]) stage.Verdict {
	return stage.Verdict{Action: stage.Stop}
}

// count is where the lines are.
func (l *loader) count() count {
	s := l.pipeline.Snapshot()
	c := count{
		read:     s.Outlet("lines").Accepted,
		rejected: s.Outlet("parse/dead-letters").Done,
		inserted: l.inserted.Load(),
		retried:  s.Outlet("batches").Retried,
	}
	c.left = c.read - c.rejected - c.inserted
	return c
}

// count says of the lines that were read what became of them: read = inserted +
// rejected + left.
type count struct {
	read, inserted, rejected, left uint64
	retried                        uint64 // transactions that found the database locked
}

func (c count) String() string {
	return fmt.Sprintf("%d lines read: %d inserted, %d rejected, %d left (%d transactions tried again)",
		c.read, c.inserted, c.rejected, c.left, c.retried)
}
