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

// state is the saved state of the folder between applies.
type state struct {
	// Newest is the highest generation number so far.
	Newest int `json:"newest"`
	// Live is the last verified generation, and Previous is the one before it;
	// 0 means none.
	Live     int       `json:"live"`
	Previous int       `json:"previous"`
	LiveAt   time.Time `json:"live_at"`
	// Unverified means that files were written or restored without Asterisk.
	// Asterisk may serve something other than Live.
	Unverified bool `json:"unverified"`
	// DatabaseID identifies the records of the last apply; empty if unknown.
	DatabaseID string `json:"database_id"`
	// UnverifiedGenerations are the generations written after Live and never
	// verified. Asterisk may have served them.
	UnverifiedGenerations []int `json:"unverified_generations"`
	// Version is the version of Asterisk that Live was rendered for.
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

// generationPath returns the path of the copy of a file in a generation.
func (d *ConfigDir) generationPath(number int, name string) string {
	return d.statePath("generations", strconv.Itoa(number), name)
}

// generationContent returns the copy, or nil if there is none.
func (d *ConfigDir) generationContent(number int, name string) ([]byte, error) {
	if number == 0 {
		return nil, nil
	}
	return d.disk.read(d.generationPath(number, name))
}

// unverifiedSections returns the sections of a file in all unverified
// generations.
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

// saveGeneration saves the files of a generation.
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

// pruneGenerations removes all generations but the live, the previous and the
// unverified ones.
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

// readJSON reads value from path. It leaves value unchanged if the file does
// not exist.
func (d *ConfigDir) readJSON(path string, value any) error {
	content, err := d.disk.read(path)
	if err != nil || content == nil {
		return err
	}
	if err := json.Unmarshal(content, value); err != nil {
		return fmt.Errorf("%s is corrupt; remove it and apply again: %w", path, err)
	}
	return nil
}
