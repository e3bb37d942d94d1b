package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func userListRules() []rule {
	return []rule{
		{"no_users", noUsers},
		{"user_search_finds", userSearchFinds},
		{"phone_search_finds", phoneSearchFinds},
		{"users_filtered", usersFiltered},
		{"user_list_agrees", userListAgrees},
	}
}

// listUsernames returns the usernames of one page.
func listUsernames(t *testing.T, st userman.Store, q userman.Query) []string {
	t.Helper()
	list, err := st.ListUsers(t.Context(), q)
	require.NoError(t, err)
	return usernamesOf(list.Items)
}

func usernamesOf(users []*userman.User) []string {
	names := make([]string, len(users))
	for i, u := range users {
		names[i] = u.Username
	}
	return names
}

func noUsers(t *testing.T, b Backend) {
	for _, by := range append(userman.SortFields(), "") {
		list, err := b.Users("").ListUsers(t.Context(), userman.Query{Sort: store.Sort{By: by}})
		require.NoError(t, err)
		require.NotNil(t, list.Items, "JSON shows an empty list, not null")
		require.Empty(t, list.Items)
		require.Empty(t, list.Next)
	}
	require.Empty(t, allUsernames(t, b.Users("")))
}

func userSearchFinds(t *testing.T, b Backend) {
	st := b.Users("")
	for username, set := range map[string]func(u *userman.User){
		"josé":        func(u *userman.User) { u.Description, u.FirstName, u.LastName = "100% of_all", "Zoë", "van Straße" },
		"jane":        func(u *userman.User) { u.Company, u.Title = `back\slash "quoted" 'single'`, "two\nlines" },
		"王小明":         func(u *userman.User) { u.Department, u.DisplayName = "ÉCOLE", "小明" },
		"first.last+": func(u *userman.User) { u.Email, u.OtherEmails = "F@example.com", []string{"a@b.org", "c@d.net"} },
		"0815":        func(u *userman.User) { u.DefaultExtension, u.LinkedExtensions = "1001", []string{"2001", "2002"} },
		"phones":      func(u *userman.User) { setPhones(u, "771", "772", "773", "774") },
	} {
		u := newUser(username)
		u.DisplayName = ""
		set(u)
		require.NoError(t, st.CreateUser(t.Context(), u))
	}
	for search, want := range map[string][]string{
		"JOS": {"josé"}, "É": {"josé", "王小明"}, "jose\u0301": {"josé"}, "%": {"josé"}, "F_A": {"josé"}, "zoë VAN": {"josé"}, "STRASSE": {"josé"},
		"ANE": {"jane"}, `K\S`: {"jane"}, "'": {"jane"}, "two\nlines": {"jane"}, "two lines": {"jane"},
		"小": {"王小明"}, "école": {"王小明"}, "f@EXAMPLE": {"first.last+"}, "B.org": {"first.last+"}, "c@d": {"first.last+"}, "ｆirst": {"first.last+"},
		"1001": {"0815"}, "2002": {"0815"}, "001": {"0815"}, "771": {"phones"}, "772": {"phones"}, "773": {"phones"}, "774": {"phones"},
		"*": {}, "' OR 1=1 --": {}, "josé\n": {"josé"}, "strasse  ZOË": {"josé"}, "zoë jane": {}, "771772": {}, "20012002": {}, "zoëvan": {}, "id of": {},
	} {
		require.ElementsMatch(t, want, listUsernames(t, st, userman.Query{Search: search}), "search %q", search)
	}
}

func phoneSearchFinds(t *testing.T, b Backend) {
	st := b.Users("")
	for username, number := range map[string]string{"jane": "+49 (30) 123-45.67", "bob": "0301234568 ext 12", "eve": ""} {
		u := newUser(username)
		setPhones(u, "", number)
		require.NoError(t, st.CreateUser(t.Context(), u))
	}
	for search, want := range map[string][]string{
		"+49 30 1234567": {"jane"}, "1234567": {"jane"}, "123-45.67": {"jane"}, "123-45.6": {"bob", "jane"}, "(30) 12": {"bob", "jane"}, "030/12345-68": {"bob"},
		"12345-68 12": {"bob"}, "ext 12": {"bob"}, "+": {"jane"}, "1234567 x": {}, "49-31": {},
	} {
		require.Equal(t, want, listUsernames(t, st, userman.Query{Search: search}), "search %q", search)
	}
}

