package ampusers_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// demotingActions are all actions that can remove full access.
func demotingActions(t testing.TB, s *ampusers.Service) map[string]func(username string) error {
	t.Helper()
	update := func(change func(a *ampusers.Administrator)) func(string) error {
		return func(username string) error {
			_, err := s.Update(t.Context(), username, func(a *ampusers.Administrator) error {
				change(a)
				return nil
			})
			return err
		}
	}
	return map[string]func(string) error{
		"delete": func(username string) error { return s.Delete(t.Context(), username) },
		"disable": func(username string) error {
			_, err := s.Disable(t.Context(), username)
			return err
		},
		"disable by an update": update(func(a *ampusers.Administrator) { a.Disabled = true }),
		"demote":               update(func(a *ampusers.Administrator) { a.Access = ampusers.Limited }),
		"narrow": update(func(a *ampusers.Administrator) {
			a.Access, a.Extensions = ampusers.Limited, mustRanges(t, "100-199")
		}),
	}
}

func TestService_keepsLastFullAdministrator(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newEnv(t, db)
			h.createFull(t, "boss")
			h.createLimited(t, "jane", "administrators")
			h.createFull(t, "asleep")
			_, err := h.Disable(t.Context(), "asleep")
			require.NoError(t, err)
			// nopassword is Full, but cannot log in.
			h.createAdministrator(t, &ampusers.Administrator{Username: "nopassword", Access: ampusers.Full}, "")
			for name, act := range demotingActions(t, h.Service) {
				err := act("boss")
				require.ErrorIs(t, err, store.ErrConflict, name)
				require.EqualError(t, err, "this is the last enabled full administrator who can log in; give another administrator full access and a password first", name)
			}
			require.ErrorIs(t, h.ForActor("boss").Delete(t.Context(), "boss"), store.ErrConflict)
			boss, err := h.Get(t.Context(), "boss")
			require.NoError(t, err)
			require.Equal(t, ampusers.Full, boss.Access)
			require.False(t, boss.Disabled)
			h.requireAuditIntact(t)
		})
	}
}

func TestService_demotesFullAdministratorWhenAnotherRemains(t *testing.T) {
	t.Parallel()
	for name := range demotingActions(t, newEnv(t, memstore.New()).Service) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newEnv(t, memstore.New())
			h.createFull(t, "boss")
			h.createFull(t, "other")
			require.NoError(t, demotingActions(t, h.Service)[name]("boss"))
			require.ErrorIs(t, demotingActions(t, h.Service)[name]("other"), store.ErrConflict)
		})
	}
}

// Before any administrator has a password, an invited one is protected.
func TestService_keepsLastFullAdministratorWithoutPassword(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createAdministrator(t, &ampusers.Administrator{Username: "admin", Access: ampusers.Full}, "")
	h.createLimited(t, "jane")
	for name, act := range demotingActions(t, h.Service) {
		require.ErrorIs(t, act("admin"), store.ErrConflict, name)
	}
	h.createFull(t, "boss")
	require.NoError(t, h.Delete(t.Context(), "admin"))
}

func TestService_Delete_findsFullAdministratorOnLastPage(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	h := newEnv(t, db)
	h.createFull(t, "boss")
	for i := range store.MaxPageLimit + 5 {
		require.NoError(t, db.Administrators().CreateAdministrator(t.Context(), &ampusers.Administrator{
			Username: fmt.Sprintf("n%04d", i), Access: ampusers.Full,
		}))
	}
	require.ErrorIs(t, h.Delete(t.Context(), "boss"), store.ErrConflict)
	h.createFull(t, "zoe")
	require.NoError(t, h.Delete(t.Context(), "boss"))
}

func TestService_keepsLastFullAdministratorConcurrently(t *testing.T) {
	t.Parallel()
	const full = 50
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newEnv(t, db, func(o *ampusers.Options) { o.MinPasswordScore = -1 })
			for i := range full {
				h.createFull(t, fmt.Sprintf("boss%02d", i))
			}
			acts := demotingActions(t, h.Service)
			var kinds []string
			for name := range acts {
				kinds = append(kinds, name)
			}
			rejected := 0
			for _, err := range runConcurrently(full, func(i int) error {
				return acts[kinds[i%len(kinds)]](fmt.Sprintf("boss%02d", i))
			}) {
				if err != nil {
					require.ErrorIs(t, err, store.ErrConflict)
					rejected++
				}
			}
			require.Equal(t, 1, rejected)
			require.Len(t, mustList(t, h, ampusers.Query{Access: ampusers.Full, EnabledOnly: true}).Items, 1)
			h.requireAuditIntact(t)
		})
	}
}

// Two administrators try to delete each other.
func TestService_Delete_rejectsConcurrentMutualRemoval(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newEnv(t, db)
			h.createFull(t, "cain")
			h.createFull(t, "abel")
			pair := []string{"cain", "abel"}
			errs := runConcurrently(2, func(i int) error { return h.ForActor(pair[i]).Delete(t.Context(), pair[1-i]) })
			require.NotEqual(t, errs[0] == nil, errs[1] == nil, "%v", errs)
			require.Len(t, mustList(t, h, ampusers.Query{}).Items, 1)
		})
	}
}
