package asteriskconf_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
)

func TestRecordsOfAnotherOriginDoNotReplaceThoseOfTheLastApply(t *testing.T) {
	t.Parallel()
	dir, _ := confFolder(t, map[string]string{"manager.conf": goodGeneral})
	open := func(origin string, adopt bool, names ...string) *asteriskconf.Folder {
		st := memstore.New().Managers()
		for _, name := range names {
			require.NoError(t, st.CreateUser(within(t), accountNamed(name)))
		}
		folder, err := asteriskconf.Open(dir, []asteriskconf.Source{manager.NewSource(st, nil)},
			&asteriskconf.Options{Origin: origin, Adopt: adopt})
		require.NoError(t, err)
		return folder
	}
	first := open("first", false, "alpha")
	_, err := first.Install(within(t))
	require.NoError(t, err)
	_, err = first.Apply(within(t))
	require.NoError(t, err)

	second := open("second", false)
	_, err = second.Plan(within(t))
	require.ErrorIs(t, err, store.ErrConflict)
	_, err = second.Apply(within(t))
	require.ErrorIs(t, err, store.ErrConflict)
	require.Contains(t, contentOf(t, dir, "pbxusers_manager.conf"), "[alpha]")

	_, err = open("second", true, "beta").Apply(within(t))
	require.NoError(t, err)
	require.Contains(t, contentOf(t, dir, "pbxusers_manager.conf"), "[beta]")
	_, err = first.Apply(within(t))
	require.ErrorIs(t, err, store.ErrConflict, "the folder has changed hands")
	_, err = open("", false, "gamma").Apply(within(t))
	require.NoError(t, err, "a program that does not say where its records are from is not asked")
}
