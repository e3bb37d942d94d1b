package memstore

import (
	"cmp"
	"context"
	"slices"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func (t *team) group(name string) (*userman.Group, error) {
	return cloneRecord(&t.groups, userman.FoldGroupName(name), userman.KindGroup, (*userman.Group).Clone)
}

// groupNames returns the stored names of groups, without duplicates.
func (t *team) groupNames(names []string) ([]string, error) {
	resolved := make([]string, 0, len(names))
	for _, name := range names {
		g, ok := t.groups.get(userman.FoldGroupName(name))
		if !ok {
			return nil, &store.NotFoundError{Kind: userman.KindGroup}
		}
		if !slices.Contains(resolved, g.Name) {
			resolved = append(resolved, g.Name)
		}
	}
	return resolved, nil
}

// putGroup puts g and sets a new revision of the groups.
func (m userStore) putGroup(t *team, g *userman.Group) {
	stored := g.Clone()
	stored.Members = 0
	truncateTimes(&stored.CreatedAt, &stored.UpdatedAt)
	t.groups.put(userman.FoldGroupName(g.Name), stored)
	t.revision = m.revisions.Add(1)
}

// CreateGroup implements [userman.Store].
func (m userStore) CreateGroup(ctx context.Context, g *userman.Group) error {
	return m.writeTeam(ctx, func(t *team) error {
		if _, found := t.groups.get(userman.FoldGroupName(g.Name)); found {
			return &store.AlreadyExistsError{Kind: userman.KindGroup, Field: "name"}
		}
		m.putGroup(t, g)
		return nil
	})
}

// Group implements [userman.Store].
func (m userStore) Group(ctx context.Context, name string) (g *userman.Group, err error) {
	err = m.readTeam(ctx, func(t *team) (err error) {
		g, err = t.group(name)
		return err
	})
	return g, err
}

// UpdateGroup implements [userman.Store].
func (m userStore) UpdateGroup(ctx context.Context, name string, edit func(*userman.Group) error) error {
	var stored string
	read := func(t *team) (*userman.Group, error) {
		g, err := t.group(name)
		if err == nil {
			stored = g.Name
		}
		return g, err
	}
	return updateRecord(ctx, m.teamStore, read, edit, func(t *team, g *userman.Group) error {
		g.Name = stored
		m.putGroup(t, g)
		return nil
	})
}

// DeleteGroup implements [userman.Store].
func (m userStore) DeleteGroup(ctx context.Context, name string) error {
	return m.writeTeam(ctx, func(t *team) error {
		g, err := t.group(name)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(t.users.rows, func(r row[*userman.User]) bool { return slices.Contains(r.value.Groups, g.Name) }) {
			return &store.ConflictError{Reason: "this group has members; remove them first"}
		}
		t.groups.remove(userman.FoldGroupName(name))
		t.revision = m.revisions.Add(1)
		return nil
	})
}

// ListGroups implements [userman.Store].
func (m userStore) ListGroups(ctx context.Context) (groups []*userman.Group, revision int64, err error) {
	groups = []*userman.Group{}
	err = m.readTeam(ctx, func(t *team) error {
		for _, row := range t.groups.rows { // sorted by folded name
			groups = append(groups, row.value.Clone())
		}
		revision = t.revision
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	slices.SortStableFunc(groups, func(a, b *userman.Group) int { return cmp.Compare(a.Priority, b.Priority) })
	return groups, revision, nil
}

// GroupsRevision implements [userman.Store].
func (m userStore) GroupsRevision(ctx context.Context) (revision int64, err error) {
	err = m.readTeam(ctx, func(t *team) error {
		revision = t.revision
		return nil
	})
	return revision, err
}

// CountMembers implements [userman.Store].
func (m userStore) CountMembers(ctx context.Context) (map[string]int, error) {
	members := map[string]int{}
	err := m.readTeam(ctx, func(t *team) error {
		for _, row := range t.users.rows {
			if !row.value.DeletedAt.IsZero() {
				continue
			}
			for _, name := range row.value.Groups {
				members[name]++
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return members, nil
}
