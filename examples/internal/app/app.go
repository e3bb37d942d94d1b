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
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/asterisk"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/idempotency"
	"github.com/pbxusers/pbxusers/store/sqlstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
)

// App is one installation: a database and its services.
type App struct {
	// Settings come from flags, environment and file. [App.Current] has those in
	// effect.
	Settings       Settings
	DB             *sqlstore.DB
	Administrators *ampusers.Service
	AMIAccounts    *manager.Service
	Users          *userman.Service
	Tokens         *apitoken.Service
	AuditLog       *audit.Log
	TTLStore       store.TTLStore
	// Warnings are what the owner of the installation should correct. They are
	// also logged.
	Warnings []string

	pool    *sql.DB
	keyring *store.Keyring
	saved   savedSettings
	// databaseID identifies the database.
	databaseID string
	log        *slog.Logger
	// drainMail waits for mails that are being sent.
	drainMail func() error
	// verifyMu is held by the running verification.
	verifyMu sync.Mutex
}

// Options are the options of [Open].
type Options struct {
	// Create creates the database and its key if there is none. Without it, a
	// missing database is an error: an empty one in the wrong folder would apply
	// a configuration without accounts.
	Create bool
	// Logger logs changes. Defaults to no logging.
	Logger *slog.Logger
	// Administrators can change the options of the administrators, such as the
	// cost of password hashing in a test.
	Administrators func(*ampusers.Options)
	// Users can change the options of the users in the same way.
	Users func(*userman.Options)
}

// Open opens the database of the settings. The caller must close the App.
func Open(ctx context.Context, settings Settings, opts *Options) (*App, error) {
	if opts == nil {
		opts = &Options{}
	}
	log := opts.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	// Before a database is created.
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
	s.Warnings = readableFileWarnings(settings.dbFiles())
	if problem := s.SettingsProblem(); problem != nil {
		s.Warnings = append(s.Warnings, "the saved settings are not in effect: "+problem.Error()+"; correct them with 'pbxctl settings set' or 'pbxctl settings unset'")
	}
	for _, warning := range s.Warnings {
		log.WarnContext(ctx, warning)
	}
	return s, nil
}

// openServices migrates the database and creates the services.
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
	s.initSavedSettings(opts)
	if err := s.LoadSettings(ctx); err != nil {
		return err
	}
	s.openUsers(ctx)
	product := s.Current().Users
	administrators := &ampusers.Options{
		Sections: Sections(), Issuer: product.Product, TTLStore: s.DB.TTLStore(),
		MinPasswordLength: product.MinPasswordLength, MinPasswordScore: product.MinPasswordScore,
		Audit: s.AuditLog, Logger: s.log, DetectAccountType: s.detectAccountType,
	}
	if opts.Administrators != nil {
		opts.Administrators(administrators)
	}
	s.Administrators = ampusers.New(s.DB.Administrators(), administrators)
	return nil
}

// Keyring returns the keys that encrypt secrets at rest.
func (s *App) Keyring() *store.Keyring { return s.keyring }

// Responses returns the saved responses to requests that a client may repeat.
func (s *App) Responses(clock func() time.Time) *idempotency.Responses {
	return idempotency.New(s.TTLStore, s.keyring, &idempotency.Options{Clock: clock})
}

// Close waits up to ten seconds for mails that are being sent, and closes the
// database.
func (s *App) Close() error {
	if err := s.drainMail(); err != nil {
		s.log.Warn("mails were not sent before the timeout", "error", err)
	}
	return s.pool.Close()
}

// nameInUse returns a lookup of manually written accounts in the configuration
// folder. The default folder does not exist on a machine without Asterisk.
func (s *App) nameInUse() func(context.Context, string) (string, error) {
	if _, err := os.Stat(s.Settings.ConfDir); errors.Is(err, fs.ErrNotExist) && s.Settings.ConfDir == asterisk.DefaultConfDir {
		return nil
	}
	return manager.NameInAsterisk(s.Settings.ConfDir, s.Settings.Host().Command)
}
