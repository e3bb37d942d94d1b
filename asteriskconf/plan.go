package asteriskconf

import (
	"context"
	"fmt"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/store"
)

// Plan lists the changes that an apply would make. It contains no secrets.
type Plan struct {
	// Files are the files to write, reload or verify, in that order.
	Files []FilePlan `json:"files"`
	// Issues are the issues of [Installation], and the issues that the changes cause. With a
	// running Asterisk, a blocking issue stops the apply.
	Issues []Issue `json:"issues"`
}

// FilePlan lists the changes to one file.
type FilePlan struct {
	Name   string `json:"name"`
	Path   string `json:"path"`
	Module string `json:"module"`
	// RecordKind is as in [File].
	RecordKind string `json:"record_kind"`
	// Sections are the sections that differ from the file on disk.
	Sections []SectionPlan `json:"sections"`
	// ManuallyEdited reports whether the file on disk was edited. An apply
	// saves it as a backup.
	ManuallyEdited bool `json:"manually_edited"`
	// Unverified reports whether the file was written without Asterisk. An
	// apply reloads and verifies it.
	Unverified bool `json:"unverified"`
}

// SectionPlan is one section to add, modify or remove.
type SectionPlan struct {
	Name string `json:"name"`
	// Action is "add", "modify" or "remove".
	Action string `json:"action"`
	// Dangers and Summary are as in [Description]; empty if the source of the
	// file is no [Describer].
	Dangers []Danger   `json:"dangers"`
	Summary []string   `json:"summary"`
	Lines   []LinePlan `json:"lines"`
}

// LinePlan is one line to add ("+") or remove ("-").
type LinePlan struct {
	Sign string `json:"sign"`
	Key  string `json:"key"`
	// Value is masked if it may be a secret.
	Value string `json:"value"`
}

// Empty reports whether an apply would change nothing.
func (p *Plan) Empty() bool { return len(p.Files) == 0 }

// String formats the plan for a terminal, with the dangerous changes first.
func (p *Plan) String() string {
	if p.Empty() {
		return nothingToApply + issuesText(p.Issues)
	}
	var b strings.Builder
	b.WriteString(p.dangerText())
	for _, file := range p.Files {
		fmt.Fprintf(&b, "%s (reload %s)\n", file.Path, file.Module)
		if file.ManuallyEdited {
			b.WriteString("  ! manually edited since the last apply; the edited file will be saved as a backup\n")
		}
		if file.Unverified {
			b.WriteString("  ! not verified yet; it will be reloaded and verified\n")
		}
		for _, section := range file.Sections {
			fmt.Fprintf(&b, "  %s [%s]\n", sectionSign(section.Action), section.Name)
			for _, line := range section.Lines {
				fmt.Fprintf(&b, "    %s %s = %s\n", line.Sign, line.Key, line.Value)
			}
		}
	}
	return b.String() + issuesText(p.Issues)
}

// dangerText lists the dangers of all sections.
func (p *Plan) dangerText() string {
	var b strings.Builder
	for _, file := range p.Files {
		for _, section := range file.Sections {
			for _, danger := range section.Dangers {
				fmt.Fprintf(&b, "DANGER %s: %s\n", section.Name, danger.Message)
			}
		}
	}
	return b.String()
}

func sectionSign(action string) string {
	return map[string]string{"add": "+", "modify": "~", "remove": "-"}[action]
}

// Plan returns what [ConfigDir.Apply] would change, without changing anything.
// It returns the errors of Apply that need no Asterisk.
func (d *ConfigDir) Plan(ctx context.Context) (*Plan, error) {
	s, err := d.readState()
	if err != nil {
		return nil, err
	}
	if err := d.checkDatabaseID(s); err != nil {
		return nil, err
	}
	target, err := d.target(ctx, s)
	if err != nil {
		return nil, err
	}
	files, err := d.stageAll(ctx, s, target)
	if err != nil {
		return nil, err
	}
	issues, err := d.checkTrees(ctx, files)
	if err != nil {
		return nil, err
	}
	plan := &Plan{Files: []FilePlan{}, Issues: issues}
	for _, file := range files {
		if upToDate(s, []*stagedFile{file}) {
			continue
		}
		plan.Files = append(plan.Files, FilePlan{
			Name: file.File.Name, Path: file.Path, Module: file.File.Module, RecordKind: file.File.RecordKind,
			Sections:       planSections(file),
			ManuallyEdited: file.manuallyEdited(),
			Unverified:     !file.needsWrite(),
		})
	}
	return plan, nil
}

func planSections(file *stagedFile) []SectionPlan {
	mask := secretMask(file)
	plans := make([]SectionPlan, len(file.Sections))
	for i, change := range file.Sections {
		plans[i] = SectionPlan{Name: change.Name, Action: "modify", Dangers: []Danger{}, Summary: []string{}, Lines: planLines(mask, change)}
		switch {
		case change.Before == nil:
			plans[i].Action = "add"
		case change.After == nil:
			plans[i].Action = "remove"
		}
		if describer, ok := file.source.(Describer); ok {
			description := describer.Describe(&change)
			plans[i].Dangers = append(plans[i].Dangers, description.Dangers...)
			plans[i].Summary = append(plans[i].Summary, description.Summary...)
		}
	}
	return plans
}

// planLines lists the removed lines and then the added ones. Lines that only
// move are listed as both, because order can matter.
func planLines(mask func(key string) bool, change SectionChange) []LinePlan {
	var before, after []dialect.Line
	if change.Before != nil {
		before = change.Before.Lines
	}
	if change.After != nil {
		after = change.After.Lines
	}
	removed, added := subtractLines(before, after), subtractLines(after, before)
	if len(removed)+len(added) == 0 {
		removed, added = before, after
	}
	lines := make([]LinePlan, 0, len(removed)+len(added))
	for _, l := range removed {
		lines = append(lines, planLine(mask, "-", l))
	}
	for _, l := range added {
		lines = append(lines, planLine(mask, "+", l))
	}
	return lines
}

// subtractLines returns the lines of a that are not in b, counting repeats.
func subtractLines(a, b []dialect.Line) []dialect.Line {
	count := make(map[dialect.Line]int, len(b))
	for _, l := range b {
		count[l]++
	}
	var diff []dialect.Line
	for _, l := range a {
		if count[l] > 0 {
			count[l]--
			continue
		}
		diff = append(diff, l)
	}
	return diff
}

func planLine(mask func(key string) bool, sign string, l dialect.Line) LinePlan {
	value := l.Value
	if mask(l.Key) {
		value = store.NewSecret(value).String()
	}
	return LinePlan{Sign: sign, Key: l.Key, Value: value}
}

// secretMask returns which keys to mask: those of secrets, and those that this
// module never wrote, such as a misspelled "secret".
func secretMask(file *stagedFile) func(key string) bool {
	written := make(map[string]bool)
	for _, sections := range [][]dialect.Section{file.After, file.Live} {
		for _, s := range sections {
			for _, l := range s.Lines {
				written[dialect.FoldName(l.Key)] = true
			}
		}
	}
	for _, secret := range file.File.SecretKeys {
		delete(written, dialect.FoldName(secret))
	}
	return func(key string) bool { return !written[dialect.FoldName(key)] }
}
