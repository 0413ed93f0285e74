// Command load reads a file of payments, one JSON object a line, into a table of
// SQLite:
//
//	file → parse → batch → insert
//	         └→ reject → file of bad lines
//
// The file is read as fast as the table takes rows and no faster, so that one of any
// size needs the same memory. A line that cannot be read as a payment goes, with its
// number and the reason, to a file of rejects. Rows are gathered, 500 or what came
// within 200 ms, and each batch is one transaction; one that finds the database locked
// is tried again.
//
// A row's key is the number of its line, and a row that is there already is left
// alone. So a load that was stopped, by Ctrl-C or by a crash, is finished by starting
// it again.
//
// It is a module of its own, because of the driver. From its folder:
//
//	go run . -example 100000 > payments.ndjson
//	go run . -in payments.ndjson -db payments.db -rejects rejects.ndjson
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	var cfg config
	in := flag.String("in", "payments.ndjson", "`file` to load")
	table := flag.String("db", "payments.db", "SQLite `file` to load it into")
	rejects := flag.String("rejects", "rejects.ndjson", "`file` for the lines that are no payments")
	flag.IntVar(&cfg.parsers, "parsers", 4, "lines parsed at a time")
	flag.IntVar(&cfg.batch, "batch", 500, "rows in a transaction at most")
	flag.DurationVar(&cfg.age, "age", 200*time.Millisecond, "time that a row waits for its batch to fill")
	flag.DurationVar(&cfg.grace, "grace", 5*time.Second, "time to finish what was read, after a signal")
	example := flag.Int("example", 0, "print so many `lines` to try it with, and end")
	flag.Parse()

	if *example > 0 {
		printExample(os.Stdout, *example)
		return
	}
	if err := run(cfg, *in, *table, *rejects); err != nil {
		log.Fatal(err)
	}
}

func run(cfg config, in, table, rejects string) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once

	lines, err := os.Open(in)
	if err != nil {
		return err
	}
	defer lines.Close()
	bad, err := os.Create(rejects)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bad.Close()) }()
	db, err := openTable(ctx, table)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	begin := time.Now()
	l, err := newLoader(cfg, lines, db, bad)
	if err != nil {
		return err
	}
	err = l.run(ctx)
	log.Printf("%v in %v", l.count(), time.Since(begin).Round(time.Millisecond))
	return err
}

// printExample prints payments of which every thousandth line is broken.
func printExample(to io.Writer, lines int) {
	w := bufio.NewWriter(to)
	defer w.Flush()
	for n := range lines {
		if n%1000 == 999 {
			fmt.Fprintln(w, `{"account":"ann","cents":`)
			continue
		}
		fmt.Fprintf(w, `{"account":"account-%d","cents":%d}`+"\n", n%97, n)
	}
}
