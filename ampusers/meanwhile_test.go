package ampusers_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// meanwhile is a store where something happens just before a transaction.
type meanwhile struct {
	ampusers.Store

	happens func()
}

func (m *meanwhile) Atomically(ctx context.Context, fn func(ctx context.Context) error) error {
	if happens := m.happens; happens != nil {
		m.happens = nil
		happens()
	}
	return m.Store.Atomically(ctx, fn)
}

// slow returns a house, and a service over the same records that is overtaken.
func slow(t testing.TB, happens func(h *house)) (*house, *ampusers.Service) {
	t.Helper()
	db := memstore.New()
	h := newHouse(t, db)
	h.full(t, "boss")
	h.limited(t, "jane", "managers")
	overtaken := &meanwhile{Store: db.Administrators(), happens: func() { happens(h) }}
	return h, ampusers.New(overtaken, &ampusers.Options{
		Sections: sections(), Audit: h.trail, Clock: h.clock.Now, Argon2: ampusers.Argon2{Memory: 64, Time: 1, Threads: 1},
	})
}

func TestALoginThatWasOvertakenIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		happens func(h *house)
		want    ampusers.LoginCode
	}{
		"by a new password": {func(h *house) {
			_, err := h.SetPassword(h.t.Context(), "jane", secret(anotherPassword))
			require.NoError(h.t, err)
		}, ampusers.WrongPassword},
		"by the end of all sessions": {func(h *house) { require.NoError(h.t, h.EndSessions(h.t.Context(), "jane")) }, ampusers.WrongPassword},
		"by a deletion":              {func(h *house) { require.NoError(h.t, h.Delete(h.t.Context(), "jane")) }, ampusers.WrongPassword},
		"by a second factor":         {func(h *house) { h.enrol(h.t) }, ampusers.WrongCode},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, overtaken := slow(t, test.happens)
			_, err := overtaken.Authenticate(t.Context(), attempt("jane", goodPassword))
			requireRefused(t, err, test.want)
			require.Empty(t, h.entries(t, audit.Query{Action: "login", Outcome: audit.Done}))
			h.requireProven(t)
		})
	}
}

// A rehash does not bring an old password back.
func TestARehashThatWasOvertakenIsNotWritten(t *testing.T) {
	t.Parallel()
	h, overtaken := slow(t, func(h *house) {
		// The same password, hashed by another login.
		_, err := h.Authenticate(h.t.Context(), attempt("jane", "password"))
		require.NoError(h.t, err)
	})
	_, err := h.SetPasswordHash(t.Context(), "jane", secret("5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"))
	require.NoError(t, err)
	_, err = overtaken.Authenticate(t.Context(), attempt("jane", "password"))
	require.NoError(t, err)
	require.Len(t, h.entries(t, audit.Query{Action: "rehash"}), 1)
	h.requireProven(t)
}

func TestAnActorWhoIsDemotedMeanwhileGivesNothing(t *testing.T) {
	t.Parallel()
	_, overtaken := slow(t, func(h *house) {
		h.full(h.t, "other")
		_, err := h.Update(h.t.Context(), "boss", func(a *ampusers.Administrator) error {
			a.Access = ampusers.Limited
			return nil
		})
		require.NoError(h.t, err)
	})
	_, err := overtaken.As("boss").Create(t.Context(), &ampusers.Administrator{Username: "friend", Access: ampusers.Full}, store.Secret{})
	require.ErrorIs(t, err, store.ErrForbidden)
}

func TestAPasswordThatWasOvertakenIsNotSetByItsOwner(t *testing.T) {
	t.Parallel()
	h, overtaken := slow(t, func(h *house) {
		_, err := h.SetPassword(h.t.Context(), "jane", secret(anotherPassword))
		require.NoError(h.t, err)
	})
	_, err := overtaken.ChangePassword(t.Context(), "jane", secret(goodPassword), secret("a third & unlikely phrase"))
	require.ErrorIs(t, err, store.ErrConflict)
	_, err = h.Authenticate(t.Context(), attempt("jane", anotherPassword))
	require.NoError(t, err)
}

// best returns 2 when an enabled Full administrator has a password, 1 when there
// is one without, and 0 otherwise.
func best(t require.TestingT, h *house) int {
	level := 0
	list, err := h.List(h.t.Context(), ampusers.Query{})
	require.NoError(t, err)
	for _, a := range list.Items {
		if a.Access == ampusers.Full && !a.Disabled {
			level = max(level, map[bool]int{false: 1, true: 2}[a.HasPassword])
		}
	}
	return level
}

