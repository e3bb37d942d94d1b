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
)

// Site is one installation: a database and what stands on it.
type Site struct {
	Settings       Settings
	DB             *sqlstore.DB
	Administrators *ampusers.Service
	Managers       *manager.Service
	Trail          *audit.Trail
	Vault          store.Vault

	pool *sql.DB
	// origin tells this database from all others.
	origin string
	log    *slog.Logger
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
	keyring, pool, err := settings.openDatabase(opts.Create)
	if err != nil {
		return nil, err
	}
	s := &Site{Settings: settings, pool: pool, log: log}
	if err := s.start(ctx, keyring, opts); err != nil {
		return nil, errors.Join(fmt.Errorf("database %s: %w", settings.DB, err), s.Close())
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
	administrators := &ampusers.Options{
		Sections: Sections(), Audit: s.Trail, Logger: s.log, OtherAccount: s.otherAccount,
	}
	if opts.Administrators != nil {
		opts.Administrators(administrators)
	}
	s.Administrators = ampusers.New(s.DB.Administrators(), administrators)
	return nil
}

// Close closes the database.
func (s *Site) Close() error { return s.pool.Close() }

// taken looks for accounts written by hand, where there is a configuration
// folder; on a machine without Asterisk the default one need not exist.
func (s *Site) taken() func(context.Context, string) (string, error) {
	if _, err := os.Stat(s.Settings.ConfDir); errors.Is(err, fs.ErrNotExist) && s.Settings.ConfDir == DefaultConfDir {
		return nil
	}
	return manager.Taken(s.Settings.ConfDir)
}

// otherAccount tells who has taken an AMI account for an administrator.
func (s *Site) otherAccount(ctx context.Context, username string, password store.Secret) (string, error) {
	authentic, err := s.Managers.Authentic(ctx, username, password)
	if err != nil || !authentic {
		return "", err
	}
	return "This is an AMI account: it works for programs on the Asterisk Manager Interface (port 5038), " +
		"not on these pages. Log in with an administrator's name.", nil
}
