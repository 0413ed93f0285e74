package main

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/affluxlab/afflux/stage"
)

const (
	schema = `CREATE TABLE IF NOT EXISTS payments (
		line    INTEGER PRIMARY KEY,
		account TEXT    NOT NULL,
		cents   INTEGER NOT NULL
	)`
	insertion = `INSERT INTO payments (line, account, cents) VALUES (?, ?, ?) ON CONFLICT (line) DO NOTHING`
)

// openTable opens, or makes, a database with the table in it. Transactions lock it
// when they begin, and do not wait for that: who waits for a lock holds a worker, and
// the pipeline tries again without.
func openTable(ctx context.Context, file string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+
		"?_txlock=immediate&_pragma=busy_timeout(0)&_pragma=journal_mode(WAL)")
	if err != nil {
		return nil, err
	}
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// insert puts a batch into the table, all of it or nothing.
func (l *loader) insert(ctx context.Context, b batch) error {
	tx, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // of no effect after a Commit
	insert, err := tx.PrepareContext(ctx, insertion)
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, pay := range b.Events {
		if _, err := insert.ExecContext(ctx, pay.Line, pay.Account, pay.Cents); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	l.inserted.Add(uint64(len(b.Events)))
	return nil
}

// whileLocked is the policy for batches: while somebody else writes they are tried
// again, 10 ms later at first and a third of a second at most. Anything else, such as a full
// disk, ends the load.
func whileLocked(f stage.Failure[batch]) stage.Verdict {
	if e, ok := errors.AsType[*sqlite.Error](f.Err); ok && e.Code()&0xff == sqlite3.SQLITE_BUSY {
		return stage.RetryAfter(10 * time.Millisecond << min(f.Attempt-1, 5))
	}
	return stage.Verdict{Action: stage.Stop}
}
