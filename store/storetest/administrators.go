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

func administratorRules() []rule {
	return []rule{
		{"administrator_found", administratorFound},
		{"administrator_not_found", administratorNotFound},
		{"username_unique", usernameUnique},
		{"concurrent_usernames", concurrentUsernames},
		{"duplicate_username_in_transaction", duplicateUsernameInTransaction},
		{"administrator_updated", administratorUpdated},
		{"administrator_update_aborted", administratorUpdateAborted},
		{"username_unchanged", usernameUnchanged},
		{"no_lost_administrator_update", noLostAdministratorUpdate},
		{"administrator_deleted", administratorDeleted},
		{"invitation_found", invitationFound},
		{"administrator_not_shared", administratorNotShared},
	}
}

// newAdministrator returns a valid administrator with that name.
func newAdministrator(username string) *ampusers.Administrator {
	return &ampusers.Administrator{Username: username, DisplayName: "This is " + username, Access: ampusers.Limited, Sections: []string{"reports"}}
}

// createAdministrators stores valid administrators with these names.
func createAdministrators(t *testing.T, b Backend, usernames ...string) {
	t.Helper()
	for _, username := range usernames {
		require.NoError(t, b.Administrators().CreateAdministrator(t.Context(), newAdministrator(username)))
	}
}

// administratorNames returns the usernames in the order of EachAdministrator.
func administratorNames(t *testing.T, b Backend) []string {
	t.Helper()
	names := []string{}
	require.NoError(t, b.Administrators().EachAdministrator(t.Context(), func(a *ampusers.Administrator) error {
		names = append(names, a.Username)
		return nil
	}))
	return names
}

// requireAdministrator requires that the stored administrator equals want.
func requireAdministrator(t *testing.T, b Backend, want *ampusers.Administrator) {
	t.Helper()
	a, err := b.Administrators().Administrator(t.Context(), want.Username)
	require.NoError(t, err)
	requireSameAdministrator(t, want, a)
}

func administratorFound(t *testing.T, b Backend) {
	createAdministrators(t, b, "José.Admin", "王小明")
	for lookup, want := range map[string]string{
		"José.Admin": "José.Admin", "JOSÉ.ADMIN": "José.Admin", "jose\u0301.admin": "José.Admin", "王小明": "王小明",
	} {
		a, err := b.Administrators().Administrator(t.Context(), lookup)
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
	createAdministrators(t, b, "jane")
	_, err := b.Administrators().Administrator(t.Context(), "jan")
	requireNoAdministrator(t, err)
	requireNoAdministrator(t, b.Administrators().DeleteAdministrator(t.Context(), "jane2"))
	requireNoAdministrator(t, b.Administrators().UpdateAdministrator(t.Context(), "", func(*ampusers.Administrator) error {
		require.Fail(t, "there is nothing to change")
		return nil
	}))
	require.Equal(t, []string{"jane"}, administratorNames(t, b))
}

func requireUsernameExists(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, store.ErrAlreadyExists)
	var exists *store.AlreadyExistsError
	require.ErrorAs(t, err, &exists)
	require.Equal(t, &store.AlreadyExistsError{Kind: "administrator", Field: "username"}, exists)
}

func usernameUnique(t *testing.T, b Backend) {
	createAdministrators(t, b, "José")
	for _, username := range []string{"José", "JOSÉ", "jose\u0301", "JOSE\u0301"} {
		duplicate := newAdministrator(username)
		duplicate.DisplayName = "somebody else"
		requireUsernameExists(t, b.Administrators().CreateAdministrator(t.Context(), duplicate))
	}
	requireAdministrator(t, b, newAdministrator("José"))
	createAdministrators(t, b, "jose", "josé2")
}

