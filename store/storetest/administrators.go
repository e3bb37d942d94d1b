package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

func administrators() []rule {
	return []rule{
		{"an administrator is found in any case and spelling", administratorFound},
		{"an unknown administrator is not found", administratorNotFound},
		{"a username is unique in any case and spelling", usernameUnique},
		{"of many who take a username at once one gets it", racedUsername},
		{"a refused username leaves its transaction usable", refusedUsernameInTransaction},
		{"an update of an administrator writes what changed", administratorUpdated},
		{"an update of an administrator that is given up writes nothing", administratorUpdateGivenUp},
		{"an update keeps the username", usernameKept},
		{"updates of an administrator at once lose none", noLostAdministratorUpdate},
		{"a deleted administrator is gone", administratorDeleted},
		{"an invitation is found by its hash", invitationFound},
		{"an administrator that goes in and out is not shared", administratorNotShared},
	}
}

// person returns a valid administrator of that name.
func person(username string) *ampusers.Administrator {
	return &ampusers.Administrator{Username: username, DisplayName: "This is " + username, Access: ampusers.Limited, Sections: []string{"reports"}}
}

// employ stores valid administrators of these names.
func employ(t *testing.T, b Backend, usernames ...string) {
	t.Helper()
	for _, username := range usernames {
		require.NoError(t, b.Administrators().CreateAdministrator(t.Context(), person(username)))
	}
}

// employed returns the usernames in the order of EachAdministrator.
func employed(t *testing.T, b Backend) []string {
	t.Helper()
	names := []string{}
	require.NoError(t, b.Administrators().EachAdministrator(t.Context(), func(a *ampusers.Administrator) error {
		names = append(names, a.Username)
		return nil
	}))
	return names
}

// requirePerson requires that the administrator is stored as want.
func requirePerson(t *testing.T, b Backend, want *ampusers.Administrator) {
	t.Helper()
	a, err := b.Administrators().Administrator(t.Context(), want.Username)
	require.NoError(t, err)
	requireSamePerson(t, want, a)
}

func administratorFound(t *testing.T, b Backend) {
	employ(t, b, "José.Admin", "王小明")
	for asked, want := range map[string]string{
		"José.Admin": "José.Admin", "JOSÉ.ADMIN": "José.Admin", "jose\u0301.admin": "José.Admin", "王小明": "王小明",
	} {
		a, err := b.Administrators().Administrator(t.Context(), asked)
		require.NoError(t, err)
		require.Equal(t, want, a.Username, "the name is kept as it was given")
	}
}

func requireNoAdministrator(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, store.ErrNotFound)
	var notFound *store.NotFoundError
	require.ErrorAs(t, err, &notFound)
	require.Equal(t, "administrator", notFound.Kind)
}

func administratorNotFound(t *testing.T, b Backend) {
	employ(t, b, "jane")
	_, err := b.Administrators().Administrator(t.Context(), "jan")
	requireNoAdministrator(t, err)
	requireNoAdministrator(t, b.Administrators().DeleteAdministrator(t.Context(), "jane2"))
	requireNoAdministrator(t, b.Administrators().UpdateAdministrator(t.Context(), "", func(*ampusers.Administrator) error {
		require.Fail(t, "there is nothing to change")
		return nil
	}))
	require.Equal(t, []string{"jane"}, employed(t, b))
}

func requireUsernameTaken(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, store.ErrExists)
	var exists *store.ExistsError
	require.ErrorAs(t, err, &exists)
	require.Equal(t, &store.ExistsError{Kind: "administrator", Field: "username"}, exists)
}

func usernameUnique(t *testing.T, b Backend) {
	employ(t, b, "José")
	for _, username := range []string{"José", "JOSÉ", "jose\u0301", "JOSE\u0301"} {
		taken := person(username)
		taken.DisplayName = "somebody else"
		requireUsernameTaken(t, b.Administrators().CreateAdministrator(t.Context(), taken))
	}
	requirePerson(t, b, person("José"))
	employ(t, b, "jose", "josé2")
}

func racedUsername(t *testing.T, b Backend) {
	errs := make([]error, 100)
	atOnce(len(errs), func(i int) {
		username := []string{"jané", "JANÉ", "jane\u0301"}[i%3]
		errs[i] = b.Administrators().CreateAdministrator(t.Context(), person(username))
	})
	created := 0
	for _, err := range errs {
		if err == nil {
			created++
			continue
		}
		requireUsernameTaken(t, err)
	}
	require.Equal(t, 1, created)
	require.Len(t, employed(t, b), 1)
}

func refusedUsernameInTransaction(t *testing.T, b Backend) {
	employ(t, b, "jane")
	require.NoError(t, b.Atomically(t.Context(), func(ctx context.Context) error {
		requireUsernameTaken(t, b.Administrators().CreateAdministrator(ctx, person("JANE")))
		requireNoAdministrator(t, b.Administrators().DeleteAdministrator(ctx, "unknown"))
		return b.Administrators().CreateAdministrator(ctx, person("bob"))
	}))
	require.Equal(t, []string{"bob", "jane"}, employed(t, b))
}

func administratorUpdated(t *testing.T, b Backend) {
	employ(t, b, "jane", "bob")
	want := hostilePerson("jane")
	require.NoError(t, b.Administrators().UpdateAdministrator(t.Context(), "JANE", func(a *ampusers.Administrator) error {
		requireSamePerson(t, person("jane"), a)
		*a = *want.Clone()
		return nil
	}))
	requirePerson(t, b, want)
	requirePerson(t, b, person("bob"))
	require.NoError(t, b.Administrators().UpdateAdministrator(t.Context(), "jane", func(a *ampusers.Administrator) error {
		requireSamePerson(t, want, a)
		a.Credentials = ampusers.Credentials{}
		return nil
	}))
	want.Credentials = ampusers.Credentials{}
	requirePerson(t, b, want)
}

