package ampusers_test

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/internal/sqlitetest"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
)

// newProcesses returns two services that share only a database.
func newProcesses(t testing.TB) [2]*env {
	t.Helper()
	path, keyring := filepath.Join(t.TempDir(), "pbxusers.db"), newKeyring(t)
	var both [2]*env
	for i := range both {
		db := sqlitetest.Open(t, path, keyring)
		both[i] = newEnv(t, db, func(o *ampusers.Options) {
			o.TTLStore = db.TTLStore()
			o.Audit = audit.New(db.Audit(), keyring, &audit.Options{Clock: o.Clock})
		})
	}
	return both
}

func TestService_ConfirmLogin_acceptsCodeOnceAcrossProcesses(t *testing.T) {
	t.Parallel()
	both := newProcesses(t)
	both[0].createLimited(t, "jane")
	key, recovery := both[0].enrollTOTP(t)
	both[1].clock.Advance(both[0].clock.Now().Sub(both[1].clock.Now()))
	for _, singleUse := range []string{totpCode(t, key, both[0].clock.Now()), recovery[0].Reveal()} {
		in, steps := 0, [10]credential.MFAAttempt{}
		for i := range steps {
			attempt := newLoginAttempt("jane", goodPassword)
			attempt.RemoteAddr = netip.MustParseAddr(fmt.Sprintf("192.0.2.%d", i))
			steps[i] = both[(i+1)%2].mfaAttemptFrom(t, attempt) // confirmed by the other process
			steps[i].Code = singleUse
		}
		for _, err := range runConcurrently(len(steps), func(i int) error {
			_, err := both[i%2].ConfirmLogin(t.Context(), steps[i])
			return err
		}) {
			if err == nil {
				in++
				continue
			}
			requireLoginError(t, err, credential.InvalidMFACode)
		}
		require.Equal(t, 1, in)
	}
	both[1].requireAuditIntact(t)
}

func TestService_Delete_keepsLastFullAdministratorAcrossProcesses(t *testing.T) {
	t.Parallel()
	const full = 10
	both := newProcesses(t)
	for i := range full {
		both[0].createFull(t, fmt.Sprintf("boss%d", i))
	}
	rejected := 0
	for _, err := range runConcurrently(full, func(i int) error { return both[i%2].Delete(t.Context(), fmt.Sprintf("boss%d", i)) }) {
		if err != nil {
			require.ErrorIs(t, err, store.ErrConflict)
			rejected++
		}
	}
	require.Equal(t, 1, rejected)
	both[1].requireAuditIntact(t)
}
