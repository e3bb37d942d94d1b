package userman

import (
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/pbxusers/pbxusers/internal/validate"
)

// syncGroups are the groups that there are, and those that a sync needs; nil
// when the directory does not tell groups.
type syncGroups struct {
	// owners are the directories of the groups that there are, and names
	// what they are called, by the folded name.
	owners map[string]string
	names  groupNames
	// planned are the names of groups that are to be made, by the folded name.
	planned map[string]string
	// reported are the folded names that a problem was told of.
	reported  map[string]bool
	directory string
}

// readGroups reads the groups when the directory tells who is in which.
func (p *syncPlan) readGroups(ctx context.Context) error {
	if !p.directory.Capabilities().Groups {
		return nil
	}
	groups, _, err := p.service.store.ListGroups(ctx)
	if err != nil {
		return err
	}
	p.groups = newSyncGroups(p.name, groups)
	return nil
}

func newSyncGroups(directory string, groups []*Group) *syncGroups {
	g := &syncGroups{owners: map[string]string{}, names: newGroupNames(groups), planned: map[string]string{}, reported: map[string]bool{}, directory: directory}
	for _, group := range groups {
		g.owners[FoldGroupName(group.Name)] = group.Directory
	}
	return g
}

// resolve returns the names of the groups of the directory that are meant,
// sorted. What cannot be used is told once and left out.
func (g *syncGroups) resolve(p *syncPlan, names []string) []string {
	resolved := make([]string, 0, len(names))
	for _, name := range names {
		if name, problem := g.resolveName(name); problem == "" {
			resolved = append(resolved, name)
		} else if folded := FoldGroupName(name); !g.reported[folded] && len(g.reported) < MaxGroups {
			g.reported[folded] = true
			p.addProblem("", "", problem)
		}
	}
	return sortedUnique(resolved)
}

// resolveName returns what a group of the directory is called, or why it cannot be
// used.
func (g *syncGroups) resolveName(name string) (resolved, problem string) {
	name = normalizeText(name)
	if name == "" || len(name) > maxText || utf8.RuneCountInString(name) > MaxGroupNameLength || !validate.PlainLine().Valid(name) {
		return "", fmt.Sprintf("a group of the directory has a name that cannot be used here, which takes 1 to %d characters of one line; its members are not in it here", MaxGroupNameLength)
	}
	folded := FoldGroupName(name)
	if owner, exists := g.owners[folded]; exists {
		if owner == g.directory {
			return g.names[folded], ""
		}
		return name, "the group " + name + " is not one of this directory but kept here, or of another; its members there are not put into it, rename one of the two"
	}
	if pending, planned := g.planned[folded]; planned {
		return pending, ""
	}
	if len(g.owners)+len(g.planned) >= MaxGroups {
		return name, fmt.Sprintf("there is no room for the group %s: there may be %d groups; its members are not in it here", name, MaxGroups)
	}
	g.planned[folded] = name
	return name, ""
}

// merge returns the groups of a person: those of the directory as it says, and
// others as they are.
func (g *syncGroups) merge(before *User, desired *desiredUser) []string {
	if g == nil {
		return before.Groups
	}
	return sortedUnique(append(g.unmanaged(before), desired.groups...))
}

// unmanaged returns the groups of a person that do not follow the directory.
func (g *syncGroups) unmanaged(u *User) []string {
	if g == nil {
		return u.Groups
	}
	return slices.DeleteFunc(slices.Clone(u.Groups), func(name string) bool { return g.owners[FoldGroupName(name)] == g.directory })
}

// requiredBy returns the names of the groups that are to be made for these steps,
// sorted.
func (g *syncGroups) requiredBy(steps []*syncStep) []string {
	names := []string{}
	if g == nil {
		return names
	}
	for _, step := range steps {
		if step.desired == nil {
			continue
		}
		for _, name := range step.desired.groups {
			if _, ok := g.planned[FoldGroupName(name)]; ok {
				names = append(names, name)
			}
		}
	}
	return sortedUnique(names)
}