// createVariedUsers stores users that the filters distinguish.
func createVariedUsers(t *testing.T, st userman.Store) {
	t.Helper()
	createGroups(t, st, "Sales", "Größe")
	for username, set := range map[string]func(u *userman.User){
		"plain":    func(*userman.User) {},
		"disabled": func(u *userman.User) { u.Disabled, u.Groups = true, []string{"Sales"} },
		"deleted": func(u *userman.User) {
			u.DeletedAt, u.Groups, u.LinkedExtensions = noon(), []string{"Sales"}, []string{"1001"}
		},
		"gone":   func(u *userman.User) { u.DeletedAt, u.Disabled, u.Email = noon(), true, "Jane@Example.com" },
		"own":    func(u *userman.User) { u.DefaultExtension, u.Groups = "1001", []string{"Größe", "Sales"} },
		"shared": func(u *userman.User) { u.LinkedExtensions, u.WelcomedAt = []string{"1002", "1001"}, noon() },
		"mail": func(u *userman.User) {
			u.Credentials.PasswordHash, u.Email, u.OtherEmails = store.NewSecret("hash"), "jane@example.COM", []string{"other@example.com"}
		},
		"ldap": func(u *userman.User) { u.Directory, u.ExternalID = "ldap", "1" },
	} {
		u := newUser(username)
		set(u)
		require.NoError(t, st.CreateUser(t.Context(), u))
	}
}

func usersFiltered(t *testing.T, b Backend) {
	st := b.Users("")
	createVariedUsers(t, st)
	ldap, none := "ldap", ""
	for _, c := range []struct {
		q    userman.Query
		want []string
	}{
		{userman.Query{}, []string{"disabled", "ldap", "mail", "own", "plain", "shared"}},
		{userman.Query{Status: userman.StatusEnabled}, []string{"ldap", "mail", "own", "plain", "shared"}},
		{userman.Query{Status: userman.StatusDisabled}, []string{"disabled"}},
		{userman.Query{Status: userman.StatusDeleted}, []string{"deleted", "gone"}},
		{userman.Query{Status: "odd"}, []string{}},
		{userman.Query{Extension: "1001"}, []string{"own", "shared"}},
		{userman.Query{Extension: "1001", Status: userman.StatusDeleted}, []string{"deleted"}},
		{userman.Query{Extension: "100"}, []string{}},
		{userman.Query{Group: "SALES"}, []string{"disabled", "own"}},
		{userman.Query{Group: "GRÖSSE"}, []string{"own"}},
		{userman.Query{Group: "Sal"}, []string{}},
		{userman.Query{Group: "Sales", Status: userman.StatusDeleted}, []string{"deleted"}},
		{userman.Query{Group: "sales", Extension: "1001"}, []string{"own"}},
		{userman.Query{Email: "JANE@example.com"}, []string{"mail"}},
		{userman.Query{Email: "other@example.com"}, []string{}},
		{userman.Query{Email: "jane@example"}, []string{}},
		{userman.Query{Directory: &ldap}, []string{"ldap"}},
		{userman.Query{Directory: &none, Status: userman.StatusEnabled}, []string{"mail", "own", "plain", "shared"}},
		{userman.Query{NoPassword: true}, []string{"disabled", "own", "plain", "shared"}},
		{userman.Query{NoPassword: true, Status: userman.StatusEnabled}, []string{"own", "plain", "shared"}},
		{userman.Query{NotWelcomed: true, Status: userman.StatusEnabled}, []string{"ldap", "mail", "own", "plain"}},
		{userman.Query{Search: "a", Status: userman.StatusEnabled, Directory: &ldap, NotWelcomed: true}, []string{"ldap"}},
	} {
		require.Equal(t, c.want, listUsernames(t, st, c.q), "%+v", c.q)
	}
}

