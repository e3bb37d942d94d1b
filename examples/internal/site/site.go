package site

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/sqlstore"
	"github.com/pbxusers/pbxusers/userman"
)

// Site is one installation: a database and what stands on it.
type Site struct {
	Settings       Settings
	DB             *sqlstore.DB
	Administrators *ampusers.Service
	Managers       *manager.Service
	People         *userman.Service
	Trail          *audit.Trail
	Vault          store.Vault

	pool *sql.DB
	// mails is how the people are sent mails, as it is in their options.
	mails mails
	// origin tells this database from all others.
	origin string
	log    *slog.Logger
	// settle waits for mails that are on their way.
	settle func() error
	// verifying is held by the verification at work.
	verifying sync.Mutex
}

// Options of [Open].
type Options struct {
	// Create makes the database and its key where there is none. Defaults to
	// refusing: one made by mistake, in another folder, would be applied as
	// "no accounts at all".
	Create bool
	// Logger is told of changes. Defaults to none.
	Logger *slog.Logger
	// Administrators may change the options of the administrators, such as
	// the costs of their passwords in a test. Defaults to leaving them.
	Administrators func(*ampusers.Options)
	// People may change the options of the people, such as the costs of their
	// passwords in a test. Defaults to leaving them.
	People func(*userman.Options)
}

// Open opens the database of the settings. Close it at the end.
func Open(ctx context.Context, settings Settings, opts *Options) (*Site, error) {
	if opts == nil {
		opts = &Options{}
	}
	log := opts.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	// Before a database is made.
	if err := settings.Check(); err != nil {
		return nil, err
	}
	keyring, pool, err := settings.openDatabase(opts.Create)
	if err != nil {
		return nil, err
	}
	s := &Site{Settings: settings, pool: pool, log: log, settle: func() error { return nil }}
	if err := s.start(ctx, keyring, opts); err != nil {
		return nil, errors.Join(fmt.Errorf("database %s: %w", settings.DB, err), pool.Close())
	}
	return s, nil
}

// start brings the tables up to date and puts the services on them.
func (s *Site) start(ctx context.Context, keyring *store.Keyring, opts *Options) (err error) {
	s.DB, err = sqlstore.Open(ctx, s.pool, sqlstore.SQLite, &sqlstore.Options{Keyring: keyring, Logger: s.log})
	if err != nil {
		return err
	}
	if s.origin, err = s.DB.ID(ctx); err != nil {
		return err
	}
	s.Vault = s.DB.Vault()
	s.Trail = audit.New(s.DB.Audit(), keyring, &audit.Options{Logger: s.log})
	s.Managers = manager.New(s.DB.Managers(), &manager.Options{
		Audit: s.Trail, Logger: s.log, Taken: s.taken(), ApplyAs: s.Settings.AMIUser,
	})
	if err := s.startPeople(ctx, opts); err != nil {
		return err
	}
	administrators := &ampusers.Options{
		Sections: Sections(), Issuer: s.Settings.People.Product, Audit: s.Trail, Logger: s.log, OtherAccount: s.otherAccount,
	}
	if opts.Administrators != nil {
		opts.Administrators(administrators)
	}
	s.Administrators = ampusers.New(s.DB.Administrators(), administrators)
	return nil
}

// Close lets mails that are on their way go, for ten seconds at most, and
// closes the database.
func (s *Site) Close() error {
	if err := s.settle(); err != nil {
		s.log.Warn("mails were not sent: it took too long", "error", err)
	}
	return s.pool.Close()
}

// taken looks for accounts written by hand, where there is a configuration
// folder; on a machine without Asterisk the default one need not exist.
func (s *Site) taken() func(context.Context, string) (string, error) {
	if _, err := os.Stat(s.Settings.ConfDir); errors.Is(err, fs.ErrNotExist) && s.Settings.ConfDir == DefaultConfDir {
		return nil
	}
	return manager.Taken(s.Settings.ConfDir)
}
