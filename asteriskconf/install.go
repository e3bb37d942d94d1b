package asteriskconf

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/store"
)

// Installation is what [ConfigDir.Install] would do, or did.
type Installation struct {
	// Files are the files of ours and how Asterisk comes to read them.
	Files []InstalledFile `json:"files"`
	// Issues are what else keeps them from working. Install leaves them
	// alone unless it is told to mend them.
	Issues []Issue `json:"obstacles"`
}

// InstalledFile says how Asterisk comes to read one file of ours.
type InstalledFile struct {
	Name string `json:"name"`
	// Path is where it stands, relative to the configuration folder.
	Path string `json:"path"`
	// IncludedBy is the line that includes it, such as "manager.conf:5",
	// when there is one already.
	IncludedBy string `json:"included_by,omitempty"`
	// IncludeLine is the line to be added at the end of Parent, when there is none.
	IncludeLine string `json:"adds,omitempty"`
	Parent      string `json:"parent"`
	// Created says that the file itself is to be made, empty.
	Created bool `json:"creates"`
}

// Issue is something in a file that others own and that keeps ours from
// working.
type Issue struct {
	// Code is a short, stable word, by which Install is told to mend it.
	Code string `json:"code"`
	File string `json:"file"`
	// Line is 0 when a line is missing rather than wrong.
	Line int `json:"line"`
	// Message is one sentence: what is in the way, and what mending does.
	Message string `json:"message"`
	// Blocking says that a reload would harm Asterisk, or lock us out of it: an
	// apply to a running one is refused until it is mended.
	Blocking bool `json:"blocks"`
	// Fix is how to mend it; nil when only a person can.
	Fix *Fix `json:"mend,omitempty"`
	// parent is the file whose tree it was found in.
	parent string
}

// Empty reports whether there is nothing to do, obstacles aside.
func (i *Installation) Empty() bool {
	return !slices.ContainsFunc(i.Files, func(file InstalledFile) bool { return file.IncludeLine != "" || file.Created })
}

// PlanInstall returns what [ConfigDir.Install] would do, without doing it, and
// refuses what it would refuse.
func (d *ConfigDir) PlanInstall(_ context.Context, fixes ...string) (*Installation, error) {
	plan := &Installation{Files: []InstalledFile{}, Issues: []Issue{}}
	for _, source := range d.sources {
		file := source.File()
		tree, err := d.parseParent(file)
		if err != nil {
			return nil, err
		}
		plan.Files = append(plan.Files, d.planInstallFile(tree, file))
		if inspector, ok := source.(Inspector); ok {
			for _, issue := range inspector.Inspect(tree) {
				issue.parent = file.Parent
				plan.Issues = append(plan.Issues, issue)
			}
		}
	}
	return plan, checkFixCodes(plan, fixes)
}

// parseParent reads the file that includes, or shall include, one of ours.
func (d *ConfigDir) parseParent(file File) (*dialect.Tree, error) {
	if _, err := d.statResolved(file.Parent); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("this does not look like the configuration folder of an Asterisk: %w", err)
	} else if err != nil {
		return nil, err
	}
	tree, err := dialect.ParseFile(d.dir, file.Parent, nil)
	if err != nil {
		return nil, err
	}
	return tree, firstSyntaxError(tree)
}

func (d *ConfigDir) planInstallFile(tree *dialect.Tree, file File) InstalledFile {
	planned := InstalledFile{Name: file.Name, Path: file.Name, Parent: file.Parent}
	if path, by, ok := d.findInclude(tree, file); ok {
		planned.Path = path
		planned.IncludedBy = fmt.Sprintf("%s:%d", by.File, by.Line)
	} else {
		// A missing file then costs its accounts, not the whole of Parent.
		planned.IncludeLine = "#tryinclude " + file.Name
	}
	planned.Created = d.disk.notExist(planned.Path)
	return planned
}

// Install has Asterisk read our files: it uses an include that is there
// already, and otherwise adds one line to the end of the parent. Obstacles
// are mended only when their code is among mend. Files that are changed are
// copied aside first. It reloads nothing: the next apply does.
func (d *ConfigDir) Install(ctx context.Context, fixes ...string) (*Installation, error) {
	unlock, err := d.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	plan, err := d.PlanInstall(ctx, fixes...)
	if err != nil {
		return nil, err
	}
	// From the last line up, so that no mend moves the line of another.
	issues := slices.SortedFunc(slices.Values(plan.Issues), func(a, b Issue) int { return b.Line - a.Line })
	for _, issue := range issues {
		if issue.Fix == nil || !slices.Contains(fixes, issue.Code) {
			continue
		}
		if err := d.editFile(issue.parent, issue.File, issue.Fix.apply); err != nil {
			return nil, err
		}
	}
	for _, file := range plan.Files {
		if err := d.installFile(file); err != nil {
			return nil, err
		}
	}
	return plan, nil
}

func checkFixCodes(plan *Installation, fixes []string) error {
	for _, code := range fixes {
		known := slices.ContainsFunc(plan.Issues, func(issue Issue) bool { return issue.Code == code && issue.Fix != nil })
		if !known {
			return store.NewInvalidError(store.FieldError{
				Field: "mend", Code: "unknown", Message: "there is nothing of that name to mend; look at the obstacles that are listed",
			})
		}
	}
	return nil
}

// installFile makes the file and has its parent include it.
func (d *ConfigDir) installFile(file InstalledFile) error {
	if file.Created {
		info, err := d.statResolved(file.Parent)
		if err != nil {
			return err
		}
		if err := d.disk.replace(file.Path, prependBanner(nil), modeConf, ownerOf(info)); err != nil {
			return err
		}
	}
	if file.IncludeLine == "" {
		return nil
	}
	return d.editFile(file.Parent, file.Parent, func(content []byte) []byte { return appendLine(content, file.IncludeLine) })
}
