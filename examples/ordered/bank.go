package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// event is a deposit, or below 0 a withdrawal.
type event struct {
	account int
	serial  int // of the account, from 1
	cents   int64
}

// account is touched by one worker at a time.
type account struct {
	serial int // of the last event
	cents  int64
}

type config struct {
	accounts, events, pushers, buffer int
	takes, pause, phase, grace        time.Duration
	scaler                            scaler
}

type bank struct {
	cfg      config
	pipeline *stage.Pipeline
	events   *stage.Queue[event]
	book     *stage.Consumer[event]
	accounts []account
}

func newBank(cfg config) (*bank, error) {
	if min(cfg.accounts, cfg.events, cfg.pushers, cfg.scaler.most) < 1 {
		return nil, errors.New("accounts, events, pushers and most have to be 1 or more")
	}
	p := stage.New("bank", stage.Config{Grace: cfg.grace})
	b := &bank{cfg: cfg, pipeline: p, accounts: make([]account, cfg.accounts)}
	b.events = stage.NewQueue[event](p, "events", stage.QueueConfig{Buffer: cfg.buffer})
	byAccount := stage.Partition(b.events, stage.PartitionConfig[event]{
		Key: func(ev event) uint64 { return uint64(ev.account) },
	})
	b.book = stage.NewConsumer(p, "book", b.bookOne, stage.ConsumerConfig[event]{Workers: 1, OnError: orStop})
	if _, err := b.book.Subscribe(byAccount); err != nil {
		return nil, err
	}
	return b, p.Err()
}

// run returns when all events are booked, or ctx has ended.
func (b *bank) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var others sync.WaitGroup
	others.Go(func() { b.push(ctx); b.events.Close() })
	others.Go(func() { b.cfg.scaler.run(ctx, b.pipeline, b.book) })
	defer others.Wait()
	defer cancel()
	return b.pipeline.Run(ctx)
}

// push lets each pusher push the events of some accounts: of one account in order,
// or there would be none to keep.
func (b *bank) push(ctx context.Context) {
	begin := time.Now()
	var pushers sync.WaitGroup
	for first := range b.cfg.pushers {
		pushers.Go(func() {
			for serial := 1; serial <= b.cfg.events; serial++ {
				for account := first; account < b.cfg.accounts; account += b.cfg.pushers {
					if b.events.Push(ctx, eventOf(account, serial)) != nil {
						return // there was a signal, or the pipeline has failed
					}
					b.rest(ctx, time.Since(begin))
				}
			}
		})
	}
	pushers.Wait()
}

// rest waits between two events, in every other phase a tenth as long.
func (b *bank) rest(ctx context.Context, since time.Duration) {
	pause := b.cfg.pause
	if b.cfg.phase > 0 && since/b.cfg.phase%2 == 1 {
		pause /= 10
	}
	_ = sleep(ctx, pause)
}

// eventOf is a deposit for each odd number, and then a withdrawal that leaves a cent.
func eventOf(account, serial int) event {
	const most = 1_000_000
	if serial%2 == 1 {
		return event{account, serial, most}
	}
	return event{account, serial, -most + 1}
}

// bookOne is the handler. It reads and writes the account without a lock: no other
// event of the same account is handled until it has returned.
func (b *bank) bookOne(ctx context.Context, ev event) error {
	acc := &b.accounts[ev.account]
	before := *acc
	if err := sleep(ctx, b.cfg.takes); err != nil {
		return err // the event returns to its place
	}
	after := account{ev.serial, before.cents + ev.cents}
	switch {
	case ev.serial != before.serial+1:
		return fmt.Errorf("account %d: event %d after %d", ev.account, ev.serial, before.serial)
	case after.cents < 0:
		return fmt.Errorf("account %d is overdrawn: %d", ev.account, after.cents)
	}
	*acc = after
	return nil
}

// orStop is the policy: a bank that cannot count has to close.
func orStop(stage.Failure[event]) stage.Verdict { return stage.Verdict{Action: stage.Stop} }

// total is what is in all accounts. It may be asked for when run has returned.
func (b *bank) total() (cents int64) {
	for _, acc := range b.accounts {
		cents += acc.cents
	}
	return cents
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
