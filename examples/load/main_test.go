package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/affluxlab/afflux/stage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const many = 20_000

// file has so many lines, of which every hundredth is broken and every thousandth has
// no account.
func file(lines int) (text string, good int, bad []int) {
	var b strings.Builder
	for n := 1; n <= lines; n++ {
		switch {
		case n%1000 == 0:
			fmt.Fprintf(&b, `{"cents":%d}`+"\n", n)
			bad = append(bad, n)
		case n%100 == 0:
			fmt.Fprintf(&b, "not JSON, %d\n", n)
			bad = append(bad, n)
		default:
			fmt.Fprintf(&b, `{"account":"a%d","cents":%d}`+"\n", n%7, n)
			good++
		}
	}
	return b.String(), good, bad
}

func table(t *testing.T) (*sql.DB, string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "payments.db")
	db, err := openTable(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db, name
}

func settings() config {
	return config{parsers: 4, batch: 500, age: 200 * time.Millisecond, grace: time.Minute}
}

func loaderOf(t *testing.T, cfg config, in string, db *sql.DB, rejects io.Writer) *loader {
	t.Helper()
	l, err := newLoader(cfg, strings.NewReader(in), db, rejects)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// expectTable compares the table with the lines that file says are good.
func expectTable(t *testing.T, db *sql.DB, good int) {
	t.Helper()
	var rows, wrong int
	err := db.QueryRow(`SELECT count(*), count(*) FILTER (WHERE cents <> line OR account <> 'a' || (line % 7) OR line % 100 = 0) FROM payments`).Scan(&rows, &wrong)
	if err != nil || rows != good || wrong != 0 {
		t.Errorf("%d rows, %d of them wrong (%v), want %d", rows, wrong, err, good)
	}
}

// expectRejects wants each bad line to be told of once, with its text and a reason.
func expectRejects(t *testing.T, in string, told []byte, bad []int) {
	t.Helper()
	texts := strings.Split(in, "\n")
	seen := map[int]int{}
	for d := json.NewDecoder(bytes.NewReader(told)); ; {
		var r struct {
			line
			Error string
		}
		if err := d.Decode(&r); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		seen[r.Number]++
		if r.Number < 1 || r.Text != texts[r.Number-1] || r.Error == "" {
			t.Fatalf("reject %+v", r)
		}
	}
	for _, n := range bad {
		if seen[n] != 1 {
			t.Errorf("line %d was rejected %d times, want once", n, seen[n])
		}
	}
	if len(seen) != len(bad) {
		t.Errorf("%d lines rejected, want %d", len(seen), len(bad))
	}
}

func TestAllGoodLinesAreInTheTableOnceAndAllBadOnesInTheRejects(t *testing.T) {
	in, good, bad := file(many)
	db, _ := table(t)
	var rejects bytes.Buffer
	l := loaderOf(t, settings(), in, db, &rejects)
	if err := l.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c := l.count(); c != (count{read: many, inserted: uint64(good), rejected: uint64(len(bad))}) {
		t.Errorf("%v, want all of them, and none tried again", c)
	}
	expectTable(t, db, good)
	expectRejects(t, in, rejects.Bytes(), bad)
}

func TestALoadThatIsStoppedSaysWhatIsLeftAndIsFinishedByAnother(t *testing.T) {
	in, good, bad := file(many)
	db, _ := table(t)
	cfg := settings()
	cfg.grace, cfg.age = -1, 0 // leave at once; all batches but the last are full
	l := loaderOf(t, cfg, in, db, io.Discard)
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		defer stop()
		for l.inserted.Load() < many/4 && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
	}()
	err := l.run(ctx)
	drain, ok := errors.AsType[*stage.DrainError](err)
	if !ok || !errors.Is(err, stage.ErrAborted) {
		t.Fatalf("ended with %v, want a DrainError", err)
	}

	c := l.count()
	if c.inserted < many/4 || c.left == 0 || c.read != c.inserted+c.rejected+c.left || c.read > many {
		t.Errorf("%v: that does not add up", c)
	}
	expectTable(t, db, int(c.inserted))
	var least, most uint64 // a batch that waits has up to 500 rows, and only the last fewer
	for _, o := range drain.Left {
		n := uint64(o.Events())
		least, most = least+n, most+n
		if o.Outlet == "batches" {
			least, most = least+(n-1)*uint64(cfg.batch-1), most+n*uint64(cfg.batch-1)
		}
	}
	if c.left < least || c.left > most {
		t.Errorf("%d left, the pipeline says %d to %d: %v", c.left, least, most, drain)
	}

	again := loaderOf(t, settings(), in, db, io.Discard)
	if err := again.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c := again.count(); c.inserted != uint64(good) || c.rejected != uint64(len(bad)) || c.left != 0 {
		t.Errorf("started again: %v", c)
	}
	expectTable(t, db, good)
}

func TestWithGraceWhatWasReadIsFinished(t *testing.T) {
	in, _, _ := file(many)
	db, _ := table(t)
	l := loaderOf(t, settings(), in, db, io.Discard)
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		defer stop()
		for l.inserted.Load() == 0 && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
	}()
	if err := l.run(ctx); err != nil {
		t.Fatal(err)
	}
	c := l.count()
	if c.left != 0 {
		t.Errorf("%v, want nothing left", c)
	}
	expectTable(t, db, int(c.inserted))
}

func TestALockedDatabaseIsTriedAgain(t *testing.T) {
	in, good, _ := file(2000)
	db, name := table(t)
	other, err := openTable(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	lock, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	l := loaderOf(t, settings(), in, db, io.Discard)
	ended := make(chan error, 1)
	go func() { ended <- l.run(t.Context()) }()
	for l.count().retried < 3 {
		time.Sleep(time.Millisecond)
	}
	if err := lock.Rollback(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if c := l.count(); c.inserted != uint64(good) || c.left != 0 {
		t.Errorf("%v, want %d inserted", c, good)
	}
	expectTable(t, db, good)
}

func TestATableThatTakesNothingEndsTheLoad(t *testing.T) {
	in, _, _ := file(many)
	db, _ := table(t)
	if _, err := db.Exec("DROP TABLE payments"); err != nil {
		t.Fatal(err)
	}
	cfg := settings()
	cfg.grace = 100 * time.Millisecond // what was read waits for it, for a table that will not be there
	l := loaderOf(t, cfg, in, db, io.Discard)
	err := l.run(t.Context())
	if failed, ok := errors.AsType[*stage.StageError](err); !ok || failed.Stage != "insert" {
		t.Errorf("ended with %v, want the failure of insert", err)
	}
	if c := l.count(); c.inserted != 0 || c.left != c.read-c.rejected {
		t.Errorf("%v, want nothing inserted", c)
	}
}

func TestALineTooLongEndsTheLoadAfterTheLinesBefore(t *testing.T) {
	in, good, _ := file(1000)
	db, _ := table(t)
	l := loaderOf(t, settings(), in+strings.Repeat("x", 1<<17), db, io.Discard)
	err := l.run(t.Context())
	if failed, ok := errors.AsType[*stage.StageError](err); !ok || failed.Stage != "lines" {
		t.Errorf("ended with %v, want the failure of lines", err)
	}
	expectTable(t, db, good)
}
