package app_test

import (
	"crypto/rand"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// goodPassword is one that the policy takes.
const goodPassword = "vier lila Ziegen am Deich"

// addUser creates a user who can log in.
func addUser(t *testing.T, s *app.App, u userman.User) *userman.User {
	t.Helper()
	created, err := s.Users.Create(t.Context(), userman.NewUser{User: &u, Password: store.NewSecret(goodPassword)})
	require.NoError(t, err)
	return created
}

func TestLogin_userAccountRejectedWithHint(t *testing.T) {
	t.Parallel()
	s := openApp(t, offlineSettings(t))
	addUser(t, s, userman.User{Username: "jane", DefaultExtension: "1001"})
	addUser(t, s, userman.User{Username: "disabled", Disabled: true})
	addUser(t, s, userman.User{Username: "no.portal", Permissions: permission.Permissions{permission.PortalLogin: permission.Off()}})
	logIn := func(username, password string) *credential.LoginError {
		t.Helper()
		var loginErr *credential.LoginError
		_, err := s.Administrators.Authenticate(t.Context(), credential.LoginAttempt{
			Username: username, Password: store.NewSecret(password), RemoteAddr: netip.MustParseAddr("192.0.2.1"),
		})
		require.ErrorAs(t, err, &loginErr)
		return loginErr
	}
	for _, username := range []string{"jane", "JANE", "disabled", "no.portal"} {
		loginErr := logIn(username, goodPassword)
		require.Equal(t, credential.WrongAccountType, loginErr.Code, username)
		require.Contains(t, loginErr.Message, "This is a user account: ")
	}
	require.Equal(t, credential.InvalidCredentials, logIn("jane", "a guess").Code)
	require.Equal(t, credential.InvalidCredentials, logIn("nobody", goodPassword).Code)
}

func TestLogin_administratorAndUserAreSeparate(t *testing.T) {
	t.Parallel()
	s := openApp(t, offlineSettings(t))
	const other = "drei blaue Deiche voller Schafe"
	_, err := s.Administrators.Create(t.Context(), &ampusers.Administrator{Username: "jane", Access: ampusers.Full}, store.NewSecret(other))
	require.NoError(t, err)
	addUser(t, s, userman.User{Username: "jane"})
	_, err = s.Administrators.Authenticate(t.Context(), credential.LoginAttempt{Username: "jane", Password: store.NewSecret(other), RemoteAddr: netip.MustParseAddr("192.0.2.1")})
	require.NoError(t, err)
	_, err = s.Users.AuthenticateService(t.Context(), "portal", "jane", store.NewSecret(goodPassword))
	require.NoError(t, err)
	require.NoError(t, s.Users.Delete(t.Context(), "jane"))
	_, err = s.Administrators.Get(t.Context(), "jane")
	require.NoError(t, err)
}

func TestLogin_administratorAttemptsCountForUser(t *testing.T) {
	t.Parallel()
	s := openApp(t, offlineSettings(t))
	addUser(t, s, userman.User{Username: "jane"})
	var err error
	for range 100 {
		_, err = s.Administrators.Authenticate(t.Context(), credential.LoginAttempt{Username: "jane", Password: store.NewSecret("a guess"), RemoteAddr: netip.MustParseAddr("192.0.2.1")})
		require.ErrorIs(t, err, store.ErrForbidden)
		if _, err = s.Users.AuthenticateService(t.Context(), "portal", "jane", store.NewSecret("a guess")); err != nil && !isLoginError(err) {
			break
		}
	}
	require.ErrorIs(t, err, store.ErrRateLimited)
	admin, err := s.Administrators.Authenticate(t.Context(), credential.LoginAttempt{Username: "jane", Password: store.NewSecret(goodPassword), RemoteAddr: netip.MustParseAddr("192.0.2.99")})
	require.Nil(t, admin)
	var loginErr *credential.LoginError
	require.ErrorAs(t, err, &loginErr)
	require.Equal(t, credential.InvalidCredentials, loginErr.Code, "a rate-limited login gives no information")
}

// createAdministrator creates an administrator with a username of its own.
func createAdministrator(t *testing.T, s *app.App, a *ampusers.Administrator) *ampusers.Administrator {
	t.Helper()
	a.Username = "admin-" + strings.ToLower(rand.Text())
	created, err := s.Administrators.Create(t.Context(), a, store.Secret{})
	require.NoError(t, err)
	return created
}

func TestApp_UsersFor_readsAdministratorAgain(t *testing.T) {
	t.Parallel()
	s := openApp(t, offlineSettings(t))
	addUser(t, s, userman.User{Username: "u200", DefaultExtension: "200"})
	a := createAdministrator(t, s, &ampusers.Administrator{Access: ampusers.Limited})
	users := s.UsersFor(a)
	_, err := users.Get(t.Context(), "u200")
	require.NoError(t, err)
	_, err = s.Administrators.Update(t.Context(), a.Username, func(a *ampusers.Administrator) (err error) {
		a.Extensions, err = scope.ParseRanges("100-199")
		return err
	})
	require.NoError(t, err)
	_, err = users.Disable(t.Context(), "u200")
	require.ErrorIs(t, err, store.ErrForbidden)
	_, err = s.Administrators.Disable(t.Context(), a.Username)
	require.NoError(t, err)
	_, err = users.List(t.Context(), userman.Query{})
	require.ErrorIs(t, err, store.ErrForbidden)
}

func TestApp_UsersFor_limitsScopeToAdministrator(t *testing.T) {
	t.Parallel()
	s := openApp(t, offlineSettings(t))
	for _, extension := range []string{"100", "200"} {
		addUser(t, s, userman.User{Username: "u" + extension, DefaultExtension: extension})
	}
	ranges, err := scope.ParseRanges("100-199")
	require.NoError(t, err)
	for name, test := range map[string]struct {
		administrator ampusers.Administrator
		reached       []string
	}{
		"full":               {ampusers.Administrator{Access: ampusers.Full}, []string{"u100", "u200"}},
		"not narrowed":       {ampusers.Administrator{Access: ampusers.Limited}, []string{"u100", "u200"}},
		"the default team":   {ampusers.Administrator{Access: ampusers.Limited, Teams: []string{"", "acme"}}, []string{"u100", "u200"}},
		"extensions":         {ampusers.Administrator{Access: ampusers.Limited, Extensions: ranges}, []string{"u100"}},
		"teams":              {ampusers.Administrator{Access: ampusers.Limited, Teams: []string{"acme"}}, []string{}},
		"teams and numbers":  {ampusers.Administrator{Access: ampusers.Limited, Teams: []string{"acme"}, Extensions: ranges}, []string{}},
		"extensions of ours": {ampusers.Administrator{Access: ampusers.Limited, Teams: []string{""}, Extensions: ranges}, []string{"u100"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			users := s.UsersFor(createAdministrator(t, s, &test.administrator))
			list, err := users.List(t.Context(), userman.Query{})
			require.NoError(t, err)
			usernames := []string{}
			for _, u := range list.Items {
				usernames = append(usernames, u.Username)
			}
			require.Equal(t, test.reached, usernames)
			if len(test.reached) < 2 {
				_, err = users.Get(t.Context(), "u200")
				require.ErrorIs(t, err, store.ErrForbidden)
			}
		})
	}
}

func TestApp_VerifyAudit_coversUsersGroupsAndTokens(t *testing.T) {
	t.Parallel()
	s := openApp(t, offlineSettings(t))
	addUser(t, s, userman.User{Username: "jane", DefaultExtension: "1001"})
	_, err := s.Users.Groups().Create(t.Context(), &userman.Group{Name: "Sales"})
	require.NoError(t, err)
	require.NoError(t, s.Users.Groups().AddMembers(t.Context(), "Sales", "jane"))
	_, _, err = s.Tokens.Create(t.Context(), "jane", &apitoken.Token{})
	require.NoError(t, err)
	found, err := s.VerifyAudit(t.Context())
	require.NoError(t, err)
	require.Empty(t, found.Findings)
	require.EqualValues(t, 3, found.Records)

	// What is put in behind its back is found, and can be adopted.
	now := found.Entries
	require.NoError(t, s.DB.Users("").CreateUser(t.Context(), &userman.User{ID: "put-in-by-hand-0000000001", Username: "mallory"}))
	found, err = s.VerifyAudit(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, found.FindingCount)
	require.Equal(t, now, found.Entries)
	adopted, err := s.BaselineAudit(t.Context())
	require.NoError(t, err)
	require.Equal(t, []store.Reference{{Kind: "user", Key: "mallory"}}, adopted)
	found, err = s.VerifyAudit(t.Context())
	require.NoError(t, err)
	require.Empty(t, found.Findings)
}

// isLoginError reports whether err rejects a login.
func isLoginError(err error) bool { return errors.As(err, new(*credential.LoginError)) }
