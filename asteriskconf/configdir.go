package asteriskconf

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// ConfigDir is the configuration folder of one Asterisk, such as /etc/asterisk,
// with the files in it that this module owns. It is safe for concurrent use by
// several goroutines and processes. A second apply at the same time returns an
// error wrapping store.ErrConflict.
//
// The subfolder .pbxusers holds its state: a lock, the journal of a running
// apply, the last two verified generations, and backups of manually edited
// files. These contain secrets, so only the owner can read the subfolder.
type ConfigDir struct {
	dir        string
	sources    []Source
	asterisk   Asterisk
	command    CommandFunc
	version    Version
	databaseID string
	takeOver   bool
	progress   func(Progress)
	audit      *audit.Log
	clock      func() time.Time
	log        *slog.Logger
	disk       disk
	owner      owner
}

// Options are the options of [Open].
type Options struct {
	// Asterisk is the running Asterisk. Default none: an apply then only writes
	// the files and stays unverified and pending.
	Asterisk Asterisk
	// Command is how an [Inspector] asks the running Asterisk, also for a plan and an
	// installation, which need no Asterisk. Default Asterisk.Command, or an error
	// wrapping store.ErrConflict if there is no Asterisk.
	Command CommandFunc
	// Version is the version to render for if there is no Asterisk. Default the
	// version of the last apply, or the newest.
	Version Version
	// DatabaseID identifies the database of the records, as sqlstore.DB.ID
	// does. Plan and Apply reject a folder that another database was last
	// applied to, because they would remove all of its records from Asterisk.
	// Default no check.
	DatabaseID string
	// TakeOver allows an apply to a folder of another database. Default false.
	TakeOver bool
	// Progress is called at the start of each step of an apply, a rollback or a
	// recovery, never concurrently. The step waits for it. If it panics, the
	// apply remains interrupted until the next recovery. Default none.
	Progress func(Progress)
	// Audit records every apply and rollback, and every recovery that failed or
	// found an interrupted apply. The kind is "configuration", the key is the
	// base name of the folder, and the record is the report. If the log cannot
	// be written, a live apply stays live and Logger logs the error. Default
	// none.
	Audit *audit.Log
	// Clock returns the current time. Default time.Now.
	Clock func() time.Time
	// Logger logs each step. Default none.
	Logger *slog.Logger
}

// Open returns the folder dir, which must exist. Modules are reloaded in the
// order of sources, but "manager" last, because Apply needs its connection.
func Open(dir string, sources []Source, opts *Options) (*ConfigDir, error) {
	if opts == nil {
		opts = &Options{}
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("configuration folder: %w", err)
	}
	f := &ConfigDir{
		disk:       disk{dir: abs},
		dir:        abs,
		sources:    slices.Clone(sources),
		asterisk:   opts.Asterisk,
		command:    opts.Command,
		version:    opts.Version,
		databaseID: opts.DatabaseID,
		takeOver:   opts.TakeOver,
		progress:   opts.Progress,
		audit:      opts.Audit,
		clock:      opts.Clock,
		log:        opts.Logger,
	}
	if f.owner, err = f.stateOwner(); err != nil {
		return nil, fmt.Errorf("configuration folder: %w", err)
	}
	if f.clock == nil {
		f.clock = time.Now
	}
	switch {
	case f.command != nil:
	case f.asterisk != nil:
		f.command = f.asterisk.Command
	default:
		f.command = func(context.Context, string) ([]string, error) {
			return nil, &store.ConflictError{Reason: "there is no Asterisk to ask"}
		}
	}
	if f.log == nil {
		f.log = slog.New(slog.DiscardHandler)
	}
	slices.SortStableFunc(f.sources, func(a, b Source) int {
		return reloadRank(a) - reloadRank(b)
	})
	return f, nil
}

func reloadRank(s Source) int {
	if s.File().Module == "manager" {
		return 1
	}
	return 0
}

// stateOwner returns the owner of the state folder. If there is none, it
// returns the owner of the parent files, so that root and that user can share
// it.
func (d *ConfigDir) stateOwner() (owner, error) {
	if info, err := d.disk.stat(d.statePath()); err == nil {
		return ownerOf(info), nil
	}
	for _, source := range d.sources {
		if info, err := d.statResolved(source.File().Parent); err == nil {
			return ownerOf(info), nil
		}
	}
	info, err := d.disk.stat(".")
	if err != nil {
		return owner{}, err
	}
	return ownerOf(info), nil
}

// Dir returns the absolute path of the folder.
func (d *ConfigDir) Dir() string { return d.dir }

// statePath returns a path in the state folder, relative to the configuration
// folder.
func (d *ConfigDir) statePath(parts ...string) string {
	return filepath.Join(append([]string{".pbxusers"}, parts...)...)
}

// target returns the Asterisk to render for.
func (d *ConfigDir) target(ctx context.Context, s state) (Target, error) {
	if d.asterisk == nil {
		return d.offlineTarget(s), nil
	}
	version, err := d.asterisk.Version(ctx)
	if err != nil {
		return Target{}, err
	}
	return Target{Version: version}, nil
}

func (d *ConfigDir) offlineTarget(s state) Target {
	if d.asterisk != nil {
		return Target{Version: s.Version}
	}
	return Target{Version: cmp.Or(d.version, s.Version)}
}
