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
	// fresh are the names of groups that are to be made, by the folded name.
	fresh map[string]string
	// unusable are the folded names that a problem was told of.
	unusable map[string]bool
	own      string
}

// readGroups reads the groups when the directory tells who is in which.
func (p *syncPlan) readGroups(ctx context.Context) error {
	if !p.directory.Abilities().Groups {
		return nil
	}
	groups, _, err := p.service.store.ListGroups(ctx)
	if err != nil {
		return err
	}
	p.groups = newSyncGroups(p.name, groups)
	return nil
}

func newSyncGroups(own string, groups []*Group) *syncGroups {
	g := &syncGroups{owners: map[string]string{}, names: namesOf(groups), fresh: map[string]string{}, unusable: map[string]bool{}, own: own}
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
		if name, problem := g.find(name); problem == "" {
			resolved = append(resolved, name)
		} else if folded := FoldGroupName(name); !g.unusable[folded] && len(g.unusable) < MaxGroups {
			g.unusable[folded] = true
			p.problem("", "", problem)
		}
	}
	return set(resolved)
}

// find returns what a group of the directory is called, or why it cannot be
// used.
func (g *syncGroups) find(name string) (known, problem string) {
	name = plain(name)
	if name == "" || len(name) > maxText || utf8.RuneCountInString(name) > MaxGroupNameLength || !validate.PlainLine().Holds(name) {
		return "", fmt.Sprintf("a group of the directory has a name that cannot be used here, which takes 1 to %d characters of one line; its members are not in it here", MaxGroupNameLength)
	}
	folded := FoldGroupName(name)
	if owner, there := g.owners[folded]; there {
		if owner == g.own {
			return g.names[folded], ""
		}
		return name, "the group " + name + " is not one of this directory but kept here, or of another; its members there are not put into it, rename one of the two"
	}
	if fresh, planned := g.fresh[folded]; planned {
		return fresh, ""
	}
	if len(g.owners)+len(g.fresh) >= MaxGroups {
		return name, fmt.Sprintf("there is no room for the group %s: there may be %d groups; its members are not in it here", name, MaxGroups)
	}
	g.fresh[folded] = name
	return name, ""
}

// after returns the groups of a person: those of the directory as it says, and
// others as they are.
func (g *syncGroups) after(before *User, word *syncWord) []string {
	if g == nil {
		return before.Groups
	}
	return set(append(g.others(before), word.groups...))
}

// others returns the groups of a person that do not follow the directory.
func (g *syncGroups) others(u *User) []string {
	if g == nil {
		return u.Groups
	}
	return slices.DeleteFunc(slices.Clone(u.Groups), func(name string) bool { return g.owners[FoldGroupName(name)] == g.own })
}

// needed returns the names of the groups that are to be made for these steps,
// sorted.
func (g *syncGroups) needed(steps []*syncStep) []string {
	needed := []string{}
	if g == nil {
		return needed
	}
	for _, step := range steps {
		if step.word == nil {
			continue
		}
		for _, name := range step.word.groups {
			if _, fresh := g.fresh[FoldGroupName(name)]; fresh {
				needed = append(needed, name)
			}
		}
	}
	return set(needed)
}
