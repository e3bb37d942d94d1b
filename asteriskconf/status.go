package asteriskconf

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/store"
)

// Status tells how the folder stands.
type Status struct {
	// Pending says that an apply has something to do. It is worked out from
	// the records and the files, so it survives restarts and cannot be
	// forgotten; it clears only when Asterisk was seen to serve the records.
	Pending bool `json:"pending"`
	// Interrupted says that an apply was cut short; recover or apply.
	Interrupted bool `json:"interrupted"`
	// Generation that was last seen live, and when; 0 when none was.
	Generation int        `json:"generation"`
	LiveAt     *time.Time `json:"live_at"`
	// CanRollBack says whether there is an earlier generation.
	CanRollBack bool `json:"can_roll_back"`
}

// Pending reports whether the records differ from what Asterisk was last seen
// to serve. It asks the files, not Asterisk.
func (d *ConfigDir) Pending(ctx context.Context) (bool, error) {
	status, err := d.Status(ctx)
	if err != nil {
		return false, err
	}
	return status.Pending, nil
}

// Status works out how the folder stands. It asks the files, not Asterisk.
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
		// While another program applies, the journal is its own.
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

// outdated reports whether the records, the file on disk and what was last
// seen live are not all the same.
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
