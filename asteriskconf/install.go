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

// Installation is the plan or the result of [ConfigDir.Install].
type Installation struct {
	// Files are the files of this module and how Asterisk includes them.
	Files []InstalledFile `json:"files"`
	// Issues prevent the files from working. Install fixes only those it is
	// asked to.
	Issues []Issue `json:"issues"`
}

// InstalledFile describes how Asterisk includes one file of this module.
type InstalledFile struct {
	Name string `json:"name"`
	// Path is the path of the file, relative to the configuration folder.
	Path string `json:"path"`
	// IncludedBy is the existing line that includes the file, such as
	// "manager.conf:5".
	IncludedBy string `json:"included_by,omitempty"`
	// IncludeLine is the line to add at the end of Parent; empty if the file is
	// included already.
	IncludeLine string `json:"include_line,omitempty"`
	Parent      string `json:"parent"`
	// Created reports whether the file does not exist and is created empty.
	Created bool `json:"created"`
}

// Issue is a problem in a file of another owner that prevents ours from
// working.
type Issue struct {
	// Code is a short, stable identifier. Install takes it to fix the issue.
	Code string `json:"code"`
	File string `json:"file"`
	// Line is 0 if a line is missing rather than wrong.
	Line int `json:"line"`
	// Message is one sentence: the problem and the effect of the fix.
	Message string `json:"message"`
	// Blocking means that a reload would harm Asterisk or lock this program out
	// of it. An apply to a running Asterisk fails until the issue is fixed.
	Blocking bool `json:"blocking"`
	// Fix is the edit that fixes the issue; nil if it needs a person.
	Fix *Fix `json:"fix,omitempty"`
	// parent is the file whose tree has the issue.
	parent string
}

// Empty reports whether there is nothing to install. It ignores issues.
func (i *Installation) Empty() bool {
	return !slices.ContainsFunc(i.Files, func(file InstalledFile) bool { return file.IncludeLine != "" || file.Created })
}

// PlanInstall returns what [ConfigDir.Install] would do without doing it. It
// returns the same errors.
func (d *ConfigDir) PlanInstall(ctx context.Context, fixes ...string) (*Installation, error) {
	s, err := d.readState()
	if err != nil {
		return nil, err
	}
	plan := &Installation{Files: []InstalledFile{}, Issues: []Issue{}}
	for _, source := range d.sources {
		file := source.File()
		tree, err := d.parseParent(file)
		if err != nil {
			return nil, err
		}
		planned := d.planInstallFile(tree, file)
		plan.Files = append(plan.Files, planned)
		change, err := d.unchanged(s, file, planned.Path)
		if err != nil {
			return nil, err
		}
		plan.Issues = append(plan.Issues, d.inspect(ctx, source, tree, change)...)
	}
	return plan, checkFixCodes(plan, fixes)
}

// inspect returns the issues that a source detects.
func (d *ConfigDir) inspect(ctx context.Context, source Source, tree *dialect.Tree, change *Change) []Issue {
	inspector, ok := source.(Inspector)
	if !ok {
		return nil
	}
	issues := inspector.Inspect(ctx, &Inspection{Dir: d.dir, Tree: tree, Change: change, Command: d.command})
	for i := range issues {
		issues[i].parent = change.File.Parent
	}
	return issues
}

// parseParent reads the file that includes, or will include, a file of this
// module.
func (d *ConfigDir) parseParent(file File) (*dialect.Tree, error) {
	if _, err := d.statResolved(file.Parent); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("not the configuration folder of an Asterisk: %w", err)
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
		// With #tryinclude a missing file costs its own sections, not the whole
		// of Parent.
		planned.IncludeLine = "#tryinclude " + file.Name
	}
	planned.Created = d.disk.notExist(planned.Path)
	return planned
}

// Install makes Asterisk include the files of this module. It uses an existing
// include, and otherwise adds one line at the end of the parent. It fixes an
// issue only if fixes contains its code. It saves a backup of each file that it
// edits. It reloads nothing; the next apply does.
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
	// Fix from the last line up, so that no fix moves the line of another.
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

// String returns "file:line: message".
func (i Issue) String() string {
	if i.Line == 0 {
		return i.File + ": " + i.Message
	}
	return fmt.Sprintf("%s:%d: %s", i.File, i.Line, i.Message)
}

func checkFixCodes(plan *Installation, fixes []string) error {
	for _, code := range fixes {
		known := slices.ContainsFunc(plan.Issues, func(issue Issue) bool { return issue.Code == code && issue.Fix != nil })
		if !known {
			return store.NewInvalidError(store.FieldError{
				Field: "fix", Code: store.CodeUnknown, Message: "no fixable issue with this code; see the list of issues",
			})
		}
	}
	return nil
}

// installFile creates the file and adds the include line to its parent.
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
