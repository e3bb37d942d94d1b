package ampusers_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/memstore"
)

func TestRecoverOpensWhateverWasInTheWay(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newHouse(t, db)
			h.full(t, "boss")
			h.add(t, &ampusers.Administrator{
				Username: "Jane", DisplayName: "Jane", Sections: []string{"managers"}, Teams: []string{"acme"},
				Extensions: mustRanges(t, "100"), DIDs: mustRanges(t, "100"),
			}, goodPassword)
			h.enrol(t)
			_, err := h.Disable(t.Context(), "jane")
			require.NoError(t, err)
			ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Host, Name: "root"})
			link, err := h.Recover(ctx, "JANE")
			require.NoError(t, err)
			require.Equal(t, "Jane", link.Username)

			jane, err := h.Get(t.Context(), "jane")
			require.NoError(t, err)
			require.Equal(t, ampusers.Full, jane.Access)
			require.False(t, jane.Disabled || jane.HasSecondFactor)
			require.True(t, jane.HasPassword, "the password stays until the link is used")
			require.Empty(t, jane.Sections)
			require.Empty(t, jane.Teams)
			require.True(t, jane.Extensions.IsBlank() && jane.DIDs.IsBlank())
			require.Equal(t, "Jane", jane.DisplayName)
			require.Equal(t, "done recover Jane", h.told(t))
			require.Equal(t, audit.Host, h.entries(t, audit.Query{})[0].Actor.Kind)

			_, err = h.AcceptInvitation(t.Context(), link.Token, secret(anotherPassword))
			require.NoError(t, err)
			_, err = h.Authenticate(t.Context(), attempt("jane", anotherPassword))
			require.NoError(t, err)
			h.requireProven(t)
		})
	}
}

func TestRecoverMakesWhoIsNotThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t, memstore.New())
	link, err := h.Recover(t.Context(), " rescue ")
	require.NoError(t, err)
	require.Equal(t, "rescue", link.Username)
	rescue, err := h.AcceptInvitation(t.Context(), link.Token, secret(goodPassword))
	require.NoError(t, err)
	require.Equal(t, ampusers.Full, rescue.Access)
	_, err = h.Recover(t.Context(), "not a name!")
	requireFields(t, err, "username: username")
	h.requireProven(t)
}

func TestTheFirstStartMakesOneAdministratorAndNoPassword(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newHouse(t, db)
			link, err := h.FirstStart(t.Context())
			require.NoError(t, err)
			require.Equal(t, "admin", link.Username)
			admin, err := h.Get(t.Context(), "admin")
			require.NoError(t, err)
			require.Equal(t, ampusers.Full, admin.Access)
			require.False(t, admin.HasPassword)

			// Another start before the link was used: a new link.
			second, err := h.FirstStart(t.Context())
			require.NoError(t, err)
			_, err = h.Invitation(t.Context(), link.Token)
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = h.AcceptInvitation(t.Context(), second.Token, secret(goodPassword))
			require.NoError(t, err)

			entries := len(h.entries(t, audit.Query{}))
			none, err := h.FirstStart(t.Context())
			require.NoError(t, err)
			require.Nil(t, none)
			require.Len(t, h.entries(t, audit.Query{}), entries, "nothing to do is nothing to tell")
			h.requireProven(t)
		})
	}
}

func TestTheFirstStartTakesWhoIsThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t, memstore.New())
	h.limited(t, "jane")
	link, err := h.FirstStart(t.Context())
	require.NoError(t, err)
	require.Nil(t, link, "only Recover helps")
	require.Equal(t, "jane", names(mustList(t, h, ampusers.Query{})))

	h.add(t, &ampusers.Administrator{Username: "zoe", Access: ampusers.Full}, "")
	h.add(t, &ampusers.Administrator{Username: "boss", Access: ampusers.Full}, "")
	h.add(t, &ampusers.Administrator{Username: "asleep", Access: ampusers.Full, Disabled: true}, goodPassword)
	link, err = h.FirstStart(t.Context())
	require.NoError(t, err)
	require.Equal(t, "boss", link.Username)
	_, err = h.SetPassword(t.Context(), "zoe", secret(goodPassword))
	require.NoError(t, err)
	link, err = h.FirstStart(t.Context())
	require.NoError(t, err)
	require.Nil(t, link)
}

func TestManyFirstStartsAtTheSameInstantMakeOneAdministrator(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newHouse(t, db)
			links := make([]*ampusers.Link, 10)
			for _, err := range together(len(links), func(i int) (err error) {
				links[i], err = h.FirstStart(t.Context())
				return err
			}) {
				require.NoError(t, err)
			}
			require.Len(t, mustList(t, h, ampusers.Query{}).Items, 1)
			works := 0
			for _, link := range links {
				if _, err := h.Invitation(t.Context(), link.Token); err == nil {
					works++
				}
			}
			require.Equal(t, 1, works, "the newest link works")
			h.requireProven(t)
		})
	}
}
