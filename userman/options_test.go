package userman_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// namedDirectory is a directory of that name.
type namedDirectory struct {
	userman.Directory

	name string
}

func (d namedDirectory) Name() string { return d.name }

func TestNew_panicsOnInvalidOptions(t *testing.T) {
	t.Parallel()
	st := memstore.New().Users("")
	for what, opts := range map[string]userman.Options{
		"a directory without a name": {Directories: []userman.Directory{namedDirectory{}}},
		"a name in capital letters":  {Directories: []userman.Directory{namedDirectory{name: "Office"}}},
		"two of one name":            {Directories: []userman.Directory{namedDirectory{name: "office"}, namedDirectory{name: "office"}}},
		"a score above 4":            {MinPasswordScore: 5},
		"a score below -1":           {MinPasswordScore: -2},
		"a negative length":          {MinPasswordLength: -1},
		"a length above 1024":        {MinPasswordLength: 1025},
		"negative hashes":            {MaxConcurrentHashes: -1},
		"a negative lifetime":        {ResetLifetime: -1},
		"a permission of no form":    {Permissions: []permission.Permission{{ID: "fax", Kind: permission.KindBool, Description: "May fax."}}},
	} {
		require.Panics(t, func() { userman.New(st, &opts) }, what)
	}
}

func TestNew_acceptsNilOptions(t *testing.T) {
	t.Parallel()
	s := userman.New(memstore.New().Users(""), nil)
	created, err := s.Create(t.Context(), userman.NewUser{User: newUser("jane"), Password: secret(goodPassword)})
	require.NoError(t, err)
	require.True(t, created.HasPassword)
	require.True(t, created.PasswordExpiresAt.IsZero(), "passwords do not expire unless asked for")
	require.NoError(t, s.Shutdown(t.Context()))
}
