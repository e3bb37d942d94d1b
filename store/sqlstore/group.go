package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func groupNotFound() error { return &store.NotFoundError{Kind: userman.KindGroup} }

func groupTable() table {
	return table{
		name: "pbxusers_groups", keyLen: 2,
		columns: slices.Concat([]string{"team", "folded_name"}, userman.GroupFields().Columns(), []string{
			"permissions", "directory", "created_at", "updated_at",
		}),
	}
}

// encodeGroup returns the values of the columns of groupTable.
func (m userStore) encodeGroup(g *userman.Group) ([]any, error) {
	permissions, err := encodePermissions(g.Permissions)
	return slices.Concat([]any{m.team, userman.FoldGroupName(g.Name)}, userman.GroupFields().Args(g), []any{
		permissions, g.Directory, g.CreatedAt.UnixMicro(), g.UpdatedAt.UnixMicro(),
	}), err
}

// groupDecoder decodes the rows of one query. It scans all rows into the same
// variables.
type groupDecoder struct {
	shared permissionDecoder
	// columns are pointers to the following fields, in the order of groupTable.
	columns                   []any
	group                     userman.Group
	team, folded, permissions string
	times                     micros
}

func newGroupDecoder() *groupDecoder {
	d := &groupDecoder{shared: permissionDecoder{}, times: make(micros, 2)}
	d.columns = slices.Concat([]any{&d.team, &d.folded}, userman.GroupFields().Targets(&d.group), []any{
		&d.permissions, &d.group.Directory,
	}, d.times.columns())
	return d
}

// decode decodes one row of the columns of groupTable.
func (d *groupDecoder) decode(row scanner) (*userman.Group, error) {
	if err := row.Scan(d.columns...); err != nil {
		return nil, err
	}
	g := d.group
	d.times.decode(&g.CreatedAt, &g.UpdatedAt)
	grants, err := d.shared.decode(d.permissions)
	g.Permissions = grants
	return &g, err
}

// CreateGroup implements [userman.Store].
func (m userStore) CreateGroup(ctx context.Context, g *userman.Group) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		values, err := m.encodeGroup(g)
		if err != nil {
			return err
		}
		_, err = q.ExecContext(ctx, groupTable().insert(), values...)
		if err != nil && m.engine.isDuplicate(err) {
			return &store.AlreadyExistsError{Kind: userman.KindGroup, Field: "name"}
		}
		if err != nil {
			return m.wrapError(ctx, "create group", err)
		}
		return m.bumpRevision(ctx, q)
	})
}

// bumpRevision sets a new revision of the groups.
func (m userStore) bumpRevision(ctx context.Context, q querier) error {
	const replace = `INSERT INTO pbxusers_group_revisions (team, revision, seal) VALUES (?, ?, ?)
		ON CONFLICT (team) DO UPDATE SET revision = excluded.revision, seal = excluded.seal`
	revision := 1 + rand.Int64N(1<<62) //nolint:gosec // no secret
	seal := m.keyring.Seal(nil, revisionSealContext(m.team, strconv.FormatInt(revision, 10)))
	_, err := q.ExecContext(ctx, replace, m.team, revision, seal)
	return m.wrapError(ctx, "bump group revision", err)
}

// revisionSealContext is the encryption context of the seal of a revision.
func revisionSealContext(team, revision string) string {
	return "pbxusers_group_revisions/" + team + "/" + revision
}

// Group implements [userman.Store].
func (m userStore) Group(ctx context.Context, name string) (found *userman.Group, err error) {
	err = m.read(ctx, func(ctx context.Context, q querier) error {
		found, err = m.findGroup(ctx, q, name)
		return err
	})
	return found, err
}

func (m userStore) findGroup(ctx context.Context, q querier, name string) (*userman.Group, error) {
	row := q.QueryRowContext(ctx, groupTable().selectAll()+groupTable().where(), m.team, userman.FoldGroupName(name))
	g, err := newGroupDecoder().decode(row)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, groupNotFound()
	}
	if err == nil && userman.FoldGroupName(g.Name) != userman.FoldGroupName(name) {
		m.logModifiedRow(ctx, userman.KindGroup)
		return nil, groupNotFound()
	}
	return g, m.wrapError(ctx, "read group", err)
}

