package userman_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman"
)

func TestLinkedExtensionsKeepTheirOrderAndMayBeShared(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceOver(t, open(t), "")
			h.add(t, person("jane", "1001", "2002", "2001"), "")
			h.add(t, person("joan", "1002", "2001", "1001"), "")
			require.Equal(t, []string{"1001", "2002", "2001"}, h.get(t, "jane").Extensions())
			require.Equal(t, []string{"1002", "2001", "1001"}, h.get(t, "joan").Extensions(), "also the default extension of another")
		})
	}
}

func TestAPersonMayChangeTheSettingsOfTheseExtensions(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := person("jane", "1001", "2001")
	h.add(t, jane, "")
	require.True(t, h.effective(t, "jane").Allows(userman.SettingsExtensions, "1001"), "the own one by default")
	require.False(t, h.effective(t, "jane").Allows(userman.SettingsExtensions, "2001"))

	h.update(t, "jane", func(u *userman.User) {
		u.Permissions = userman.Permissions{userman.SettingsExtensions: userman.Replace(userman.Linked, "3001")}
	})
	for extension, may := range map[string]bool{"1001": true, "2001": true, "3001": true, "3002": false} {
		require.Equal(t, may, h.effective(t, "jane").Allows(userman.SettingsExtensions, extension), extension)
	}
}
