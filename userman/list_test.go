package userman_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

func (h *env) list(t testing.TB, q userman.Query) string {
	t.Helper()
	list, err := h.List(t.Context(), q)
	require.NoError(t, err)
	return strings.Join(usernames(list), " ")
}

func TestService_List_filtersAndSorts(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			h.createGroup(t, "Sales", nil)
			for _, u := range []*userman.User{
				{Username: "carol", Title: "Chief", CellPhone: "+49 170 12-34", DefaultExtension: "1003", ExternalID: "CRM-77"},
				{Username: "Alice", LastName: "Zander", Email: "alice@example.com", DefaultExtension: "1001", LinkedExtensions: []string{"2000"}, Groups: []string{"Sales"}},
				{Username: "bob", Department: "Dispatch", OtherEmails: []string{"robert@example.com"}, LinkedExtensions: []string{"1001", "2000"}, Disabled: true},
			} {
				h.clock.Advance(time.Minute)
				h.createUser(t, u, "")
			}
			for want, queries := range map[string][]userman.Query{
				"Alice bob carol": {{}, {Search: ""}},
				"carol bob Alice": {{Sort: store.Sort{Descending: true}}},
				"carol Alice bob": {{Sort: store.Sort{By: "created_at"}}},
				"bob Alice carol": {{Sort: store.Sort{By: "default_extension"}}},
				"Alice":           {{Search: "ZAND"}, {Search: "alice@"}, {Group: "sales"}, {Email: "ALICE@example.com"}},
				"carol":           {{Search: "chief"}, {Search: "1701234"}, {Search: "crm-77"}, {Extension: "1003"}},
				"bob":             {{Search: "robert@"}, {Search: "dispatch"}, {Status: userman.StatusDisabled}},
				"Alice bob":       {{Extension: "1001"}, {Extension: "2000"}, {Search: "2000"}},
				"Alice carol":     {{Status: userman.StatusEnabled}},
				"":                {{Search: "nobody"}, {Group: "Nobody"}, {Extension: "100"}, {Status: userman.StatusDeleted}},
			} {
				for _, q := range queries {
					require.Equal(t, want, h.list(t, q), "%+v", q)
				}
			}
			_, err := h.List(t.Context(), userman.Query{Sort: store.Sort{By: "password_hash"}})
			requireFieldErrors(t, err, "sort: oneof")
			_, err = h.List(t.Context(), userman.Query{Status: "gone"})
			requireFieldErrors(t, err, "status: oneof")
		})
	}
}

func TestService_Each_visitsEveryUserWithoutCredentials(t *testing.T) {
	t.Parallel()
	h := newService(t)
	for _, username := range []string{"jane", "joan", "june"} {
		h.createUser(t, newUser(username), goodPassword)
	}
	h.deleteUser(t, "joan")
	seen := map[string]bool{}
	last := ""
	require.NoError(t, h.Each(t.Context(), func(u *userman.User) error {
		require.Greater(t, u.ID, last)
		require.True(t, u.HasPassword)
		require.True(t, u.Credentials.PasswordHash.IsZero())
		seen[u.Username], last = true, string(u.ID)
		return nil
	}))
	require.Equal(t, map[string]bool{"jane": true, "june": true}, seen)
	enough := errors.New("enough")
	require.Equal(t, enough, h.Each(t.Context(), func(*userman.User) error { return enough }))
}

func TestService_Export_isRecordedBeforeTheFirstUser(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane"), goodPassword)
	stopped := errors.New("the client is gone")
	require.Equal(t, stopped, h.Export(t.Context(), func(u *userman.User) error {
		require.Equal(t, "jane", u.Username)
		require.Len(t, h.entries(t, audit.Query{Action: "export", Kind: userman.KindUser, Outcome: audit.Succeeded}), 1)
		return stopped
	}))
}
