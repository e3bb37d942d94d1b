package asteriskconf

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/store/audit"
)

// ConfigDir is the configuration folder of one Asterisk, such as /etc/asterisk,
// and the files in it that this module owns. It may be used from several
// goroutines and processes: applies wait for nobody, a second one at the same
// time is refused with a store.ConflictError.
//
// What it remembers stands in the folder itself, under .pbxusers: a lock, the
// journal of an apply at work, the last two generations that were seen live,
// and copies of files that were edited by hand. Those hold secrets; the folder
// is closed to all but its owner.
type ConfigDir struct {
	dir        string
	sources    []Source
	asterisk   Asterisk
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

// Options of [Open].
type Options struct {
	// Asterisk is the running Asterisk. Defaults to none: applies then write
	// the files, say that nothing was verified, and stay pending.
	Asterisk Asterisk
	// Version is what files are rendered for when there is no Asterisk to
	// ask. Defaults to that of the last apply, or to the newest.
	Version Version
	// DatabaseID identifies the records that the files are rendered from, as
	// sqlstore.DB.ID does. When the last apply was from records of
	// another origin, plans and applies are refused: they would take all
	// that the others hold from Asterisk. Defaults to not asking.
	DatabaseID string
	// TakeOver takes the folder over from records of another origin. Defaults
	// to refusing.
	TakeOver bool
	// Progress is called at the beginning of each step of an apply, a roll
	// back or a recovery, one call at a time. The step waits for it. It must
	// not panic: what it cuts short waits for the next recovery. Defaults to
	// none.
	Progress func(Progress)
	// Audit is told of every apply and roll back, and of every recovery that
	// had something to do, also of one that failed: as the kind
	// "configuration", with the last part of the folder's path as the key
	// and the report as the record. One that is live stays so when the trail
	// cannot be written; the logger is told then. Defaults to none.
	Audit *audit.Log
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
	// Logger is told of each step. Defaults to none.
	Logger *slog.Logger
}

// Open returns the folder at dir, which must exist. Files are reloaded in the
// order of sources, but the module "manager" last: Apply talks through it.
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

// stateOwner returns who our own state belongs to: whoever it belongs to now,
// or else the owner of the files that include ours. Root and that user then
// share it.
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

// statePath returns the folder of our own state, or a path in it, relative to
// the configuration folder.
func (d *ConfigDir) statePath(parts ...string) string {
	return filepath.Join(append([]string{".pbxusers"}, parts...)...)
}

// target says which Asterisk the files are for.
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