// UpdateGroup implements [userman.Store].
func (m userStore) UpdateGroup(ctx context.Context, name string, change func(*userman.Group) error) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		g, err := m.findGroup(ctx, q, name)
		if err != nil {
			return err
		}
		stored := g.Name
		if err := change(g); err != nil {
			return err
		}
		g.Name = stored
		values, err := m.encodeGroup(g)
		if err != nil {
			return err
		}
		if _, err := q.ExecContext(ctx, groupTable().update(), groupTable().updateArgs(values)...); err != nil {
			return m.wrapError(ctx, "update group", err)
		}
		return m.bumpRevision(ctx, q)
	})
}

// DeleteGroup implements [userman.Store].
func (m userStore) DeleteGroup(ctx context.Context, name string) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		if _, err := m.findGroup(ctx, q, name); err != nil {
			return err
		}
		result, err := q.ExecContext(ctx, deleteGroupSQL(), m.team, userman.FoldGroupName(name))
		inUse := &store.ConflictError{Reason: "this group has members; remove them first"}
		if err := m.requireAffected(ctx, "delete group", result, err, inUse); err != nil {
			return err
		}
		return m.bumpRevision(ctx, q)
	})
}

// deleteGroupSQL deletes a group without members.
func deleteGroupSQL() string {
	return groupTable().deleteByKey() + ` AND NOT EXISTS (SELECT 1 FROM pbxusers_memberships m
		WHERE m.team = pbxusers_groups.team AND m.folded_group = pbxusers_groups.folded_name)`
}

// ListGroups implements [userman.Store].
func (m userStore) ListGroups(ctx context.Context) (groups []*userman.Group, revision int64, err error) {
	err = m.snapshot(ctx, func(q querier) (err error) {
		if revision, err = m.groupsRevision(ctx, q); err != nil {
			return err
		}
		text := groupTable().selectAll() + " WHERE team = ? ORDER BY priority, folded_name"
		groups, err = query(ctx, m.DB, q, "list groups", text, []any{m.team}, newGroupDecoder().decode)
		return err
	})
	return groups, revision, err
}

// GroupsRevision implements [userman.Store].
func (m userStore) GroupsRevision(ctx context.Context) (revision int64, err error) {
	err = m.read(ctx, func(ctx context.Context, q querier) error {
		revision, err = m.groupsRevision(ctx, q)
		return err
	})
	return revision, err
}

// groupsRevision returns the revision of the groups, 0 before the first change.
func (m userStore) groupsRevision(ctx context.Context, q querier) (revision int64, err error) {
	err = q.QueryRowContext(ctx, "SELECT revision FROM pbxusers_group_revisions WHERE team = ?", m.team).Scan(&revision)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return revision, m.wrapError(ctx, "read the revision of groups", err)
}

const countMembersSQL = `SELECT g.name, (SELECT COUNT(*) FROM pbxusers_memberships m
		WHERE m.team = g.team AND m.folded_group = g.folded_name AND m.deleted = 0)
	FROM pbxusers_groups g WHERE g.team = ?`

// CountMembers implements [userman.Store].
func (m userStore) CountMembers(ctx context.Context) (map[string]int, error) {
	return m.counts(ctx, "count members", countMembersSQL)
}

// countUsersSQL needs the index of external IDs only. They are NULL for deleted users.
const countUsersSQL = `SELECT directory, COUNT(*) FROM pbxusers_users
		WHERE team = ? AND unique_external_id IS NOT NULL GROUP BY directory`

// CountByDirectory implements [userman.Store].
func (m userStore) CountByDirectory(ctx context.Context) (map[string]int, error) {
	return m.counts(ctx, "count users", countUsersSQL)
}

// counts returns the counts by name that a statement selects for the team.
func (m userStore) counts(ctx context.Context, what, text string) (map[string]int, error) {
	counts := map[string]int{}
	err := m.read(ctx, func(ctx context.Context, q querier) error {
		clear(counts) // this function may run again
		_, err := query(ctx, m.DB, q, what, text, []any{m.team}, func(row scanner) (_ struct{}, err error) {
			var name string
			var count int
			err = row.Scan(&name, &count)
			counts[name] = count
			return struct{}{}, err
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return counts, nil
}