// userListAgrees runs random queries on a growing number of users.
func userListAgrees(t *testing.T, b Backend) {
	st := b.Users("")
	createGroups(t, st, "Sales", "Größe")
	users := []*userman.User{}
	rapid.Check(t, func(rt *rapid.T) {
		u := drawVariedUser(rt, len(users))
		require.NoError(rt, st.CreateUser(t.Context(), u))
		users = append(users, u)
		q := drawQuery(rt)
		want := []string{}
		for _, u := range users {
			if q.Match(u) {
				want = append(want, u.Username)
			}
		}
		q.Count = true
		list, err := st.ListUsers(t.Context(), q)
		require.NoError(rt, err)
		require.Equal(rt, want, usernamesOf(list.Items))
		require.Equal(rt, len(want), list.Total)
		requireTotals(rt, st, q, len(want))
	})
}

// requireTotals requires the total on all small pages, read forward and backward.
func requireTotals(t require.TestingT, st userman.Store, q userman.Query, want int) {
	read := func(page store.PageRequest) *store.Page[*userman.User] {
		page.Limit, page.Count = 2, true
		q.PageRequest = page
		list, err := st.ListUsers(context.Background(), q)
		require.NoError(t, err)
		require.Equal(t, want, list.Total, "%+v", q)
		return list
	}
	list := read(store.PageRequest{})
	for list.Next != "" {
		list = read(store.PageRequest{After: list.Next})
	}
	for list.Previous != "" {
		list = read(store.PageRequest{Before: list.Previous})
	}
}

func variedText() *rapid.Generator[string] {
	return rapid.StringOf(rapid.RuneFrom([]rune("aAbB%_\\ éÉİıßẞσςΣK\u212aﬀ'\"\n\u0301😀12+-(")))
}

// drawVariedUser draws the i-th user: they are sorted by i.
func drawVariedUser(t *rapid.T, i int) *userman.User {
	text, extensions := variedText(), rapid.SampledFrom([]string{"11", "12", "112"})
	u := newUser(fmt.Sprintf("%04d", i) + text.Draw(t, "username"))
	for _, field := range []*string{&u.Description, &u.FirstName, &u.LastName, &u.Email, &u.Title} {
		*field = text.Draw(t, "text")
	}
	setPhones(u, text.Draw(t, "phone"))
	u.Directory = rapid.SampledFrom([]string{"", "ldap"}).Draw(t, "directory")
	u.LinkedExtensions = rapid.SliceOfN(extensions, 0, 2).Draw(t, "linked_extensions")
	u.Groups = rapid.SliceOfDistinct(rapid.SampledFrom([]string{"Sales", "Größe"}), rapid.ID[string]).Draw(t, "groups")
	u.Disabled = rapid.Bool().Draw(t, "disabled")
	for _, at := range []*time.Time{&u.WelcomedAt, &u.DeletedAt} {
		if rapid.Bool().Draw(t, "at all") {
			*at = noon()
		}
	}
	return u
}

func drawQuery(t *rapid.T) userman.Query {
	q := userman.Query{
		Search:      rapid.OneOf(rapid.Just(""), variedText()).Draw(t, "search"),
		Extension:   rapid.SampledFrom([]string{"", "", "11", "12", "1"}).Draw(t, "extension"),
		Group:       rapid.SampledFrom([]string{"", "", "sales", "GRÖSSE", "none"}).Draw(t, "group"),
		Email:       rapid.OneOf(rapid.Just(""), variedText()).Draw(t, "email"),
		Status:      rapid.SampledFrom([]userman.Status{"", userman.StatusEnabled, userman.StatusDisabled, userman.StatusDeleted, "odd"}).Draw(t, "status"),
		NotWelcomed: rapid.Bool().Draw(t, "not_welcomed"),
		NoPassword:  rapid.Bool().Draw(t, "no_password"),
		Sort:        store.Sort{By: rapid.SampledFrom([]string{"", "created_at"}).Draw(t, "by")}, // of equal times the key decides
		PageRequest: store.PageRequest{Limit: store.MaxPageLimit},
	}
	if rapid.Bool().Draw(t, "of a directory") {
		directory := rapid.SampledFrom([]string{"", "ldap"}).Draw(t, "directory")
		q.Directory = &directory
	}
	return q
}

// createGroups stores groups with these names.
func createGroups(t *testing.T, st userman.Store, names ...string) {
	t.Helper()
	require.NoError(t, st.RunInTx(t.Context(), func(ctx context.Context) error {
		for _, name := range names {
			if err := st.CreateGroup(ctx, newGroup(name)); err != nil {
				return err
			}
		}
		return nil
	}))
}
