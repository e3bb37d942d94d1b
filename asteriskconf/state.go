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
	// Origin of the records that were last applied; empty when unknown.
	Origin string `json:"origin"`
	// Unseen are the generations that were put in place since Live and were
	// never seen live: Asterisk may have served them all the same.
	Unseen []int `json:"unseen"`
	// Version of the Asterisk that Live was rendered for.
	Version Version `json:"version"`
}

func (f *Folder) readState() (state, error) {
	var s state
	err := f.readJSON(f.statePath("state.json"), &s)
	return s, err
}

func (f *Folder) writeState(s state) error {
	return f.writeJSON(f.statePath("state.json"), s)
}

// generationPath returns where a generation keeps its copy of a file.
func (f *Folder) generationPath(number int, name string) string {
	return f.statePath("generations", strconv.Itoa(number), name)
}

// generationContent returns the copy, or nil when there is none.
func (f *Folder) generationContent(number int, name string) ([]byte, error) {
	if number == 0 {
		return nil, nil
	}
	return f.disk.read(f.generationPath(number, name))
}

// unseenSections returns what a file held in the generations that were never
// seen live.
func (f *Folder) unseenSections(s state, name string) ([]Section, error) {
	var all []Section
	for _, number := range s.Unseen {
		content, err := f.generationContent(number, name)
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

// keepGeneration stores what the files of a generation hold.
func (f *Folder) keepGeneration(number int, files []*stagedFile) error {
	folder := filepath.Dir(f.generationPath(number, "-"))
	for _, path := range []string{filepath.Dir(folder), folder} {
		if err := f.disk.mkdir(path, f.owner); err != nil {
			return err
		}
	}
	for _, file := range files {
		path := f.generationPath(number, file.File.Name)
		if err := f.disk.create(path, file.next, modePrivate, f.owner); err != nil {
			return err
		}
	}
	return f.disk.syncDir(folder)
}

// pruneGenerations removes all but the two generations that may be needed.
func (f *Folder) pruneGenerations(s state) error {
	entries, err := fs.ReadDir(os.DirFS(f.dir), f.statePath("generations"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, entry := range entries {
		number, err := strconv.Atoi(entry.Name())
		if err != nil || number == s.Live || number == s.Previous || slices.Contains(s.Unseen, number) {
			continue
		}
		if err := f.disk.removeTree(f.statePath("generations", entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

func (f *Folder) writeJSON(path string, value any) error {
	content, err := json.MarshalIndent(value, "", "\t")
	if err != nil {
		return err
	}
	return f.disk.replace(path, append(content, '\n'), modePrivate, f.owner)
}

// readJSON fills value from path, and leaves it alone when there is no file.
func (f *Folder) readJSON(path string, value any) error {
	content, err := f.disk.read(path)
	if err != nil || content == nil {
		return err
	}
	if err := json.Unmarshal(content, value); err != nil {
		return fmt.Errorf("%s is damaged; remove it and apply again: %w", path, err)
	}
	return nil
}
