package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	_ "modernc.org/sqlite" // the SQLite driver

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/sqlstore"
)

// app is one run of pbxctl: its settings, and what it has opened.
type app struct {
	settings settings
	stdin    io.Reader
	stdout   io.Writer
	stderr   io.Writer
	// started says that the command line was understood.
	started bool
	// origin tells the database that was opened from all others, and adopt
	// takes the configuration folder over from another one.
	origin  string
	adopt   bool
	closers []func() error
}

// close closes what was opened, last first.
func (a *app) close() {
	for _, c := range slices.Backward(a.closers) {
		_ = c()
	}
	a.closers = nil
}

// makeStore opens the database, and makes it and its key at first use.
func (a *app) makeStore(ctx context.Context) (manager.Store, error) {
	path, err := a.settings.dbPath()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		keyPath, err := a.settings.keyPath()
		if err != nil {
			return nil, err
		}
		// The key first: a database without its key is refused.
		if _, err := store.OpenKeyring(keyPath); err != nil {
			return nil, err
		}
		if err := sqlstore.CreateSQLiteFile(path); err != nil {
			return nil, err
		}
	}
	return a.openStore(ctx)
}

// openStore opens the database, which must exist: one made by mistake, in
// another folder, would be applied as "no accounts at all".
func (a *app) openStore(ctx context.Context) (manager.Store, error) {
	path, err := a.settings.dbPath()
	if err != nil {
		return nil, err
	}
	if err := exists("database", path, "Name it with --db; 'pbxctl config install' and 'pbxctl manager add' make a new one."); err != nil {
		return nil, err
	}
	keyPath, err := a.settings.keyPath()
	if err != nil {
		return nil, err
	}
	if err := exists("key file of the database", keyPath, "Put a copy back, or name it with --key-file: without it no secret can be read."); err != nil {
		return nil, err
	}
	keys, err := store.OpenKeyring(keyPath)
	if err != nil {
		return nil, err
	}
	pool, err := sql.Open("sqlite", sqlstore.SQLiteDSN(path))
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, pool.Close)
	db, err := sqlstore.Open(ctx, pool, sqlstore.SQLite, &sqlstore.Options{Keyring: keys})
	if err != nil {
		return nil, err
	}
	if a.origin, err = db.ID(ctx); err != nil {
		return nil, err
	}
	return db.Managers(), nil
}

func exists(what, path, wayOut string) error {
	if _, err := os.Stat(path); err != nil {
		return &hintedError{fmt.Errorf("there is no %s: %w", what, err), wayOut}
	}
	return nil
}

// openManager opens the AMI accounts of a database that exists.
func (a *app) openManager(ctx context.Context) (*manager.Service, error) {
	st, err := a.openStore(ctx)
	if err != nil {
		return nil, err
	}
	return a.managers(st), nil
}

// managers are the AMI accounts in st.
func (a *app) managers(st manager.Store) *manager.Service {
	return manager.New(st, &manager.Options{Taken: a.taken(), ApplyAs: a.settings.amiUser})
}

// taken looks for accounts written by hand, where there is a configuration
// folder; on a machine without Asterisk the default one need not exist.
func (a *app) taken() func(context.Context, string) (string, error) {
	if _, err := os.Stat(a.settings.confDir); errors.Is(err, fs.ErrNotExist) && a.settings.confDir == defaultConfDir {
		return nil
	}
	return manager.Taken(a.settings.confDir)
}

// dial logs in to Asterisk as the account that applies, or returns nil where
// there is no Asterisk to talk to. events are those of [ami.Options]. A lost
// connection ends the client: a command must not wait for an Asterisk that
// may never come back.
func (a *app) dial(ctx context.Context, events string) (*ami.Client, error) {
	address, err := a.settings.amiAddress()
	if err != nil || address == noAsterisk {
		return nil, err
	}
	secret, err := a.settings.readAMISecret()
	if err != nil {
		return nil, err
	}
	client, err := ami.Dial(ctx, address, &ami.Options{
		Username: a.settings.amiUser, Secret: secret, Events: events, NoReconnect: true,
	})
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, client.Close)
	return client, nil
}

// openFolder opens the configuration folder, to be applied through client; nil
// stands for no Asterisk.
func (a *app) openFolder(st manager.Store, client *ami.Client) (*asteriskconf.Folder, error) {
	source, opts := &manager.SourceOptions{}, &asteriskconf.Options{Origin: a.origin, Adopt: a.adopt}
	if client != nil {
		address, err := a.settings.amiAddress()
		if err != nil {
			return nil, err
		}
		opts.Asterisk = client
		source.Address, source.ApplyAs = address, a.settings.amiUser
	}
	return asteriskconf.Open(a.settings.confDir, []asteriskconf.Source{manager.NewSource(st, source)}, opts)
}
