package userman_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman"
)

// Whoever shows a person knows that way whether a password can be set here.
func TestUser_ExternalPassword_reflectsDirectory(t *testing.T) {
	t.Parallel()
	h := newService(t, withDirectories(officeDirectory{}, &passwordDirectory{name: branchDirectory}))
	created := h.createUser(t, newUser("jane"), goodPassword)
	require.True(t, created.HasPassword)
	require.False(t, created.ExternalPassword)
	for _, test := range []struct {
		directory string
		want      bool
	}{
		{"head-office", false},
		{branchDirectory, true},
		{"dropped-since", true}, // nobody can tell it, and none can be set here
		{"", false},
	} {
		h.moveToDirectory(t, "jane", test.directory, "uid-jane")
		require.Equal(t, test.want, h.get(t, "jane").ExternalPassword, test.directory)
		list, err := h.List(t.Context(), userman.Query{})
		require.NoError(t, err)
		require.Equal(t, test.want, list.Items[0].ExternalPassword, test.directory)
		_, err = h.SetPassword(t.Context(), "jane", secret(goodPassword), nil)
		require.Equal(t, test.want, err != nil, "that is whether setting it is refused")
	}
	require.Contains(t, toJSON(t, h.get(t, "jane")), `"has_password":true,"external_password":false`)
}
