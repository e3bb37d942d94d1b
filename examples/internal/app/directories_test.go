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
	preset, _ := ldapdir.OpenLDAP.Preset()
	require.Equal(t, []app.DirectoryState{{
		Name: "head-office", Kind: ldapdir.OpenLDAP, URL: "ldap://127.0.0.1:1 " + s.Settings.LDAP.URLs[1], BaseDN: "ou=people," + ldap.BaseDN, Users: 1,
		Filter: preset.Filter, ExternalID: preset.ExternalID, Attributes: preset.Attributes, Capabilities: userman.Capabilities{Authenticate: true, Sync: true},
	}}, states)

	// The page of the administrators knows them as well.
	_, err = s.Users.AuthenticateService(t.Context(), "portal", "jane", store.NewSecret(goodPassword))
	require.NoError(t, err)
}

// The settings of attributes and groups count in a whole sync, and the state shows them.
func TestApp_Directories_settingsReachTheSync(t *testing.T) {
	t.Parallel()
	server := startLDAP(t)
	server.Add(t, "uid=john,ou=people,"+ldap.BaseDN, map[string][]string{
		"objectClass": {"inetOrgPerson"}, "cn": {"John"}, "sn": {"Doe"}, "title": {"Clerk"}, "pager": {"4002"}, "employeeNumber": {"e-2"}, "telephoneNumber": {"030 2"},
	})
	server.Add(t, "ou=groups,"+ldap.BaseDN, map[string][]string{"objectClass": {"organizationalUnit"}})
	for group, member := range map[string]string{"Inner": "uid=john,ou=people", "Outer": "cn=Inner,ou=groups", "Hidden": "uid=john,ou=people"} {
		server.Add(t, "cn="+group+",ou=groups,"+ldap.BaseDN, map[string][]string{"objectClass": {"groupOfNames"}, "member": {member + "," + ldap.BaseDN}})
	}
	settings := ldapSettings(t, server)
	settings.LDAP.AttributeMap = map[string]string{"default_extension": "pager", "title": "", "home_phone": "telephoneNumber"}
	settings.LDAP.ExternalID, settings.LDAP.Filter = "employeeNumber", "(employeeNumber=*)"
	settings.LDAP.GroupBaseDN, settings.LDAP.GroupFilter, settings.LDAP.NestedGroups = "ou=groups,"+ldap.BaseDN, "(!(cn=Hidden))", true
	s := openApp(t, settings)
	report, err := s.Users.Sync(t.Context(), "head-office", s.Settings.SyncOptions())
	require.NoError(t, err)
	require.Empty(t, report.Problems)
	require.Empty(t, report.Warnings)
	require.Equal(t, 1, report.Entries, "the filter")
	john, err := s.Users.Get(t.Context(), "john")
	require.NoError(t, err)
	require.Equal(t, "e-2", john.ExternalID)
	require.Equal(t, "4002", john.DefaultExtension)
	require.Equal(t, []string{"030 2", "030 2"}, []string{john.HomePhone, john.WorkPhone})
	require.Empty(t, john.Title)
	require.Equal(t, []string{"Inner", "Outer"}, john.Groups)
	_, err = s.Users.Update(t.Context(), "john", func(u *userman.User) error { u.Title = "Head"; return nil })
	require.NoError(t, err, "the directory does not own the title")
	_, err = s.Users.Update(t.Context(), "john", func(u *userman.User) error { u.HomePhone = "030 9"; return nil })
	require.ErrorIs(t, err, store.ErrConflict)

	states, err := s.Directories(t.Context())
	require.NoError(t, err)
	require.Len(t, states, 1)
	require.Equal(t, "pager", states[0].Attributes["default_extension"])
	require.NotContains(t, states[0].Attributes, "title")
	require.Equal(t, []any{"employeeNumber", "(!(cn=Hidden))", true}, []any{states[0].ExternalID, states[0].GroupFilter, states[0].NestedGroups})
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
	require.Contains(t, problem, "Check the servers")
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
