package app

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

// App is one installation: a database and what stands on it.
type App struct {
	Settings       Settings
	DB             *sqlstore.DB
	Administrators *ampusers.Service
	AMIAccounts    *manager.Service
	Users          *userman.Service
	AuditLog       *audit.Log
	TTLStore       store.TTLStore

	pool    *sql.DB
	keyring *store.Keyring
	// mail is how the people are sent mails, as it is in their options.
	mail mailConfig
	// databaseID tells this database from all others.
	databaseID string
	log        *slog.Logger
	// drainMail waits for mails that are on their way.
	drainMail func() error
	// verifyMu is held by the verification at work.
	verifyMu sync.Mutex
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
	// Users may change the options of the people, such as the costs of their
	// passwords in a test. Defaults to leaving them.
	Users func(*userman.Options)
}

// Open opens the database of the settings. Close it at the end.
func Open(ctx context.Context, settings Settings, opts *Options) (*App, error) {
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
	s := &App{Settings: settings, pool: pool, keyring: keyring, log: log, drainMail: func() error { return nil }}
	if err := s.openServices(ctx, keyring, opts); err != nil {
		return nil, errors.Join(fmt.Errorf("database %s: %w", settings.DB, err), pool.Close())
	}
	return s, nil
}

// openServices brings the tables up to date and puts the services on them.
func (s *App) openServices(ctx context.Context, keyring *store.Keyring, opts *Options) (err error) {
	s.DB, err = sqlstore.Open(ctx, s.pool, sqlstore.SQLite, &sqlstore.Options{Keyring: keyring, Logger: s.log})
	if err != nil {
		return err
	}
	if s.databaseID, err = s.DB.ID(ctx); err != nil {
		return err
	}
	s.TTLStore = s.DB.TTLStore()
	s.AuditLog = audit.New(s.DB.Audit(), keyring, &audit.Options{Logger: s.log})
	s.AMIAccounts = manager.New(s.DB.AMIAccounts(), &manager.Options{
		Audit: s.AuditLog, Logger: s.log, NameInUse: s.nameInUse(), ApplyAccount: s.Settings.AMIUser,
	})
	if err := s.openUsers(ctx, opts); err != nil {
		return err
	}
	administrators := &ampusers.Options{
		Sections: Sections(), Issuer: s.Settings.Users.Product, Audit: s.AuditLog, Logger: s.log, DetectAccountType: s.detectAccountType,
	}
	if opts.Administrators != nil {
		opts.Administrators(administrators)
	}
	s.Administrators = ampusers.New(s.DB.Administrators(), administrators)
	return nil
}

// Close lets mails that are on their way go, for ten seconds at most, and
// closes the database.
func (s *App) Close() error {
	if err := s.drainMail(); err != nil {
		s.log.Warn("mails were not sent: it took too long", "error", err)
	}
	return s.pool.Close()
}

// nameInUse looks for accounts written by hand, where there is a configuration
// folder; on a machine without Asterisk the default one need not exist.
func (s *App) nameInUse() func(context.Context, string) (string, error) {
	if _, err := os.Stat(s.Settings.ConfDir); errors.Is(err, fs.ErrNotExist) && s.Settings.ConfDir == DefaultConfDir {
		return nil
	}
	return manager.NameInConfig(s.Settings.ConfDir)
}
