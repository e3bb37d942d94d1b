package asteriskconf

// phase says how far an apply has come, and so which way a recovery goes.
type phase string

const (
	// prepared: all is ready, some files may be renamed. Recovery goes back.
	prepared phase = "prepared"
	// renamed: every file is the new one. Recovery goes forward, and back
	// only when Asterisk does not take it.
	renamed phase = "renamed"
	// undoing: Asterisk did not take it. Recovery goes on going back.
	undoing phase = "undoing"
)

// journal is the note of an apply at work. It exists exactly as long as the
// files, or what Asterisk serves, may be neither the old nor the new
// generation, whole and verified.
type journal struct {
	Phase      phase         `json:"phase"`
	Generation int           `json:"generation"`
	Files      []journalFile `json:"files"`
}

// journalFile is one file of the generation. What it held before stands under
// undo/ unless it did not exist.
type journalFile struct {
	Name    string `json:"name"`
	Path    string `json:"path"`
	Existed bool   `json:"existed"`
}

func (f *Folder) journalPath() string { return f.statePath("journal.json") }

// readJournal returns the journal, or nil when no apply was cut short.
func (f *Folder) readJournal() (*journal, error) {
	var j journal
	if err := f.readJSON(f.journalPath(), &j); err != nil {
		return nil, err
	}
	if j.Phase == "" {
		return nil, nil
	}
	return &j, nil
}

func (f *Folder) writeJournal(j *journal) error { return f.writeJSON(f.journalPath(), j) }

// openJournal saves what the files hold now, and then notes that they are
// about to change.
func (f *Folder) openJournal(generation int, files []*stagedFile) (*journal, error) {
	j := &journal{Phase: prepared, Generation: generation}
	if err := f.disk.mkdir(f.statePath("undo"), f.owner); err != nil {
		return nil, err
	}
	for _, file := range files {
		j.Files = append(j.Files, journalFile{Name: file.File.Name, Path: file.Path, Existed: file.prior != nil})
		if file.prior == nil {
			continue
		}
		if err := f.disk.create(f.statePath("undo", file.File.Name), file.prior, modePrivate, f.owner); err != nil {
			return nil, err
		}
	}
	if err := f.disk.syncDir(f.statePath("undo")); err != nil {
		return nil, err
	}
	return j, f.writeJournal(j)
}

// closeJournal ends the apply: from here on the state file tells all.
func (f *Folder) closeJournal() error {
	if err := f.disk.remove(f.journalPath()); err != nil {
		return err
	}
	if err := f.disk.syncDir(f.statePath()); err != nil {
		return err
	}
	return f.disk.removeTree(f.statePath("undo"))
}

// dropCandidates removes what an apply left that never came to its renames.
func (f *Folder) dropCandidates(files []*stagedFile) error {
	for _, file := range files {
		if err := f.disk.remove(candidatePath(file.Path)); err != nil {
			return err
		}
	}
	return nil
}
