package servertest

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// RecordsPassword is the password of all users and administrators of
// [Server.AddRecords].
const RecordsPassword = "plum-orbit-canyon-47"

// AddRecords adds a fixed set of records, which leave entries in the audit log:
// the administrators root.admin, who has full access, and desk.admin, who can
// manage the users of the extensions 100-199; two AMI accounts; three users in
// two groups; and an API token. It returns the ID of the token.
func (s *Server) AddRecords(t testing.TB) (tokenID string) {
	t.Helper()
	s.AddAdministrator(t, ampusers.Administrator{Username: "root.admin", DisplayName: "Root", Access: ampusers.Full}, RecordsPassword)
	reach, err := scope.ParseRanges("100-199")
	require.NoError(t, err)
	s.AddAdministrator(t, ampusers.Administrator{Username: "desk.admin", DisplayName: "Front desk", Sections: []string{app.SectionUsers}, Extensions: reach}, RecordsPassword)
	s.addManagers(t)
	s.addPeople(t)
	token, _, err := s.Site.Tokens.Create(t.Context(), "ada.first", &apitoken.Token{
		Description: "CRM", Modules: []string{"contacts", "history"}, Extensions: []string{"101"}, RequestsPerHour: 100,
		Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, ExpiresAt: time.Date(2099, 1, 31, 17, 0, 0, 0, time.UTC),
	})
	require.NoError(t, err)
	return string(token.ID)
}

func (s *Server) addManagers(t testing.TB) {
	t.Helper()
	local, err := manager.ParseNetwork("127.0.0.1")
	require.NoError(t, err)
	reads, err := manager.ParsePrivileges("call", "user")
	require.NoError(t, err)
	writes, err := manager.ParsePrivileges("originate")
	require.NoError(t, err)
	for _, u := range []manager.Account{
		{
			Name: "wallboard", Note: "Wallboard in the hall", Owner: "Facilities", Permit: []manager.Network{local},
			Read: reads, Write: writes, WriteTimeout: 500,
		},
		{Name: "dialer_ami", Disabled: true},
	} {
		u.Secret = store.NewSecret("not a secret at all")
		_, err := s.Site.AMIAccounts.Create(t.Context(), &u)
		require.NoError(t, err)
	}
}

func (s *Server) addPeople(t testing.TB) {
	t.Helper()
	users := s.Site.Users
	for _, g := range []userman.Group{
		{Name: "Everybody", Description: "All who work here", Default: true, Permissions: permission.Permissions{permission.XMPPLogin: permission.On()}},
		{Name: "Support", Priority: 10, Permissions: permission.Permissions{
			permission.HistoryRecordings: permission.On(), permission.HistoryExtensions: permission.Append("102", "103"), permission.PortalClickToDial: permission.Off(),
		}},
	} {
		_, err := users.Groups().Create(t.Context(), &g)
		require.NoError(t, err)
	}
	for _, u := range []userman.User{
		{
			Username: "ada.first", FirstName: "Ada", LastName: "First", Title: "Head of Support", Company: "Acme", Email: "ada@example.com",
			DefaultExtension: "101", LinkedExtensions: []string{"111", "112"}, Groups: []string{"Support"}, WorkPhone: "+49 30 1234-101",
			Permissions: permission.Permissions{permission.XMPPLogin: permission.Off(), permission.RESTUse: permission.On(), permission.SMSNumbers: permission.Set("+49301234101")},
		},
		{Username: "ben.second", DisplayName: "Ben", DefaultExtension: "102", Language: "de", Disabled: true},
		{Username: "eve.faraway", Email: "eve@example.org", DefaultExtension: "205", Groups: []string{"Support"}},
	} {
		_, err := users.Create(t.Context(), userman.NewUser{User: &u, Password: store.NewSecret(RecordsPassword)})
		require.NoError(t, err)
	}
}
