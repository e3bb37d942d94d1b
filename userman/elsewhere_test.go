package userman_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman"
)

// Whoever shows a person knows that way whether a password can be set here.
func TestAPersonTellsWhoKeepsThePassword(t *testing.T) {
	t.Parallel()
	h := newService(t, withDirectories(office{}, &passwordsElsewhere{name: branch}))
	kept := h.add(t, person("jane"), goodPassword)
	require.True(t, kept.HasPassword)
	require.False(t, kept.PasswordElsewhere)
	for _, test := range []struct {
		directory string
		want      bool
	}{
		{"head-office", false},
		{branch, true},
		{"dropped-since", true}, // nobody can tell it, and none can be set here
		{"", false},
	} {
		h.becomeOf(t, "jane", test.directory, "uid-jane")
		require.Equal(t, test.want, h.get(t, "jane").PasswordElsewhere, test.directory)
		list, err := h.List(t.Context(), userman.Query{})
		require.NoError(t, err)
		require.Equal(t, test.want, list.Items[0].PasswordElsewhere, test.directory)
		_, err = h.SetPassword(t.Context(), "jane", secret(goodPassword), nil)
		require.Equal(t, test.want, err != nil, "that is whether setting it is refused")
	}
	require.Contains(t, inJSON(t, h.get(t, "jane")), `"has_password":true,"password_elsewhere":false`)
}
