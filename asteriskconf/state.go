package asteriskconf

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// state is what the folder remembers between applies.
type state struct {
	// Newest is the highest number given to a generation so far.
	Newest int `json:"newest"`
	// Live is the generation that was last seen live, and Previous the one
	// before it; 0 means none.
	Live     int       `json:"live"`
	Previous int       `json:"previous"`
	LiveAt   time.Time `json:"live_at"`
	// Unverified means that files were put in place, or put back, and that
	// no Asterisk was asked: it may serve something other than Live.
	Unverified bool `json:"unverified"`
	// DatabaseID of the records that were last applied; empty when unknown.
	DatabaseID string `json:"origin"`
	// UnverifiedGenerations are the generations that were put in place since Live and were
	// never seen live: Asterisk may have served them all the same.
	UnverifiedGenerations []int `json:"unseen"`
	// Version of the Asterisk that Live was rendered for.
	Version Version `json:"version"`
}

func (d *ConfigDir) readState() (state, error) {
	var s state
	err := d.readJSON(d.statePath("state.json"), &s)
	return s, err
}

func (d *ConfigDir) writeState(s state) error {
	return d.writeJSON(d.statePath("state.json"), s)
}

// generationPath returns where a generation keeps its copy of a file.
func (d *ConfigDir) generationPath(number int, name string) string {
	return d.statePath("generations", strconv.Itoa(number), name)
}

// generationContent returns the copy, or nil when there is none.
func (d *ConfigDir) generationContent(number int, name string) ([]byte, error) {
	if number == 0 {
		return nil, nil
	}
	return d.disk.read(d.generationPath(number, name))
}

// unverifiedSections returns what a file held in the generations that were never
// seen live.
func (d *ConfigDir) unverifiedSections(s state, name string) ([]dialect.Section, error) {
	var all []dialect.Section
	for _, number := range s.UnverifiedGenerations {
		content, err := d.generationContent(number, name)
		if err != nil {
			return nil, err
		}
		sections, err := decode(name, content)
		if err != nil {
			return nil, err
		}
		all = append(all, sections...)
	}
	return all, nil
}

// saveGeneration stores what the files of a generation hold.
func (d *ConfigDir) saveGeneration(number int, files []*stagedFile) error {
	dir := filepath.Dir(d.generationPath(number, "-"))
	for _, path := range []string{filepath.Dir(dir), dir} {
		if err := d.disk.mkdir(path, d.owner); err != nil {
			return err
		}
	}
	for _, file := range files {
		path := d.generationPath(number, file.File.Name)
		if err := d.disk.create(path, file.next, modePrivate, d.owner); err != nil {
			return err
		}
	}
	return d.disk.syncDir(dir)
}

// pruneGenerations removes all but the two generations that may be needed.
func (d *ConfigDir) pruneGenerations(s state) error {
	entries, err := fs.ReadDir(os.DirFS(d.dir), d.statePath("generations"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, entry := range entries {
		number, err := strconv.Atoi(entry.Name())
		if err != nil || number == s.Live || number == s.Previous || slices.Contains(s.UnverifiedGenerations, number) {
			continue
		}
		if err := d.disk.removeAll(d.statePath("generations", entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

func (d *ConfigDir) writeJSON(path string, value any) error {
	content, err := json.MarshalIndent(value, "", "\t")
	if err != nil {
		return err
	}
	return d.disk.replace(path, append(content, '\n'), modePrivate, d.owner)
}

// readJSON fills value from path, and leaves it alone when there is no file.
func (d *ConfigDir) readJSON(path string, value any) error {
	content, err := d.disk.read(path)
	if err != nil || content == nil {
		return err
	}
	if err := json.Unmarshal(content, value); err != nil {
		return fmt.Errorf("%s is damaged; remove it and apply again: %w", path, err)
	}
	return nil
}
