package asteriskconf_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
)

func TestForeignDatabaseError_rejectsRecordsOfOtherDatabase(t *testing.T) {
	t.Parallel()
	dir, _ := newConfigDir(t, map[string]string{"manager.conf": validGeneral})
	open := func(databaseID string, takeOver bool, names ...string) *asteriskconf.ConfigDir {
		st := memstore.New().AMIAccounts()
		for _, name := range names {
			require.NoError(t, st.CreateAccount(testContext(t), accountNamed(name)))
		}
		configDir, err := asteriskconf.Open(dir, []asteriskconf.Source{manager.NewConfSource(st, nil)},
			&asteriskconf.Options{DatabaseID: databaseID, TakeOver: takeOver})
		require.NoError(t, err)
		return configDir
	}
	first := open("first", false, "alpha")
	_, err := first.Install(testContext(t))
	require.NoError(t, err)
	_, err = first.Apply(testContext(t))
	require.NoError(t, err)

	second := open("second", false)
	_, err = second.Plan(testContext(t))
	require.ErrorIs(t, err, store.ErrConflict)
	_, err = second.Apply(testContext(t))
	require.ErrorIs(t, err, store.ErrConflict)
	require.Contains(t, readFile(t, dir, "pbxusers_manager.conf"), "[alpha]")

	_, err = open("second", true, "beta").Apply(testContext(t))
	require.NoError(t, err)
	require.Contains(t, readFile(t, dir, "pbxusers_manager.conf"), "[beta]")
	_, err = first.Apply(testContext(t))
	require.ErrorIs(t, err, store.ErrConflict, "the folder was taken over")
	_, err = open("", false, "gamma").Apply(testContext(t))
	require.NoError(t, err, "without a DatabaseID there is no check")
}