func administratorUpdateGivenUp(t *testing.T, b Backend) {
	employ(t, b, "jane")
	refusal := errors.New("refused")
	err := b.Administrators().UpdateAdministrator(t.Context(), "jane", func(a *ampusers.Administrator) error {
		a.Access = ampusers.Full
		return refusal
	})
	require.Same(t, refusal, err)
	requirePerson(t, b, person("jane"))
}

func usernameKept(t *testing.T, b Backend) {
	employ(t, b, "jane", "bob")
	for _, username := range []string{"JANE", "bob", "other", ""} {
		require.NoError(t, b.Administrators().UpdateAdministrator(t.Context(), "jane", func(a *ampusers.Administrator) error {
			a.Username = username
			return nil
		}))
	}
	require.Equal(t, []string{"bob", "jane"}, employed(t, b))
}

func noLostAdministratorUpdate(t *testing.T, b Backend) {
	employ(t, b, "jane")
	errs := make([]error, updaters)
	atOnce(updaters, func(i int) {
		for range updates {
			errs[i] = errors.Join(errs[i], b.Administrators().UpdateAdministrator(t.Context(), "jane", endSessions))
		}
	})
	require.NoError(t, errors.Join(errs...))
	want := person("jane")
	want.SessionGeneration = updaters * updates
	requirePerson(t, b, want)
}

func endSessions(a *ampusers.Administrator) error {
	a.SessionGeneration++
	return nil
}

func administratorDeleted(t *testing.T, b Backend) {
	employ(t, b, "jane", "bob")
	require.NoError(t, b.Administrators().DeleteAdministrator(t.Context(), "JANE"))
	requireNoAdministrator(t, b.Administrators().DeleteAdministrator(t.Context(), "jane"))
	require.Equal(t, []string{"bob"}, employed(t, b))
	employ(t, b, "Jane")
	require.Equal(t, []string{"bob", "Jane"}, employed(t, b))
}

func invitationFound(t *testing.T, b Backend) {
	first, second := sha256.Sum256([]byte("first")), sha256.Sum256([]byte("second"))
	employ(t, b, "bob", "jane")
	invite := func(username string, invitation *ampusers.Invitation) {
		require.NoError(t, b.Administrators().UpdateAdministrator(t.Context(), username, func(a *ampusers.Administrator) error {
			a.Credentials.Invitation = invitation
			return nil
		}))
	}
	requireInvited := func(hash [sha256.Size]byte, want string) {
		a, err := b.Administrators().InvitedAdministrator(t.Context(), hash[:])
		if want == "" {
			requireNoAdministrator(t, err)
			return
		}
		require.NoError(t, err)
		require.Equal(t, want, a.Username)
		require.Equal(t, hash[:], a.Credentials.Invitation.TokenHash)
	}
	requireInvited(first, "")
	invite("jane", &ampusers.Invitation{TokenHash: first[:], ExpiresAt: time.Unix(0, 0)}) // expired long ago
	invite("bob", &ampusers.Invitation{TokenHash: second[:], ExpiresAt: time.Now().Add(time.Hour)})
	requireInvited(first, "jane")
	requireInvited(second, "bob")
	invite("jane", nil)
	requireInvited(first, "")
	invite("bob", &ampusers.Invitation{TokenHash: first[:], ExpiresAt: time.Now().Add(time.Hour)})
	requireInvited(first, "bob")
	requireInvited(second, "")
	for _, hash := range [][]byte{nil, {}, first[:31], []byte(strings.Repeat("x", 1000))} {
		_, err := b.Administrators().InvitedAdministrator(t.Context(), hash)
		requireNoAdministrator(t, err)
	}
}

func administratorNotShared(t *testing.T, b Backend) {
	want := hostilePerson("jane")
	given := want.Clone()
	require.NoError(t, b.Administrators().CreateAdministrator(t.Context(), given))
	spoilPerson(given)
	requirePerson(t, b, want)
	list, err := b.Administrators().ListAdministrators(t.Context(), ampusers.Query{})
	require.NoError(t, err)
	invited, err := b.Administrators().InvitedAdministrator(t.Context(), want.Credentials.Invitation.TokenHash)
	require.NoError(t, err)
	for _, a := range append(list.Items, invited) {
		spoilPerson(a)
		requirePerson(t, b, want)
	}
	require.NoError(t, b.Administrators().EachAdministrator(t.Context(), func(a *ampusers.Administrator) error {
		spoilPerson(a)
		return nil
	}))
	requirePerson(t, b, want)
	var kept *ampusers.Administrator
	require.NoError(t, b.Administrators().UpdateAdministrator(t.Context(), "jane", func(a *ampusers.Administrator) error {
		kept = a
		return nil
	}))
	spoilPerson(kept)
	requirePerson(t, b, want)
}

// spoilPerson changes all that a could share with another.
func spoilPerson(a *ampusers.Administrator) {
	a.Username, a.DisplayName = "spoilt", "spoilt"
	for i := range a.Sections {
		a.Sections[i] = "spoilt"
	}
	for i := range a.Teams {
		a.Teams[i] = "spoilt"
	}
	spoilCredentials(&a.Credentials)
}

// spoilCredentials changes all that c could share with another.
func spoilCredentials(c *credential.Set) {
	c.SecondFactor.Secret, c.SecondFactor.RecoveryHashes[0][0] = store.NewSecret("spoilt"), c.SecondFactor.RecoveryHashes[0][0]+1
	c.Invitation.TokenHash[0]++
	c.Invitation.ExpiresAt = time.Time{}
	c.Devices[0].TokenHash[0]++
	c.Devices[0].UsedAt = time.Time{}
}
