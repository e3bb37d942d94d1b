package site_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// goodPassword is one that the policy takes.
const goodPassword = "vier lila Ziegen am Deich"

// add makes a person who can log in.
func add(t *testing.T, s *site.Site, u userman.User) *userman.User {
	t.Helper()
	made, err := s.People.Create(t.Context(), userman.NewUser{User: &u, Password: store.NewSecret(goodPassword)})
	require.NoError(t, err)
	return made
}

func TestWhoLogsInWithAPersonsAccountIsToldSo_andNobodyElse(t *testing.T) {
	t.Parallel()
	s := open(t, offline(t))
	add(t, s, userman.User{Username: "jane", DefaultExtension: "1001"})
	add(t, s, userman.User{Username: "disabled", Disabled: true})
	add(t, s, userman.User{Username: "no.portal", Permissions: userman.Permissions{userman.PortalLogin: userman.Off()}})
	logIn := func(username, password string) *ampusers.LoginError {
		t.Helper()
		var refused *ampusers.LoginError
		_, err := s.Administrators.Authenticate(t.Context(), ampusers.Attempt{
			Username: username, Password: store.NewSecret(password), Source: "192.0.2.1",
		})
		require.ErrorAs(t, err, &refused)
		return refused
	}
	for _, username := range []string{"jane", "JANE", "disabled", "no.portal"} {
		refused := logIn(username, goodPassword)
		require.Equal(t, ampusers.OtherAccount, refused.Code, username)
		require.Contains(t, refused.Message, "This is a person's account: ")
	}
	require.Equal(t, ampusers.WrongPassword, logIn("jane", "a guess").Code)
	require.Equal(t, ampusers.WrongPassword, logIn("nobody", goodPassword).Code)
}

func TestAdministratorAndPersonAreSeparateRecords(t *testing.T) {
	t.Parallel()
	s := open(t, offline(t))
	const other = "drei blaue Deiche voller Schafe"
	_, err := s.Administrators.Create(t.Context(), &ampusers.Administrator{Username: "jane", Access: ampusers.Full}, store.NewSecret(other))
	require.NoError(t, err)
	add(t, s, userman.User{Username: "jane"})
	_, err = s.Administrators.Authenticate(t.Context(), ampusers.Attempt{Username: "jane", Password: store.NewSecret(other), Source: "192.0.2.1"})
	require.NoError(t, err)
	_, err = s.People.VerifyFor(t.Context(), "portal", "jane", store.NewSecret(goodPassword))
	require.NoError(t, err)
	require.NoError(t, s.People.Delete(t.Context(), "jane"))
	_, err = s.Administrators.Get(t.Context(), "jane")
	require.NoError(t, err)
}

func TestGuessesOnTheAdministratorsPageCountAsGuessesAtThePerson(t *testing.T) {
	t.Parallel()
	s := open(t, offline(t))
	add(t, s, userman.User{Username: "jane"})
	var err error
	for range 100 {
		_, err = s.Administrators.Authenticate(t.Context(), ampusers.Attempt{Username: "jane", Password: store.NewSecret("a guess"), Source: "192.0.2.1"})
		require.ErrorIs(t, err, store.ErrForbidden)
		if _, err = s.People.VerifyFor(t.Context(), "portal", "jane", store.NewSecret("a guess")); err != nil && !isLogin(err) {
			break
		}
	}
	require.ErrorIs(t, err, store.ErrThrottled)
	refused, err := s.Administrators.Authenticate(t.Context(), ampusers.Attempt{Username: "jane", Password: store.NewSecret(goodPassword), Source: "192.0.2.99"})
	require.Nil(t, refused)
	var said *ampusers.LoginError
	require.ErrorAs(t, err, &said)
	require.Equal(t, ampusers.WrongPassword, said.Code, "whoever must wait there learns nothing here")
}

func TestPeopleFor_narrowsAsTheAdministratorIs(t *testing.T) {
	t.Parallel()
	s := open(t, offline(t))
	for _, extension := range []string{"100", "200"} {
		add(t, s, userman.User{Username: "u" + extension, DefaultExtension: extension})
	}
	ranges, err := ampusers.ParseRanges("100-199")
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
			people := s.PeopleFor(&test.administrator)
			list, err := people.List(t.Context(), userman.Query{})
			require.NoError(t, err)
			reached := []string{}
			for _, u := range list.Items {
				reached = append(reached, u.Username)
			}
			require.Equal(t, test.reached, reached)
			if len(test.reached) < 2 {
				_, err = people.Get(t.Context(), "u200")
				require.ErrorIs(t, err, store.ErrForbidden)
			}
		})
	}
}

func TestTheTrailVouchesForPeopleGroupsAndTokens(t *testing.T) {
	t.Parallel()
	s := open(t, offline(t))
	add(t, s, userman.User{Username: "jane", DefaultExtension: "1001"})
	_, err := s.People.CreateGroup(t.Context(), &userman.Group{Name: "Sales"})
	require.NoError(t, err)
	require.NoError(t, s.People.AddMembers(t.Context(), "Sales", "jane"))
	_, _, err = s.People.CreateToken(t.Context(), "jane", &userman.Token{})
	require.NoError(t, err)
	found, err := s.Verify(t.Context())
	require.NoError(t, err)
	require.Empty(t, found.Problems)
	require.EqualValues(t, 3, found.Records)

	// What is put in behind its back is found, and can be adopted.
	now := found.Entries
	require.NoError(t, s.DB.People("").CreateUser(t.Context(), &userman.User{ID: "put-in-by-hand-0000000001", Username: "mallory"}))
	found, err = s.Verify(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, found.ProblemCount)
	require.Equal(t, now, found.Entries)
	adopted, err := s.Adopt(t.Context())
	require.NoError(t, err)
	require.Equal(t, []store.Reference{{Kind: "person", Key: "mallory"}}, adopted)
	found, err = s.Verify(t.Context())
	require.NoError(t, err)
	require.Empty(t, found.Problems)
}

// isLogin reports whether err is the refusal of a login.
func isLogin(err error) bool { return errors.As(err, new(*ampusers.LoginError)) }
