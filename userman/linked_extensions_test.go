package userman_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

func TestUser_LinkedExtensions_keepOrderAndMayBeShared(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			h.createUser(t, newUser("jane", "1001", "2002", "2001"), "")
			h.createUser(t, newUser("joan", "1002", "2001", "1001"), "")
			require.Equal(t, []string{"1001", "2002", "2001"}, h.get(t, "jane").Extensions())
			require.Equal(t, []string{"1002", "2001", "1001"}, h.get(t, "joan").Extensions(), "also the default extension of another")
		})
	}
}

func TestService_EffectivePermissions_ownExtensions(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := newUser("jane", "1001", "2001")
	h.createUser(t, jane, "")
	require.True(t, h.effectivePermissions(t, "jane").Contains(permission.SettingsExtensions, "1001"), "the own one by default")
	require.False(t, h.effectivePermissions(t, "jane").Contains(permission.SettingsExtensions, "2001"))

	h.update(t, "jane", func(u *userman.User) {
		u.Permissions = permission.Permissions{permission.SettingsExtensions: permission.Set(permission.OwnExtensions, "3001")}
	})
	for extension, want := range map[string]bool{"1001": true, "2001": true, "3001": true, "3002": false} {
		require.Equal(t, want, h.effectivePermissions(t, "jane").Contains(permission.SettingsExtensions, extension), extension)
	}
}
