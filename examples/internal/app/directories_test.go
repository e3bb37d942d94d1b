package app_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/internal/testservers/ldap"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/ldapdir"
)

// startLDAP starts a directory with one user.
func startLDAP(t *testing.T) *ldap.Server {
	t.Helper()
	return ldap.Start(t, &ldap.Options{LDIF: fmt.Sprintf(
		"dn: ou=people,%s\nobjectClass: organizationalUnit\n\ndn: uid=jane,ou=people,%[1]s\nobjectClass: inetOrgPerson\ncn: Jane\nsn: Roe\nuserPassword: %s\n", ldap.BaseDN, goodPassword)})
}

// ldapSettings are the settings of an installation with users from server.
func ldapSettings(t *testing.T, server *ldap.Server) app.Settings {
	t.Helper()
	settings := offlineSettings(t)
	settings.LDAP = app.LDAPSettings{
		Options: ldapdir.Options{
			URLs: []string{"ldap://127.0.0.1:1", server.TLSURL()}, Name: "head-office", BindDN: ldap.ReaderDN, BaseDN: "ou=people," + ldap.BaseDN,
		},
		CAFile:       writeFile(t, "ca.pem", string(server.Certificate.CertPEM)),
		PasswordFile: writeFile(t, "password", server.ReaderPassword),
	}
	return settings
}

func TestApp_Directories_syncsAndAuthenticatesLDAPUsers(t *testing.T) {
	t.Parallel()
	s := openApp(t, ldapSettings(t, startLDAP(t)))
	problem, err := s.CheckDirectory(t.Context(), "head-office")
	require.NoError(t, err)
	require.Empty(t, problem)
	_, err = s.Users.Sync(t.Context(), "head-office", s.Settings.SyncOptions())
	require.NoError(t, err)
	states, err := s.Directories(t.Context())
	require.NoError(t, err)
	require.Equal(t, []app.DirectoryState{{
		Name: "head-office", URL: "ldap://127.0.0.1:1 " + s.Settings.LDAP.URLs[1], BaseDN: "ou=people," + ldap.BaseDN, Users: 1,
		Capabilities: userman.Capabilities{Authenticate: true, Sync: true},
	}}, states)

	// The page of the administrators knows them as well.
	_, err = s.Users.AuthenticateService(t.Context(), "portal", "jane", store.NewSecret(goodPassword))
	require.NoError(t, err)
}

func TestApp_CheckDirectory_reportsProblem(t *testing.T) {
	t.Parallel()
	server := startLDAP(t)
	settings := ldapSettings(t, server)
	s := openApp(t, settings)
	server.Stop()
	problem, err := s.CheckDirectory(t.Context(), "head-office")
	require.NoError(t, err)
	require.Contains(t, problem, "The directory could not be read: ")
	require.Contains(t, problem, "--ldap-url")
	server.Restart(t)
	s.Settings = settings

	settings.LDAP.PasswordFile = writeFile(t, "password", "hush")
	problem, err = openApp(t, withOwnDatabase(t, settings)).CheckDirectory(t.Context(), "head-office")
	require.NoError(t, err)
	require.Contains(t, problem, "The directory could not be read: ")
	require.NotContains(t, problem, "hush")

	settings.LDAP = ldapSettings(t, server).LDAP
	settings.LDAP.Filter = "(uid=nobody)"
	problem, err = openApp(t, withOwnDatabase(t, settings)).CheckDirectory(t.Context(), "head-office")
	require.NoError(t, err)
	require.Contains(t, problem, "The directory contains no users")

	_, err = s.CheckDirectory(t.Context(), "ldap")
	require.ErrorIs(t, err, store.ErrNotFound)
	require.Contains(t, app.Hint(err), "--ldap-name")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.CheckDirectory(ended, "head-office")
	require.ErrorIs(t, err, context.Canceled)
}

// withOwnDatabase is settings with another database.
func withOwnDatabase(t *testing.T, settings app.Settings) app.Settings {
	t.Helper()
	settings.DB = offlineSettings(t).DB
	return settings
}

func TestApp_Directories_emptyWithoutLDAP(t *testing.T) {
	t.Parallel()
	states, err := openApp(t, offlineSettings(t)).Directories(t.Context())
	require.NoError(t, err)
	require.NotNil(t, states)
	require.Empty(t, states)
}
