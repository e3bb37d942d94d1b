package userman_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func (h *house) list(t testing.TB, q userman.Query) string {
	t.Helper()
	list, err := h.List(t.Context(), q)
	require.NoError(t, err)
	return strings.Join(usernames(list), " ")
}

func TestPeopleAreSearchedInAllFieldsAndByExtension(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceOver(t, open(t), "")
			h.group(t, "Sales", nil)
			for _, u := range []*userman.User{
				{Username: "carol", Title: "Chief", CellPhone: "+49 170 12-34", DefaultExtension: "1003", ExternalID: "CRM-77"},
				{Username: "Alice", LastName: "Zander", Email: "alice@example.com", DefaultExtension: "1001", LinkedExtensions: []string{"2000"}, Groups: []string{"Sales"}},
				{Username: "bob", Department: "Dispatch", FurtherEmails: []string{"robert@example.com"}, LinkedExtensions: []string{"1001", "2000"}, Disabled: true},
			} {
				h.clock.Pass(time.Minute)
				h.add(t, u, "")
			}
			for want, queries := range map[string][]userman.Query{
				"Alice bob carol": {{}, {Search: ""}},
				"carol bob Alice": {{Order: store.Order{Descending: true}}},
				"carol Alice bob": {{Order: store.Order{By: "created_at"}}},
				"bob Alice carol": {{Order: store.Order{By: "default_extension"}}},
				"Alice":           {{Search: "ZAND"}, {Search: "alice@"}, {Group: "sales"}, {Email: "ALICE@example.com"}},
				"carol":           {{Search: "chief"}, {Search: "1701234"}, {Search: "crm-77"}, {Extension: "1003"}},
				"bob":             {{Search: "robert@"}, {Search: "dispatch"}, {Status: userman.Disabled}},
				"Alice bob":       {{Extension: "1001"}, {Extension: "2000"}, {Search: "2000"}},
				"Alice carol":     {{Status: userman.Enabled}},
				"":                {{Search: "nobody"}, {Group: "Nobody"}, {Extension: "100"}, {Status: userman.Deleted}},
			} {
				for _, q := range queries {
					require.Equal(t, want, h.list(t, q), "%+v", q)
				}
			}
			_, err := h.List(t.Context(), userman.Query{Order: store.Order{By: "password_hash"}})
			requireFields(t, err, "sort: oneof")
			_, err = h.List(t.Context(), userman.Query{Status: "gone"})
			requireFields(t, err, "status: oneof")
		})
	}
}

func TestAnExportHoldsEverybodyOnceWithoutCredentials(t *testing.T) {
	t.Parallel()
	h := newService(t)
	for _, username := range []string{"jane", "joan", "june"} {
		h.add(t, person(username), goodPassword)
	}
	h.remove(t, "joan")
	seen := map[string]bool{}
	last := ""
	require.NoError(t, h.Each(t.Context(), func(u *userman.User) error {
		require.Greater(t, u.ID, last)
		require.True(t, u.HasPassword)
		require.True(t, u.Credentials.PasswordHash.IsZero())
		seen[u.Username], last = true, u.ID
		return nil
	}))
	require.Equal(t, map[string]bool{"jane": true, "june": true}, seen)
	enough := errors.New("enough")
	require.Equal(t, enough, h.Each(t.Context(), func(*userman.User) error { return enough }))
}