func concurrentUsernames(t *testing.T, b Backend) {
	errs := make([]error, 100)
	runConcurrently(len(errs), func(i int) {
		username := []string{"jané", "JANÉ", "jane\u0301"}[i%3]
		errs[i] = b.Administrators().CreateAdministrator(t.Context(), newAdministrator(username))
	})
	created := 0
	for _, err := range errs {
		if err == nil {
			created++
			continue
		}
		requireUsernameExists(t, err)
	}
	require.Equal(t, 1, created)
	require.Len(t, administratorNames(t, b), 1)
}

func duplicateUsernameInTransaction(t *testing.T, b Backend) {
	createAdministrators(t, b, "jane")
	require.NoError(t, b.RunInTx(t.Context(), func(ctx context.Context) error {
		requireUsernameExists(t, b.Administrators().CreateAdministrator(ctx, newAdministrator("JANE")))
		requireNoAdministrator(t, b.Administrators().DeleteAdministrator(ctx, "unknown"))
		return b.Administrators().CreateAdministrator(ctx, newAdministrator("bob"))
	}))
	require.Equal(t, []string{"bob", "jane"}, administratorNames(t, b))
}

func administratorUpdated(t *testing.T, b Backend) {
	createAdministrators(t, b, "jane", "bob")
	want := hostileAdministrator("jane")
	require.NoError(t, b.Administrators().UpdateAdministrator(t.Context(), "JANE", func(a *ampusers.Administrator) error {
		requireSameAdministrator(t, newAdministrator("jane"), a)
		*a = *want.Clone()
		return nil
	}))
	requireAdministrator(t, b, want)
	requireAdministrator(t, b, newAdministrator("bob"))
	require.NoError(t, b.Administrators().UpdateAdministrator(t.Context(), "jane", func(a *ampusers.Administrator) error {
		requireSameAdministrator(t, want, a)
		a.Credentials = credential.Credentials{}
		return nil
	}))
	want.Credentials = credential.Credentials{}
	requireAdministrator(t, b, want)
}

func administratorUpdateAborted(t *testing.T, b Backend) {
	createAdministrators(t, b, "jane")
	errAbort := errors.New("aborted")
	err := b.Administrators().UpdateAdministrator(t.Context(), "jane", func(a *ampusers.Administrator) error {
		a.Access = ampusers.Full
		return errAbort
	})
	require.Same(t, errAbort, err)
	requireAdministrator(t, b, newAdministrator("jane"))
}

func usernameUnchanged(t *testing.T, b Backend) {
	createAdministrators(t, b, "jane", "bob")
	for _, username := range []string{"JANE", "bob", "other", ""} {
		require.NoError(t, b.Administrators().UpdateAdministrator(t.Context(), "jane", func(a *ampusers.Administrator) error {
			a.Username = username
			return nil
		}))
	}
	require.Equal(t, []string{"bob", "jane"}, administratorNames(t, b))
}

func noLostAdministratorUpdate(t *testing.T, b Backend) {
	createAdministrators(t, b, "jane")
	errs := make([]error, updaters)
	runConcurrently(updaters, func(i int) {
		for range updates {
			errs[i] = errors.Join(errs[i], b.Administrators().UpdateAdministrator(t.Context(), "jane", bumpSessionEpoch))
		}
	})
	require.NoError(t, errors.Join(errs...))
	want := newAdministrator("jane")
	want.SessionEpoch = updaters * updates
	requireAdministrator(t, b, want)
}

func bumpSessionEpoch(a *ampusers.Administrator) error {
	a.SessionEpoch++
	return nil
}

func administratorDeleted(t *testing.T, b Backend) {
	createAdministrators(t, b, "jane", "bob")
	require.NoError(t, b.Administrators().DeleteAdministrator(t.Context(), "JANE"))
	requireNoAdministrator(t, b.Administrators().DeleteAdministrator(t.Context(), "jane"))
	require.Equal(t, []string{"bob"}, administratorNames(t, b))
	createAdministrators(t, b, "Jane")
	require.Equal(t, []string{"bob", "Jane"}, administratorNames(t, b))
}

