package userman_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/sqlitetest"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// BenchmarkService_Session checks a session, and resolves the permissions of a
// user, in SQLite with 1000 groups.
func BenchmarkService_Session(b *testing.B) {
	st := sqlitetest.Open(b, filepath.Join(b.TempDir(), "pbxusers.db"), newKeyring(b)).Users("")
	s := userman.New(st, nil)
	jane := createUserAmongGroups(b, st, s, userman.MaxGroups)
	b.Run("session", func(b *testing.B) {
		for b.Loop() {
			_, err := s.Session(b.Context(), jane.ID, jane.SessionEpoch)
			require.NoError(b, err)
		}
	})
	b.Run("effective permissions", func(b *testing.B) {
		for b.Loop() {
			_, err := s.EffectivePermissions(b.Context(), jane.Username)
			require.NoError(b, err)
		}
	})
}

// createUserAmongGroups creates that many groups and a user in ten of them.
func createUserAmongGroups(b *testing.B, st userman.Store, s *userman.Service, groups int) *userman.User {
	b.Helper()
	u := newUser("jane", "1001", "1002")
	require.NoError(b, st.RunInTx(b.Context(), func(ctx context.Context) error {
		for i := range groups {
			g := &userman.Group{Name: fmt.Sprintf("Department %03d", i), Permissions: permission.Permissions{
				permission.RESTUse: permission.On(), permission.VoicemailExtensions: permission.Append(strconv.Itoa(9000 + i)),
			}}
			_, err := s.Groups().Create(ctx, g)
			require.NoError(b, err)
			if i%(groups/10) == 0 {
				u.Groups = append(u.Groups, g.Name)
			}
		}
		_, err := s.Create(ctx, userman.NewUser{User: u})
		return err
	}))
	u, err := s.Get(b.Context(), "jane")
	require.NoError(b, err)
	return u
}
