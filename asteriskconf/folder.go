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

// Folder is the configuration folder of one Asterisk, such as /etc/asterisk,
// and the files in it that this module owns. It may be used from several
// goroutines and processes: applies wait for nobody, a second one at the same
// time is refused with a store.ConflictError.
//
// What it remembers stands in the folder itself, under .pbxusers: a lock, the
// journal of an apply at work, the last two generations that were seen live,
// and copies of files that were edited by hand. Those hold secrets; the folder
// is closed to all but its owner.
type Folder struct {
	dir      string
	sources  []Source
	asterisk Asterisk
	version  Version
	origin   string
	adopt    bool
	progress func(Progress)
	audit    *audit.Trail
	clock    func() time.Time
	log      *slog.Logger
	disk     disk
	owner    owner
}

// Options of [Open].
type Options struct {
	// Asterisk is the running Asterisk. Defaults to none: applies then write
	// the files, say that nothing was verified, and stay pending.
	Asterisk Asterisk
	// Version is what files are rendered for when there is no Asterisk to
	// ask. Defaults to that of the last apply, or to the newest.
	Version Version
	// Origin identifies the records that the files are rendered from, as
	// sqlstore.DB.ID does. When the last apply was from records of
	// another origin, plans and applies are refused: they would take all
	// that the others hold from Asterisk. Defaults to not asking.
	Origin string
	// Adopt takes the folder over from records of another origin. Defaults
	// to refusing.
	Adopt bool
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
	Audit *audit.Trail
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
	// Logger is told of each step. Defaults to none.
	Logger *slog.Logger
}

// Open returns the folder at dir, which must exist. Files are reloaded in the
// order of sources, but the module "manager" last: Apply talks through it.
func Open(dir string, sources []Source, opts *Options) (*Folder, error) {
	if opts == nil {
		opts = &Options{}
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("configuration folder: %w", err)
	}
	f := &Folder{
		disk:     disk{dir: abs},
		dir:      abs,
		sources:  slices.Clone(sources),
		asterisk: opts.Asterisk,
		version:  opts.Version,
		origin:   opts.Origin,
		adopt:    opts.Adopt,
		progress: opts.Progress,
		audit:    opts.Audit,
		clock:    opts.Clock,
		log:      opts.Logger,
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
		return lastIfManager(a) - lastIfManager(b)
	})
	return f, nil
}

func lastIfManager(s Source) int {
	if s.File().Module == "manager" {
		return 1
	}
	return 0
}

// stateOwner returns who our own state belongs to: whoever it belongs to now,
// or else the owner of the files that include ours. Root and that user then
// share it.
func (f *Folder) stateOwner() (owner, error) {
	if info, err := f.disk.stat(f.statePath()); err == nil {
		return ownerOf(info), nil
	}
	for _, source := range f.sources {
		if info, err := f.infoOf(source.File().Parent); err == nil {
			return ownerOf(info), nil
		}
	}
	info, err := f.disk.stat(".")
	if err != nil {
		return owner{}, err
	}
	return ownerOf(info), nil
}

// Dir returns the absolute path of the folder.
func (f *Folder) Dir() string { return f.dir }

// statePath returns the folder of our own state, or a path in it, relative to
// the configuration folder.
func (f *Folder) statePath(parts ...string) string {
	return filepath.Join(append([]string{".pbxusers"}, parts...)...)
}

// target says which Asterisk the files are for.
func (f *Folder) target(ctx context.Context, s state) (Target, error) {
	if f.asterisk == nil {
		return f.offlineTarget(s), nil
	}
	version, err := f.asterisk.Version(ctx)
	if err != nil {
		return Target{}, err
	}
	return Target{Version: version}, nil
}

func (f *Folder) offlineTarget(s state) Target {
	if f.asterisk != nil {
		return Target{Version: s.Version}
	}
	return Target{Version: cmp.Or(f.version, s.Version)}
}