func invitationFound(t *testing.T, b Backend) {
	first, second := sha256.Sum256([]byte("first")), sha256.Sum256([]byte("second"))
	createAdministrators(t, b, "bob", "jane")
	invite := func(username string, invitation *credential.OneTimeToken) {
		require.NoError(t, b.Administrators().UpdateAdministrator(t.Context(), username, func(a *ampusers.Administrator) error {
			a.Credentials.Invitation = invitation
			return nil
		}))
	}
	requireInvited := func(hash [sha256.Size]byte, want string) {
		a, err := b.Administrators().AdministratorByInvitation(t.Context(), hash[:])
		if want == "" {
			requireNoAdministrator(t, err)
			return
		}
		require.NoError(t, err)
		require.Equal(t, want, a.Username)
		require.Equal(t, hash[:], a.Credentials.Invitation.TokenHash)
	}
	requireInvited(first, "")
	invite("jane", &credential.OneTimeToken{TokenHash: first[:], ExpiresAt: time.Unix(0, 0)}) // expired long ago
	invite("bob", &credential.OneTimeToken{TokenHash: second[:], ExpiresAt: time.Now().Add(time.Hour)})
	requireInvited(first, "jane")
	requireInvited(second, "bob")
	invite("jane", nil)
	requireInvited(first, "")
	invite("bob", &credential.OneTimeToken{TokenHash: first[:], ExpiresAt: time.Now().Add(time.Hour)})
	requireInvited(first, "bob")
	requireInvited(second, "")
	for _, hash := range [][]byte{nil, {}, first[:31], []byte(strings.Repeat("x", 1000))} {
		_, err := b.Administrators().AdministratorByInvitation(t.Context(), hash)
		requireNoAdministrator(t, err)
	}
}

func administratorNotShared(t *testing.T, b Backend) {
	want := hostileAdministrator("jane")
	given := want.Clone()
	require.NoError(t, b.Administrators().CreateAdministrator(t.Context(), given))
	mutateAdministrator(given)
	requireAdministrator(t, b, want)
	list, err := b.Administrators().ListAdministrators(t.Context(), ampusers.Query{})
	require.NoError(t, err)
	invited, err := b.Administrators().AdministratorByInvitation(t.Context(), want.Credentials.Invitation.TokenHash)
	require.NoError(t, err)
	for _, a := range append(list.Items, invited) {
		mutateAdministrator(a)
		requireAdministrator(t, b, want)
	}
	require.NoError(t, b.Administrators().EachAdministrator(t.Context(), func(a *ampusers.Administrator) error {
		mutateAdministrator(a)
		return nil
	}))
	requireAdministrator(t, b, want)
	var retained *ampusers.Administrator
	require.NoError(t, b.Administrators().UpdateAdministrator(t.Context(), "jane", func(a *ampusers.Administrator) error {
		retained = a
		return nil
	}))
	mutateAdministrator(retained)
	requireAdministrator(t, b, want)
}

// mutateAdministrator changes everything that a could share with a copy.
func mutateAdministrator(a *ampusers.Administrator) {
	a.Username, a.DisplayName = "mutated", "mutated"
	for i := range a.Sections {
		a.Sections[i] = "mutated"
	}
	for i := range a.Teams {
		a.Teams[i] = "mutated"
	}
	mutateCredentials(&a.Credentials)
}

// mutateCredentials changes everything that c could share with a copy.
func mutateCredentials(c *credential.Credentials) {
	c.SecondFactor.Secret, c.SecondFactor.RecoveryHashes[0][0] = store.NewSecret("mutated"), c.SecondFactor.RecoveryHashes[0][0]+1
	c.Invitation.TokenHash[0]++
	c.Invitation.ExpiresAt = time.Time{}
	c.Devices[0].TokenHash[0]++
	c.Devices[0].LastUsedAt = time.Time{}
}
