package site_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/internal/peers/ldap"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// office is a directory with one person.
func office(t *testing.T) *ldap.Server {
	t.Helper()
	return ldap.Start(t, &ldap.Options{LDIF: fmt.Sprintf(
		"dn: ou=people,%s\nobjectClass: organizationalUnit\n\ndn: uid=jane,ou=people,%[1]s\nobjectClass: inetOrgPerson\ncn: Jane\nsn: Roe\nuserPassword: %s\n", ldap.BaseDN, goodPassword)})
}

// synced are the settings of a site whose people come from server.
func synced(t *testing.T, server *ldap.Server) site.Settings {
	t.Helper()
	settings := offline(t)
	settings.LDAP = site.LDAPSettings{
		URLs: []string{"ldap://127.0.0.1:1", server.TLSURL()}, Name: "head-office", CAFile: file(t, "ca.pem", string(server.Certificate.PEM)),
		BindDN: ldap.ReaderDN, PasswordFile: file(t, "password", server.ReaderPassword), BaseDN: "ou=people," + ldap.BaseDN,
	}
	return settings
}

func TestPeopleComeFromTheDirectoryOfTheSettings(t *testing.T) {
	t.Parallel()
	s := open(t, synced(t, office(t)))
	problem, err := s.TestDirectory(t.Context(), "head-office")
	require.NoError(t, err)
	require.Empty(t, problem)
	_, err = s.People.Sync(t.Context(), "head-office", s.Settings.SyncOptions())
	require.NoError(t, err)
	states, err := s.Directories(t.Context())
	require.NoError(t, err)
	require.Equal(t, []site.DirectoryState{{
		Name: "head-office", URL: "ldap://127.0.0.1:1 " + s.Settings.LDAP.URLs[1], BaseDN: "ou=people," + ldap.BaseDN, People: 1,
		Abilities: userman.Abilities{Authenticate: true, Sync: true},
	}}, states)

	// The page of the administrators knows them as well.
	_, err = s.People.VerifyFor(t.Context(), "portal", "jane", store.NewSecret(goodPassword))
	require.NoError(t, err)
}

func TestADirectoryThatCannotBeReadSaysWhy(t *testing.T) {
	t.Parallel()
	server := office(t)
	settings := synced(t, server)
	s := open(t, settings)
	server.Stop()
	problem, err := s.TestDirectory(t.Context(), "head-office")
	require.NoError(t, err)
	require.Contains(t, problem, "The directory could not be read: ")
	require.Contains(t, problem, "--ldap-url")
	server.Restart(t)
	s.Settings = settings

	settings.LDAP.PasswordFile = file(t, "password", "hush")
	problem, err = open(t, withOwnDatabase(t, settings)).TestDirectory(t.Context(), "head-office")
	require.NoError(t, err)
	require.Contains(t, problem, "The directory could not be read: ")
	require.NotContains(t, problem, "hush")

	settings.LDAP = synced(t, server).LDAP
	settings.LDAP.Filter = "(uid=nobody)"
	problem, err = open(t, withOwnDatabase(t, settings)).TestDirectory(t.Context(), "head-office")
	require.NoError(t, err)
	require.Contains(t, problem, "nobody was found in it")

	_, err = s.TestDirectory(t.Context(), "ldap")
	require.ErrorIs(t, err, store.ErrNotFound)
	require.Contains(t, site.WayOut(err), "--ldap-name")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.TestDirectory(ended, "head-office")
	require.ErrorIs(t, err, context.Canceled)
}

// withOwnDatabase is settings with another database.
func withOwnDatabase(t *testing.T, settings site.Settings) site.Settings {
	t.Helper()
	settings.DB = offline(t).DB
	return settings
}

func TestWithoutADirectoryTheListIsEmpty(t *testing.T) {
	t.Parallel()
	states, err := open(t, offline(t)).Directories(t.Context())
	require.NoError(t, err)
	require.NotNil(t, states)
	require.Empty(t, states)
}
