package asteriskconf

// rollbackDir is the folder of previous file contents in the state folder.
const rollbackDir = "rollback"

// phase is the progress of an apply. It decides the direction of a recovery.
type phase string

const (
	// In phasePrepared some files may be renamed. Recovery rolls back.
	phasePrepared phase = "prepared"
	// In phaseRenamed every file is new. Recovery goes forward, and rolls back
	// only if Asterisk rejects the files.
	phaseRenamed phase = "renamed"
	// In phaseReverting Asterisk rejected the files. Recovery continues the
	// rollback.
	phaseReverting phase = "reverting"
)

// journal describes a running apply. It exists as long as the files, or what
// Asterisk serves, may be neither the whole old nor the whole new generation.
type journal struct {
	Phase      phase         `json:"phase"`
	Generation int           `json:"generation"`
	Files      []journalFile `json:"files"`
}

// journalFile is one file of the generation. The folder rollback holds its
// previous content if it existed.
type journalFile struct {
	Name    string `json:"name"`
	Path    string `json:"path"`
	Existed bool   `json:"existed"`
}

func (d *ConfigDir) journalPath() string { return d.statePath("journal.json") }

// readJournal returns the journal, or nil if no apply was interrupted.
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

// openJournal saves the current content of the files and then writes the
// journal.
func (d *ConfigDir) openJournal(generation int, files []*stagedFile) (*journal, error) {
	j := &journal{Phase: phasePrepared, Generation: generation}
	if err := d.disk.mkdir(d.statePath(rollbackDir), d.owner); err != nil {
		return nil, err
	}
	for _, file := range files {
		j.Files = append(j.Files, journalFile{Name: file.File.Name, Path: file.Path, Existed: file.prior != nil})
		if file.prior == nil {
			continue
		}
		if err := d.disk.create(d.statePath(rollbackDir, file.File.Name), file.prior, modePrivate, d.owner); err != nil {
			return nil, err
		}
	}
	if err := d.disk.syncDir(d.statePath(rollbackDir)); err != nil {
		return nil, err
	}
	return j, d.writeJournal(j)
}

// closeJournal removes the journal. The state file is complete from here on.
func (d *ConfigDir) closeJournal() error {
	if err := d.disk.remove(d.journalPath()); err != nil {
		return err
	}
	if err := d.disk.syncDir(d.statePath()); err != nil {
		return err
	}
	return d.disk.removeAll(d.statePath(rollbackDir))
}

// removeCandidates removes the candidates of an apply that did not rename them.
func (d *ConfigDir) removeCandidates(files []*stagedFile) error {
	for _, file := range files {
		if err := d.disk.remove(candidatePath(file.Path)); err != nil {
			return err
		}
	}
	return nil
}
