package userman_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
)

// named is a directory of that name.
type named struct {
	userman.Directory

	name string
}

func (d named) Name() string { return d.name }

func TestWhatContradictsItselfIsAMistakeInTheProgram(t *testing.T) {
	t.Parallel()
	people := memstore.New().People("")
	for what, opts := range map[string]userman.Options{
		"a directory without a name": {Directories: []userman.Directory{named{}}},
		"a name in capital letters":  {Directories: []userman.Directory{named{name: "Office"}}},
		"two of one name":            {Directories: []userman.Directory{named{name: "office"}, named{name: "office"}}},
		"a permission of no form":    {Permissions: []userman.Permission{{ID: "fax", Kind: userman.Switch, Sentence: "May fax."}}},
	} {
		require.Panics(t, func() { userman.New(people, &opts) }, what)
	}
}

func TestNilOptionsWork(t *testing.T) {
	t.Parallel()
	s := userman.New(memstore.New().People(""), nil)
	created, err := s.Create(t.Context(), userman.NewUser{User: person("jane"), Password: secret(goodPassword)})
	require.NoError(t, err)
	require.True(t, created.HasPassword)
	require.True(t, created.PasswordExpiresAt.IsZero(), "passwords do not expire unless asked for")
	require.NoError(t, s.Wait(t.Context()))
}
