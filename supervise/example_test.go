package supervise_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/affluxlab/afflux/supervise"
)

// A service that crashes is started again; the tree ends when its context does.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	tries := 0
	tree, err := supervise.New(supervise.Config{
		Name: "shop",
		Children: []supervise.Child{{Name: "mailer", Service: supervise.Func(func(ctx context.Context) error {
			if tries++; tries == 1 {
				return errors.New("no post today")
			}
			cancel() // the example is over
			<-ctx.Done()
			return nil
		})}},
		Hook: func(e supervise.Event) { fmt.Println(e) },
	})
	if err != nil {
		panic(err)
	}
	fmt.Println("stopped:", tree.Serve(ctx))
	// Output:
	// shop/mailer started
	// shop/mailer ended: no post today
	// shop/mailer is restarted, 1 so far
	// shop/mailer started
	// shop/mailer ended
	// stopped: <nil>
}

// A child that will not leave holds nobody up, and is named.
func ExampleStuckError() {
	ctx, cancel := context.WithCancel(context.Background())
	release := make(chan struct{})
	defer close(release)
	tree, err := supervise.New(supervise.Config{
		Name: "shop",
		Children: []supervise.Child{{
			Name: "importer",
			Stop: time.Millisecond,
			Service: supervise.Func(func(context.Context) error {
				cancel() // the example is over, but it does not listen
				<-release
				return nil
			}),
		}},
	})
	if err != nil {
		panic(err)
	}
	var stuck *supervise.StuckError
	if errors.As(tree.Serve(ctx), &stuck) {
		fmt.Println(stuck.Names, tree.Snapshot().Children[0].State)
	}
	// Output:
	// [importer] stuck
}

// A kill is an abnormal end: the child returns, and is started again.
func ExampleTree_Kill() {
	ctx, cancel := context.WithCancel(context.Background())
	up := make(chan struct{}, 2)
	tree, err := supervise.New(supervise.Config{
		Name: "shop",
		Children: []supervise.Child{{Name: "store", Service: supervise.Func(func(ctx context.Context) error {
			up <- struct{}{}
			<-ctx.Done()
			return context.Cause(ctx)
		})}},
	})
	if err != nil {
		panic(err)
	}
	done := make(chan error)
	go func() { done <- tree.Serve(ctx) }()
	<-up
	fmt.Println(tree.Kill("store"))
	<-up
	store := tree.Snapshot().Children[0]
	fmt.Println(store.State, store.Restarts, store.LastError)
	cancel()
	<-done
	// Output:
	// <nil>
	// running 1 killed
}

// Children come and go: one that is to be forgotten leaves when it is done.
func ExampleTree_Add() {
	ctx, cancel := context.WithCancel(context.Background())
	tree, err := supervise.New(supervise.Config{Name: "imports", Hook: func(e supervise.Event) {
		fmt.Println(e)
		if _, ok := e.(supervise.Removed); ok {
			cancel() // the example is over
		}
	}})
	if err != nil {
		panic(err)
	}
	done := make(chan error)
	go func() { done <- tree.Serve(ctx) }()
	if err := tree.Add(supervise.Child{
		Name:    "monday.csv",
		Service: supervise.Func(func(context.Context) error { return nil }),
		Restart: supervise.Transient, // tried again until it succeeds
		Forget:  true,
	}); err != nil {
		panic(err)
	}
	fmt.Println("stopped:", <-done, len(tree.Snapshot().Children))
	// Output:
	// imports/monday.csv started
	// imports/monday.csv ended
	// imports/monday.csv has left the tree
	// stopped: <nil> 0
}