// Whatever is done, in whatever order: the best way in never gets worse, what
// is refused changes nothing, and the trail knows of everything.
func TestNoOrderOfActsLosesTheWayIn(t *testing.T) {
	t.Parallel()
	outer := t
	rapid.Check(t, func(t *rapid.T) {
		h := newHouse(outer, memstore.New(), func(o *ampusers.Options) { o.MinPasswordScore = -1 })
		acts := touching(outer, h.Service)
		acts["create"] = func(username string) error {
			_, err := h.Create(outer.Context(), &ampusers.Administrator{Username: username}, store.Secret{})
			return err
		}
		acts["recover"] = func(username string) error {
			_, err := h.Recover(outer.Context(), username)
			return err
		}
		acts["promote"] = func(username string) error {
			_, err := h.Update(outer.Context(), username, func(a *ampusers.Administrator) error {
				*a = ampusers.Administrator{Username: a.Username, Access: ampusers.Full, Disabled: a.Disabled}
				return nil
			})
			return err
		}
		acts["first start"] = func(string) error {
			_, err := h.FirstStart(outer.Context())
			return err
		}
		kinds := make([]string, 0, len(acts))
		for name := range acts {
			kinds = append(kinds, name)
		}
		slices.Sort(kinds)
		for range rapid.IntRange(1, 25).Draw(t, "acts") {
			before, level := records(t, h), best(t, h)
			err := acts[rapid.SampledFrom(kinds).Draw(t, "act")](rapid.SampledFrom([]string{"a1", "b2", "admin"}).Draw(t, "who"))
			require.GreaterOrEqual(t, best(t, h), level)
			if err != nil {
				require.Equal(t, before, records(t, h))
				refused := errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrExists)
				require.True(t, refused, "%v", err)
			}
		}
		found, err := h.trail.Verify(outer.Context(), h.AuditRecords())
		require.NoError(t, err)
		require.Empty(t, found.Problems)
	})
}

// records are all that is stored, as text.
func records(t require.TestingT, h *house) []string {
	var all []string
	require.NoError(t, h.AuditRecords().Each(h.t.Context(), func(key string, sealed []byte) error {
		all = append(all, fmt.Sprintf("%s %s", key, sealed))
		return nil
	}))
	return all
}

func TestTheTrailKeepsTheRecordBeforeAndAfter(t *testing.T) {
	t.Parallel()
	h := newHouse(t, memstore.New())
	h.limited(t, "jane", "managers")
	ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Administrator, Name: "boss", Source: "192.0.2.1"})
	_, err := h.Update(ctx, "JANE", func(a *ampusers.Administrator) error {
		a.Sections = []string{"audit"}
		return nil
	})
	require.NoError(t, err)
	e := h.entries(t, audit.Query{})[0]
	require.Equal(t, "jane", e.Key)
	require.Equal(t, "boss", e.Actor.Name)
	require.Contains(t, string(e.Before), `"sections":["managers"]`)
	require.Contains(t, string(e.After), `"sections":["audit"]`)

	require.NoError(t, h.Delete(ctx, "JANE"))
	e = h.entries(t, audit.Query{})[0]
	require.Equal(t, "done delete jane", h.told(t))
	require.Contains(t, string(e.Before), `"sections":["audit"]`)
	require.Empty(t, e.After)
}

// failing is a store that cannot write.
type failing struct{ ampusers.Store }

func (failing) UpdateAdministrator(context.Context, string, func(*ampusers.Administrator) error) error {
	return errors.New("the disk is full")
}

func TestALoginThatFailedIsInTheTrailAndCanBeTriedAgain(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	h := newHouse(t, db)
	h.limited(t, "jane")
	full := ampusers.New(failing{db.Administrators()}, &ampusers.Options{
		Sections: sections(), Audit: h.trail, Clock: h.clock.Now, Argon2: ampusers.Argon2{Memory: 64, Time: 1, Threads: 1},
	})
	_, err := full.Authenticate(t.Context(), attempt("jane", goodPassword))
	require.EqualError(t, err, "the disk is full")
	require.Equal(t, "failed login jane: failed", h.told(t))
	_, err = h.Authenticate(t.Context(), attempt("jane", goodPassword))
	require.NoError(t, err)
	h.requireProven(t)
}

// afterwards is a store where something happens just after a transaction.
type afterwards struct {
	ampusers.Store

	happens func()
}

func (a *afterwards) Atomically(ctx context.Context, fn func(ctx context.Context) error) error {
	err := a.Store.Atomically(ctx, fn)
	if happens := a.happens; happens != nil {
		a.happens = nil
		happens()
	}
	return err
}

// A session of the new generation would outlive the password that was changed.
func TestALoginBeginsNoSessionOfAPasswordThatWasNotProven(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	h := newHouse(t, db)
	h.full(t, "boss")
	h.limited(t, "jane", "managers")
	st := &afterwards{Store: db.Administrators(), happens: func() {
		_, err := h.SetPassword(h.t.Context(), "jane", secret(anotherPassword))
		require.NoError(h.t, err)
	}}
	overtaken := ampusers.New(st, &ampusers.Options{
		Sections: sections(), Audit: h.trail, Clock: h.clock.Now, Argon2: ampusers.Argon2{Memory: 64, Time: 1, Threads: 1},
	})
	_, err := overtaken.Authenticate(t.Context(), attempt("jane", goodPassword))
	requireRefused(t, err, ampusers.WrongPassword)
	h.requireProven(t)
}
