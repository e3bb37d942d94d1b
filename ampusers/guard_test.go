package ampusers_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// lowering are all acts that can take somebody's full access.
func lowering(t testing.TB, s *ampusers.Service) map[string]func(username string) error {
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

func TestTheLastFullAdministratorStays(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newHouse(t, db)
			h.full(t, "boss")
			h.limited(t, "jane", "administrators")
			h.full(t, "asleep")
			_, err := h.Disable(t.Context(), "asleep")
			require.NoError(t, err)
			// Full, but cannot log in.
			h.add(t, &ampusers.Administrator{Username: "nopassword", Access: ampusers.Full}, "")
			for name, act := range lowering(t, h.Service) {
				err := act("boss")
				require.ErrorIs(t, err, store.ErrConflict, name)
				require.EqualError(t, err, "this is the last enabled Full administrator who can log in; make another one Full first, with a password", name)
			}
			require.ErrorIs(t, h.As("boss").Delete(t.Context(), "boss"), store.ErrConflict)
			boss, err := h.Get(t.Context(), "boss")
			require.NoError(t, err)
			require.Equal(t, ampusers.Full, boss.Access)
			require.False(t, boss.Disabled)
			h.requireProven(t)
		})
	}
}

func TestWithAnotherFullAdministratorOneMayGo(t *testing.T) {
	t.Parallel()
	for name := range lowering(t, newHouse(t, memstore.New()).Service) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, memstore.New())
			h.full(t, "boss")
			h.full(t, "other")
			require.NoError(t, lowering(t, h.Service)[name]("boss"))
			require.ErrorIs(t, lowering(t, h.Service)[name]("other"), store.ErrConflict)
		})
	}
}

// Before anybody has a password, whoever is invited is the way in.
func TestTheLastFullAdministratorWithoutAPasswordStaysToo(t *testing.T) {
	t.Parallel()
	h := newHouse(t, memstore.New())
	h.add(t, &ampusers.Administrator{Username: "admin", Access: ampusers.Full}, "")
	h.limited(t, "jane")
	for name, act := range lowering(t, h.Service) {
		require.ErrorIs(t, act("admin"), store.ErrConflict, name)
	}
	h.full(t, "boss")
	require.NoError(t, h.Delete(t.Context(), "admin"))
}

func TestTheGuardFindsTheOneOnTheLastPage(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	h := newHouse(t, db)
	h.full(t, "boss")
	for i := range store.MaxPageLimit + 5 {
		require.NoError(t, db.Administrators().CreateAdministrator(t.Context(), &ampusers.Administrator{
			Username: fmt.Sprintf("n%04d", i), Access: ampusers.Full,
		}))
	}
	require.ErrorIs(t, h.Delete(t.Context(), "boss"), store.ErrConflict)
	h.full(t, "zoe")
	require.NoError(t, h.Delete(t.Context(), "boss"))
}

func TestOfManyWhoGoAtTheSameInstantOneStays(t *testing.T) {
	t.Parallel()
	const full = 50
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newHouse(t, db, func(o *ampusers.Options) { o.MinPasswordScore = -1 })
			for i := range full {
				h.full(t, fmt.Sprintf("boss%02d", i))
			}
			acts := lowering(t, h.Service)
			var kinds []string
			for name := range acts {
				kinds = append(kinds, name)
			}
			refused := 0
			for _, err := range together(full, func(i int) error {
				return acts[kinds[i%len(kinds)]](fmt.Sprintf("boss%02d", i))
			}) {
				if err != nil {
					require.ErrorIs(t, err, store.ErrConflict)
					refused++
				}
			}
			require.Equal(t, 1, refused)
			require.Len(t, mustList(t, h, ampusers.Query{Access: ampusers.Full, EnabledOnly: true}).Items, 1)
			h.requireProven(t)
		})
	}
}

// Each of two tries to be the only one left.
func TestTwoWhoRemoveEachOtherCannotBothSucceed(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newHouse(t, db)
			h.full(t, "cain")
			h.full(t, "abel")
			pair := []string{"cain", "abel"}
			failed := together(2, func(i int) error { return h.As(pair[i]).Delete(t.Context(), pair[1-i]) })
			require.NotEqual(t, failed[0] == nil, failed[1] == nil, "%v", failed)
			require.Len(t, mustList(t, h, ampusers.Query{}).Items, 1)
		})
	}
}
