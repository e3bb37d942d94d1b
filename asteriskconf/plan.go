package asteriskconf

import (
	"context"
	"fmt"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// Plan is what an apply would change. It holds no secret.
type Plan struct {
	// Files that would be written, reloaded or verified, in that order.
	Files []FilePlan `json:"files"`
}

// FilePlan is what an apply would change in one file.
type FilePlan struct {
	Name   string `json:"name"`
	Path   string `json:"path"`
	Module string `json:"module"`
	// Sections that differ from what is on disk.
	Sections []SectionPlan `json:"sections"`
	// EditedByHand says that a person changed the file on disk; that copy
	// would be set aside.
	EditedByHand bool `json:"edited_by_hand"`
	// Unverified says that the file was put in place without an Asterisk to
	// ask; an apply would reload and verify it.
	Unverified bool `json:"unverified"`
}

// SectionPlan is one section that would be added, altered or removed.
type SectionPlan struct {
	Name string `json:"name"`
	// Act is "add", "alter" or "remove".
	Act   string     `json:"act"`
	Lines []LinePlan `json:"lines"`
}

// LinePlan is one line that would come ("+") or go ("-").
type LinePlan struct {
	Sign string `json:"sign"`
	Key  string `json:"key"`
	// Value is masked for secrets.
	Value string `json:"value"`
}

// Empty reports whether an apply would do nothing.
func (p *Plan) Empty() bool { return len(p.Files) == 0 }

// String draws the plan for a terminal.
func (p *Plan) String() string {
	if p.Empty() {
		return "Nothing to apply: Asterisk serves what the records hold.\n"
	}
	var b strings.Builder
	for _, file := range p.Files {
		fmt.Fprintf(&b, "%s (reload %s)\n", file.Path, file.Module)
		if file.EditedByHand {
			b.WriteString("  ! edited by hand since the last apply; that copy would be set aside\n")
		}
		if file.Unverified {
			b.WriteString("  ! not seen live yet; it would be reloaded and verified\n")
		}
		for _, section := range file.Sections {
			fmt.Fprintf(&b, "  %s [%s]\n", sectionSign(section.Act), section.Name)
			for _, line := range section.Lines {
				fmt.Fprintf(&b, "    %s %s = %s\n", line.Sign, line.Key, line.Value)
			}
		}
	}
	return b.String()
}

func sectionSign(act string) string {
	return map[string]string{"add": "+", "alter": "~", "remove": "-"}[act]
}

// Plan returns what [Folder.Apply] would change, without changing anything.
// It refuses what Apply would refuse before it begins, except what only
// Asterisk can tell.
func (f *Folder) Plan(ctx context.Context) (*Plan, error) {
	s, err := f.readState()
	if err != nil {
		return nil, err
	}
	if err := f.refuseOrigin(s); err != nil {
		return nil, err
	}
	target, err := f.target(ctx, s)
	if err != nil {
		return nil, err
	}
	files, err := f.stageAll(ctx, s, target)
	if err != nil {
		return nil, err
	}
	if err := f.checkTrees(files); err != nil {
		return nil, err
	}
	plan := &Plan{Files: []FilePlan{}}
	for _, file := range files {
		if settled(s, []*stagedFile{file}) {
			continue
		}
		plan.Files = append(plan.Files, FilePlan{
			Name: file.File.Name, Path: file.Path, Module: file.File.Module,
			Sections:     planSections(file),
			EditedByHand: file.edited(),
			Unverified:   !file.written(),
		})
	}
	return plan, nil
}

func planSections(file *stagedFile) []SectionPlan {
	mask := maskFor(file)
	plans := make([]SectionPlan, len(file.Sections))
	for i, change := range file.Sections {
		plans[i] = SectionPlan{Name: change.Name, Act: "alter", Lines: planLines(mask, change)}
		switch {
		case change.Before == nil:
			plans[i].Act = "add"
		case change.After == nil:
			plans[i].Act = "remove"
		}
	}
	return plans
}

// planLines lists the lines that go and then those that come. Lines that only
// change places are listed as both, since order can carry meaning.
func planLines(mask func(key string) bool, change SectionChange) []LinePlan {
	var before, after []Line
	if change.Before != nil {
		before = change.Before.Lines
	}
	if change.After != nil {
		after = change.After.Lines
	}
	gone, come := without(before, after), without(after, before)
	if len(gone)+len(come) == 0 {
		gone, come = before, after
	}
	lines := make([]LinePlan, 0, len(gone)+len(come))
	for _, l := range gone {
		lines = append(lines, planLine(mask, "-", l))
	}
	for _, l := range come {
		lines = append(lines, planLine(mask, "+", l))
	}
	return lines
}

// without returns the lines of a that b does not hold, counting repeats.
func without(a, b []Line) []Line {
	count := make(map[Line]int, len(b))
	for _, l := range b {
		count[l]++
	}
	var rest []Line
	for _, l := range a {
		if count[l] > 0 {
			count[l]--
			continue
		}
		rest = append(rest, l)
	}
	return rest
}

func planLine(mask func(key string) bool, sign string, l Line) LinePlan {
	value := l.Value
	if mask(l.Key) {
		value = store.NewSecret(value).String()
	}
	return LinePlan{Sign: sign, Key: l.Key, Value: value}
}

// maskFor says which values are not shown: those of secrets, and those of keys
// that we never wrote. A person who edited the file may have misspelt "secret".
func maskFor(file *stagedFile) func(key string) bool {
	written := make(map[string]bool)
	for _, sections := range [][]Section{file.After, file.Live} {
		for _, s := range sections {
			for _, l := range s.Lines {
				written[foldName(l.Key)] = true
			}
		}
	}
	for _, secret := range file.File.SecretKeys {
		delete(written, foldName(secret))
	}
	return func(key string) bool { return !written[foldName(key)] }
}
