package ampusers_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/internal/sqlitetest"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// processes are two that share a database, and nothing else.
func processes(t testing.TB) [2]*house {
	t.Helper()
	path, keyring := filepath.Join(t.TempDir(), "pbxusers.db"), newKeyring(t)
	var both [2]*house
	for i := range both {
		db := sqlitetest.Open(t, path, keyring)
		both[i] = newHouse(t, db, func(o *ampusers.Options) {
			o.Audit = audit.New(db.Audit(), keyring, &audit.Options{Clock: o.Clock})
		})
	}
	return both
}

func TestACodeIsAcceptedOnceByTwoProcesses(t *testing.T) {
	t.Parallel()
	both := processes(t)
	jane := both[0].limited(t, "jane")
	key, recovery := both[0].enrol(t)
	both[1].clock.Pass(both[0].clock.Now().Sub(both[1].clock.Now()))
	for _, once := range []string{code(t, key, both[0].clock.Now()), recovery[0].Reveal()} {
		in := 0
		for _, err := range together(10, func(i int) error {
			_, err := both[i%2].ConfirmLogin(t.Context(), ampusers.Attempt{Username: "jane", Code: once, Source: fmt.Sprintf("192.0.2.%d", i)}, jane.SessionGeneration)
			return err
		}) {
			if err == nil {
				in++
				continue
			}
			requireRefused(t, err, ampusers.WrongCode)
		}
		require.Equal(t, 1, in)
	}
	both[1].requireProven(t)
}

func TestOfManyWhoGoInTwoProcessesOneStays(t *testing.T) {
	t.Parallel()
	const full = 10
	both := processes(t)
	for i := range full {
		both[0].full(t, fmt.Sprintf("boss%d", i))
	}
	refused := 0
	for _, err := range together(full, func(i int) error { return both[i%2].Delete(t.Context(), fmt.Sprintf("boss%d", i)) }) {
		if err != nil {
			require.ErrorIs(t, err, store.ErrConflict)
			refused++
		}
	}
	require.Equal(t, 1, refused)
	both[1].requireProven(t)
}
