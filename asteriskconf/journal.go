package asteriskconf

// phase says how far an apply has come, and so which way a recovery goes.
type phase string

const (
	// prepared: all is ready, some files may be renamed. Recovery goes back.
	phasePrepared phase = "prepared"
	// renamed: every file is the new one. Recovery goes forward, and back
	// only when Asterisk does not take it.
	phaseRenamed phase = "renamed"
	// undoing: Asterisk did not take it. Recovery goes on going back.
	phaseReverting phase = "undoing"
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

func (d *ConfigDir) journalPath() string { return d.statePath("journal.json") }

// readJournal returns the journal, or nil when no apply was cut short.
func (d *ConfigDir) readJournal() (*journal, error) {
	var j journal
	if err := d.readJSON(d.journalPath(), &j); err != nil {
		return nil, err
	}
	if j.Phase == "" {
		return nil, nil
	}
	return &j, nil
}

func (d *ConfigDir) writeJournal(j *journal) error { return d.writeJSON(d.journalPath(), j) }

// openJournal saves what the files hold now, and then notes that they are
// about to change.
func (d *ConfigDir) openJournal(generation int, files []*stagedFile) (*journal, error) {
	j := &journal{Phase: phasePrepared, Generation: generation}
	if err := d.disk.mkdir(d.statePath("undo"), d.owner); err != nil {
		return nil, err
	}
	for _, file := range files {
		j.Files = append(j.Files, journalFile{Name: file.File.Name, Path: file.Path, Existed: file.prior != nil})
		if file.prior == nil {
			continue
		}
		if err := d.disk.create(d.statePath("undo", file.File.Name), file.prior, modePrivate, d.owner); err != nil {
			return nil, err
		}
	}
	if err := d.disk.syncDir(d.statePath("undo")); err != nil {
		return nil, err
	}
	return j, d.writeJournal(j)
}

// closeJournal ends the apply: from here on the state file tells all.
func (d *ConfigDir) closeJournal() error {
	if err := d.disk.remove(d.journalPath()); err != nil {
		return err
	}
	if err := d.disk.syncDir(d.statePath()); err != nil {
		return err
	}
	return d.disk.removeAll(d.statePath("undo"))
}

// removeCandidates removes what an apply left that never came to its renames.
func (d *ConfigDir) removeCandidates(files []*stagedFile) error {
	for _, file := range files {
		if err := d.disk.remove(candidatePath(file.Path)); err != nil {
			return err
		}
	}
	return nil
}
