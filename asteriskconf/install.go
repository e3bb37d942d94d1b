package asteriskconf

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// Installation is what [Folder.Install] would do, or did.
type Installation struct {
	// Files are the files of ours and how Asterisk comes to read them.
	Files []InstalledFile `json:"files"`
	// Obstacles are what else keeps them from working. Install leaves them
	// alone unless it is told to mend them.
	Obstacles []Obstacle `json:"obstacles"`
}

// InstalledFile says how Asterisk comes to read one file of ours.
type InstalledFile struct {
	Name string `json:"name"`
	// Path is where it stands, relative to the configuration folder.
	Path string `json:"path"`
	// IncludedBy is the line that includes it, such as "manager.conf:5",
	// when there is one already.
	IncludedBy string `json:"included_by,omitempty"`
	// Adds is the line to be added at the end of Parent, when there is none.
	Adds   string `json:"adds,omitempty"`
	Parent string `json:"parent"`
	// Creates says that the file itself is to be made, empty.
	Creates bool `json:"creates"`
}

// Obstacle is something in a file that others own and that keeps ours from
// working.
type Obstacle struct {
	// Code is a short, stable word, by which Install is told to mend it.
	Code string `json:"code"`
	File string `json:"file"`
	// Line is 0 when a line is missing rather than wrong.
	Line int `json:"line"`
	// Message is one sentence: what is in the way, and what mending does.
	Message string `json:"message"`
	// Blocks says that a reload would harm Asterisk, or lock us out of it: an
	// apply to a running one is refused until it is mended.
	Blocks bool `json:"blocks"`
	// Mend is how to mend it; nil when only a person can.
	Mend *Mend `json:"mend,omitempty"`
	// parent is the file whose tree it was found in.
	parent string
}

// Empty reports whether there is nothing to do, obstacles aside.
func (i *Installation) Empty() bool {
	return !slices.ContainsFunc(i.Files, func(file InstalledFile) bool { return file.Adds != "" || file.Creates })
}

// PlanInstall returns what [Folder.Install] would do, without doing it, and
// refuses what it would refuse.
func (f *Folder) PlanInstall(_ context.Context, mend ...string) (*Installation, error) {
	plan := &Installation{Files: []InstalledFile{}, Obstacles: []Obstacle{}}
	for _, source := range f.sources {
		file := source.File()
		tree, err := f.parentTree(file)
		if err != nil {
			return nil, err
		}
		plan.Files = append(plan.Files, f.planFile(tree, file))
		if inspector, ok := source.(Inspector); ok {
			for _, obstacle := range inspector.Inspect(tree) {
				obstacle.parent = file.Parent
				plan.Obstacles = append(plan.Obstacles, obstacle)
			}
		}
	}
	return plan, refuseUnknownMends(plan, mend)
}

// parentTree reads the file that includes, or shall include, one of ours.
func (f *Folder) parentTree(file File) (*Tree, error) {
	if _, err := f.infoOf(file.Parent); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("this does not look like the configuration folder of an Asterisk: %w", err)
	} else if err != nil {
		return nil, err
	}
	tree, err := ParseFile(f.dir, file.Parent, nil)
	if err != nil {
		return nil, err
	}
	return tree, brokenFile(tree)
}

func (f *Folder) planFile(tree *Tree, file File) InstalledFile {
	planned := InstalledFile{Name: file.Name, Path: file.Name, Parent: file.Parent}
	if path, by, ok := f.included(tree, file); ok {
		planned.Path = path
		planned.IncludedBy = fmt.Sprintf("%s:%d", by.File, by.Line)
	} else {
		// A missing file then costs its accounts, not the whole of Parent.
		planned.Adds = "#tryinclude " + file.Name
	}
	planned.Creates = f.disk.missing(planned.Path)
	return planned
}

// Install has Asterisk read our files: it uses an include that is there
// already, and otherwise adds one line to the end of the parent. Obstacles
// are mended only when their code is among mend. Files that are changed are
// copied aside first. It reloads nothing: the next apply does.
func (f *Folder) Install(ctx context.Context, mend ...string) (*Installation, error) {
	unlock, err := f.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	plan, err := f.PlanInstall(ctx, mend...)
	if err != nil {
		return nil, err
	}
	// From the last line up, so that no mend moves the line of another.
	obstacles := slices.SortedFunc(slices.Values(plan.Obstacles), func(a, b Obstacle) int { return b.Line - a.Line })
	for _, obstacle := range obstacles {
		if obstacle.Mend == nil || !slices.Contains(mend, obstacle.Code) {
			continue
		}
		if err := f.edit(obstacle.parent, obstacle.File, obstacle.Mend.apply); err != nil {
			return nil, err
		}
	}
	for _, file := range plan.Files {
		if err := f.installFile(file); err != nil {
			return nil, err
		}
	}
	return plan, nil
}

func refuseUnknownMends(plan *Installation, mend []string) error {
	for _, code := range mend {
		known := slices.ContainsFunc(plan.Obstacles, func(o Obstacle) bool { return o.Code == code && o.Mend != nil })
		if !known {
			return store.Invalid(store.FieldError{
				Field: "mend", Code: "unknown", Message: "there is nothing of that name to mend; look at the obstacles that are listed",
			})
		}
	}
	return nil
}

// installFile makes the file and has its parent include it.
func (f *Folder) installFile(file InstalledFile) error {
	if file.Creates {
		info, err := f.infoOf(file.Parent)
		if err != nil {
			return err
		}
		if err := f.disk.replace(file.Path, withBanner(nil), modeConf, ownerOf(info)); err != nil {
			return err
		}
	}
	if file.Adds == "" {
		return nil
	}
	return f.edit(file.Parent, file.Parent, func(content []byte) []byte { return withLine(content, file.Adds) })
}
