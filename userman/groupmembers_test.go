package userman_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/sqlitetest"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/store/sqlstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// countingStore counts how often all groups are read.
type countingStore struct {
	userman.Store

	groupReads atomic.Int64
}

func (s *countingStore) ListGroups(ctx context.Context) ([]*userman.Group, int64, error) {
	s.groupReads.Add(1)
	return s.Store.ListGroups(ctx)
}

func TestGroupService_AddMembers_readsGroupsOnce(t *testing.T) {
	t.Parallel()
	counted := &countingStore{Store: memstore.New().Users("")}
	s := userman.New(counted, nil)
	var names []string
	for i := range 20 {
		names = append(names, fmt.Sprintf("person%d", i))
		_, err := s.Create(t.Context(), userman.NewUser{User: newUser(names[i], fmt.Sprintf("1%02d", i))})
		require.NoError(t, err)
	}
	_, err := s.Groups().Create(t.Context(), &userman.Group{Name: "Sales"})
	require.NoError(t, err)
	before := counted.groupReads.Load()
	require.NoError(t, s.Scoped(extensions1xx).Groups().AddMembers(t.Context(), "Sales", names...))
	require.Equal(t, int64(1), counted.groupReads.Load()-before)
}

func TestService_Create_readsGroupsOnce(t *testing.T) {
	t.Parallel()
	counted := &countingStore{Store: memstore.New().Users("")}
	s := userman.New(counted, nil)
	for _, name := range []string{"Everybody", "Sales"} {
		_, err := s.Groups().Create(t.Context(), &userman.Group{Name: name, Default: name == "Everybody"})
		require.NoError(t, err)
	}
	before := counted.groupReads.Load()
	scoped := s.Scoped(extensions1xx)
	for i := range 3 {
		u := newUser(fmt.Sprintf("person%d", i), fmt.Sprintf("1%02d", i))
		u.Groups = []string{"SALES"}
		created, err := scoped.Create(t.Context(), userman.NewUser{User: u})
		require.NoError(t, err)
		require.Equal(t, []string{"Everybody", "Sales"}, created.Groups)
	}
	require.Equal(t, int64(1), counted.groupReads.Load()-before)
}

// newServiceWithSQL returns a service over SQLite, and what writes to its tables behind its
// back.
func newServiceWithSQL(t testing.TB) (h *env, exec func(statement string)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pbxusers.db")
	h = newServiceWithDB(t, sqlitetest.Open(t, path, newKeyring(t)), "")
	conn, err := sql.Open("sqlite", sqlstore.SQLiteDSN(path))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return h, func(statement string) {
		_, err := conn.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
}

func TestGroupService_Delete_foldsStoredGroupNames(t *testing.T) {
	t.Parallel()
	h, exec := newServiceWithSQL(t)
	h.createGroup(t, "Sales", permission.Permissions{permission.XMPPLogin: permission.On()})
	for _, username := range []string{"jane", "joan"} {
		u := newUser(username)
		u.Groups = []string{"Sales"}
		h.createUser(t, u, "")
	}
	h.deleteUser(t, "joan")
	exec(`UPDATE pbxusers_users SET group_names = '["SALES"]'`)
	impact, err := h.Groups().PreviewDelete(t.Context(), "Sales", 10)
	require.NoError(t, err)
	require.Equal(t, []userman.PermissionChange{{Permission: permission.XMPPLogin, Before: "on", After: "off"}}, impact.Items[0].Changes)
	require.NoError(t, h.Groups().Delete(t.Context(), "Sales", true))
	require.Empty(t, h.get(t, "jane").Groups)
	require.Len(t, h.entries(t, audit.Query{Action: "leave group"}), 2, "each of them is written once")
}

func TestGroupService_RemoveMembers_foldsStoredGroupNames(t *testing.T) {
	t.Parallel()
	h, exec := newServiceWithSQL(t)
	h.createGroup(t, "Sales", nil)
	u := newUser("jane")
	u.Groups = []string{"Sales"}
	h.createUser(t, u, "")
	exec(`UPDATE pbxusers_users SET group_names = '["SALES"]'`)
	require.NoError(t, h.Groups().RemoveMembers(t.Context(), "Sales", "jane"))
	require.Empty(t, h.get(t, "jane").Groups)
}

// The record of a person, and the table of memberships, may tell different
// things once somebody wrote to one of them.
func TestGroupService_Delete_rejectsInconsistentMembership(t *testing.T) {
	t.Parallel()
	h, exec := newServiceWithSQL(t)
	h.createGroup(t, "Sales", nil)
	for _, username := range []string{"jane", "joan"} {
		u := newUser(username)
		u.Groups = []string{"Sales"}
		h.createUser(t, u, "")
	}
	exec(`UPDATE pbxusers_users SET group_names = '[]' WHERE username = 'jane'`)
	err := h.Groups().Delete(t.Context(), "Sales", true)
	require.ErrorIs(t, err, store.ErrConflict)
	require.ErrorContains(t, err, "jane")
	require.Equal(t, []string{"Sales"}, h.get(t, "joan").Groups, "nothing is changed")

	require.NoError(t, h.Groups().AddMembers(t.Context(), "Sales", "jane"))
	require.NoError(t, h.Groups().Delete(t.Context(), "Sales", true))
}

func TestUser_AsMember_hasTheNameOnly(t *testing.T) {
	t.Parallel()
	u := &userman.User{Username: "jane", FirstName: "Jane", LastName: "Roe", Email: "jane@example.com", DefaultExtension: "4001", Disabled: true}
	require.Equal(t, userman.Member{Username: "jane", Name: "Jane Roe", DefaultExtension: "4001", Disabled: true}, u.AsMember())
}
