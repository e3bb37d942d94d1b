package dirsync

import (
	"fmt"
	"slices"

	"github.com/pbxusers/pbxusers/internal/username"
)

// Groups maps the groups of a directory to the groups of the product. A nil Groups
// is for a directory without groups.
type Groups struct {
	directory string
	limit     int
	normalize func(name string) (normalized, problem string)
	// owners are the directories of the existing groups, and names their names,
	// by folded name.
	owners map[string]string
	names  map[string]string
	// planned are the names of groups to create, by folded name.
	planned map[string]string
	// reported are the folded names with a reported problem.
	reported map[string]bool
	problems []Problem
}

// Group is an existing group.
type Group struct {
	Name string
	// Directory is the directory that manages the group, or "".
	Directory string
}

// NewGroups returns the groups of a directory. limit is the maximum number of groups.
// normalize returns a name in stored form, or the problem of an invalid one.
func NewGroups(directory string, existing []Group, limit int, normalize func(name string) (normalized, problem string)) *Groups {
	g := &Groups{
		directory: directory, limit: limit, normalize: normalize,
		owners: map[string]string{}, names: map[string]string{}, planned: map[string]string{}, reported: map[string]bool{},
	}
	for _, group := range existing {
		folded := username.Fold(group.Name)
		g.owners[folded], g.names[folded] = group.Directory, group.Name
	}
	return g
}

// Problems returns the problems of the names that were resolved.
func (g *Groups) Problems() []Problem {
	if g == nil {
		return nil
	}
	return g.problems
}

// Resolve returns the groups of the directory with these names, sorted. It plans to
// create missing groups. It omits unusable names and reports each once.
func (g *Groups) Resolve(names []string) []string {
	if g == nil {
		return nil
	}
	resolved := make([]string, 0, len(names))
	for _, name := range names {
		if name, problem := g.resolveName(name); problem == "" {
			resolved = append(resolved, name)
		} else if folded := username.Fold(name); !g.reported[folded] && len(g.reported) < g.limit {
			g.reported[folded] = true
			g.problems = append(g.problems, Problem{Message: problem})
		}
	}
	return sortedUnique(resolved)
}

// resolveName returns the name of a group of the directory, or its problem.
func (g *Groups) resolveName(name string) (resolved, problem string) {
	name, problem = g.normalize(name)
	if problem != "" {
		return "", problem
	}
	folded := username.Fold(name)
	if owner, exists := g.owners[folded]; exists {
		if owner == g.directory {
			return g.names[folded], ""
		}
		return name, "the group " + name + " is not managed by this directory; its members were not added, rename one of the two groups"
	}
	if pending, planned := g.planned[folded]; planned {
		return pending, ""
	}
	if len(g.owners)+len(g.planned) >= g.limit {
		return name, fmt.Sprintf("the group %s was not created: at most %d groups", name, g.limit)
	}
	g.planned[folded] = name
	return name, ""
}

// Merge returns the groups of a user after the sync: the unmanaged ones, and managed.
func (g *Groups) Merge(present, managed []string) []string {
	if g == nil {
		return present
	}
	return sortedUnique(append(g.Unmanaged(present), managed...))
}

// Unmanaged returns the groups that the directory does not manage.
func (g *Groups) Unmanaged(names []string) []string {
	if g == nil {
		return names
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return g.owners[username.Fold(name)] == g.directory })
}

// ToCreate returns the names of the groups that these steps need and that do not
// exist, sorted.
func (g *Groups) ToCreate(steps []*Step) []string {
	names := []string{}
	if g == nil {
		return names
	}
	for _, step := range steps {
		for _, name := range step.Groups {
			if _, ok := g.planned[username.Fold(name)]; ok {
				names = append(names, name)
			}
		}
	}
	return sortedUnique(names)
}

func sortedUnique(names []string) []string {
	names = append([]string{}, names...)
	slices.Sort(names)
	return slices.Compact(names)
}
