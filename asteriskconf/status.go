package asteriskconf

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/store"
)

// Status is the state of the folder.
type Status struct {
	// Pending reports whether an apply has something to do. It is computed from
	// the records and the files, so it survives restarts. It clears only once
	// the running Asterisk serves the records.
	Pending bool `json:"pending"`
	// Interrupted reports whether an apply was interrupted. Recover or apply
	// again.
	Interrupted bool `json:"interrupted"`
	// Generation is the last verified generation, and LiveAt is its time; 0 and
	// nil if there is none.
	Generation int        `json:"generation"`
	LiveAt     *time.Time `json:"live_at"`
	// CanRollBack reports whether there is an earlier generation.
	CanRollBack bool `json:"can_roll_back"`
}

// Pending reports whether the records differ from what Asterisk last served. It
// reads the files and does not ask Asterisk.
func (d *ConfigDir) Pending(ctx context.Context) (bool, error) {
	status, err := d.Status(ctx)
	if err != nil {
		return false, err
	}
	return status.Pending, nil
}

// Status returns the state of the folder. It reads the files and does not ask
// Asterisk.
func (d *ConfigDir) Status(ctx context.Context) (*Status, error) {
	s, err := d.readState()
	if err != nil {
		return nil, err
	}
	j, err := d.readJournal()
	if err != nil {
		return nil, err
	}
	interrupted := false
	if j != nil {
		// During an apply of another program the journal is normal.
		unlock, err := d.lock()
		if interrupted = !errors.Is(err, store.ErrConflict); err == nil {
			unlock()
		}
	}
	status := &Status{Interrupted: interrupted, Generation: s.Live, CanRollBack: s.Previous != 0}
	if !s.LiveAt.IsZero() {
		status.LiveAt = &s.LiveAt
	}
	status.Pending = j != nil || s.Live == 0 || s.Unverified
	for _, source := range d.sources {
		if status.Pending {
			break
		}
		if status.Pending, err = d.outdated(ctx, s, source); err != nil {
			return nil, err
		}
	}
	return status, nil
}

// outdated reports whether the records, the file on disk and the last verified
// generation differ.
func (d *ConfigDir) outdated(ctx context.Context, s state, source Source) (bool, error) {
	live, err := d.generationContent(s.Live, source.File().Name)
	if err != nil {
		return false, err
	}
	path, err := d.locate(source.File())
	if errors.As(err, new(*NotInstalledError)) || errors.As(err, new(*SyntaxError)) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	onDisk, err := d.disk.read(path)
	if err != nil || !bytes.Equal(onDisk, live) {
		return true, err
	}
	sections, err := source.Sections(ctx, d.offlineTarget(s))
	if err != nil {
		return false, err
	}
	next, err := encode(source.File(), sections)
	if err != nil || !bytes.Equal(next, live) {
		return true, err
	}
	tree, err := dialect.ParseFile(d.dir, source.File().Parent, nil)
	if err != nil {
		return false, err
	}
	staged := &stagedFile{Change: Change{File: source.File(), Path: path, After: sections}}
	return checkTree(tree, staged) != nil, nil
}
