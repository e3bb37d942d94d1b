package web_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

func TestPages_accountListShowsWhatMatters(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	form := crmAccountForm()
	b.postRedirect("/ami-accounts/new", form)
	page := b.get("/ami-accounts", http.StatusOK)
	require.Contains(t, page, ">not live<", "it is not applied yet")
	require.NotContains(t, page, "root-equivalent")

	b.postRedirect("/config/apply", nil)
	b.waitForRun()
	form.Set("name", "console")
	form["write"] = []string{"command", "call"}
	b.postRedirect("/ami-accounts/new", form)
	b.postRedirect("/ami-accounts/console/disable", nil)
	page = b.get("/ami-accounts", http.StatusOK)
	require.NotContains(t, page, ">not live<", "the other one is applied, and this one is not to be")
	require.Contains(t, page, ">disabled<")
	require.Contains(t, page, `root-equivalent<span class="visually-hidden"> by command in write</span>`)
}

func TestPages_administratorListShowsMissingSecondFactor(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	require.Contains(t, b.get("/administrators", http.StatusOK), ">no second factor<")
	b.postRedirect("/administrators/new", url.Values{"username": {"limited"}, "access": {string(ampusers.Limited)}, "sections": {ampusers.SectionApply}})
	require.Contains(t, b.get("/administrators?search=limited", http.StatusOK), ">no password<")
}

// hrefOf returns the address of the link with that attribute.
func hrefOf(page, attribute string) string {
	before, _, found := strings.Cut(page, attribute)
	if !found {
		return ""
	}
	before = before[strings.LastIndex(before, `href="`)+len(`href="`):]
	href, _, _ := strings.Cut(before, `"`)
	return html.UnescapeString(href)
}

// rangeOf returns the range that a list shows.
func rangeOf(page string) string {
	_, text, _ := strings.Cut(page, `id="range">`)
	text, _, _ = strings.Cut(text, "<")
	return text
}

func TestPages_listShowsRangeBothWays(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	require.NoError(t, b.server.Site.DB.RunInTx(t.Context(), func(ctx context.Context) error {
		for i := range 60 {
			u := &userman.User{ID: store.UserID(strconv.Itoa(i)), Username: fmt.Sprintf("user.%02d", i), LastName: "Roe"}
			if err := b.server.Site.DB.Users("").CreateUser(ctx, u); err != nil {
				return err
			}
		}
		return nil
	}))
	page := b.get("/users?limit=25&sort=-last_name&search=roe", http.StatusOK)
	require.Equal(t, "1–25 of 60", rangeOf(page))
	require.Empty(t, hrefOf(page, `rel="prev"`))
	page = b.get(hrefOf(page, `rel="next"`), http.StatusOK)
	require.Equal(t, "26–50 of 60", rangeOf(page))
	last := b.get(hrefOf(page, `rel="next"`), http.StatusOK)
	require.Equal(t, "51–60 of 60", rangeOf(last))
	require.Empty(t, hrefOf(last, `rel="next"`))
	page = b.get(hrefOf(last, `rel="prev"`), http.StatusOK)
	require.Equal(t, "26–50 of 60", rangeOf(page))
	require.Contains(t, page, ">user.34<")

	require.NoError(t, b.server.Site.DB.Users("").DeleteUser(t.Context(), "59"))
	first := b.get(hrefOf(page, `rel="prev"`), http.StatusOK)
	require.Equal(t, "1–24 of 59", rangeOf(first), "one was deleted since")
	page = b.get(hrefOf(first, `rel="next"`), http.StatusOK)
	require.Equal(t, "25–49 of 59", rangeOf(page))
	require.Contains(t, page, `href="/users?limit=100&amp;search=roe&amp;sort=-last_name#rows" data-list="page">100<`)

	b.get("/users?limit=7&at=-3&after=x", http.StatusBadRequest)
	require.Equal(t, "1–50 of 59", rangeOf(b.get("/users?limit=7&at=99999999999999999999", http.StatusOK)))
}

func TestPages_listExportsWhatItShows(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe", Title: "=1+1"})
	b.createUser(userman.User{Username: "john.roe", Disabled: true})
	page := b.get("/users?status=enabled&sort=-username", http.StatusOK)
	response, text := b.server.Get(t, b.client, hrefOf(page, " download"))
	require.Equal(t, "text/csv; charset=utf-8; header=present", response.Header.Get("Content-Type"))
	require.Equal(t, `attachment; filename="users.csv"`, response.Header.Get("Content-Disposition"))
	require.Contains(t, text, "jane.roe")
	require.Contains(t, text, "'=1+1", "no formula")
	require.NotContains(t, text, "john.roe")
	require.Contains(t, b.get("/audit?action=export", http.StatusOK), "export")
	for path, want := range map[string]string{"/administrators/export": "root.admin", "/ami-accounts/export": "name,", "/groups/export": "priority"} {
		_, text := b.server.Get(t, b.client, path)
		require.Contains(t, text, want, path)
	}
	b.get("/users/export?sort=secret", http.StatusBadRequest)
}

func TestPages_bulkActionReportsWhatFailed(t *testing.T) {
	t.Parallel()
	b := start(t, &servertest.Options{Users: func(o *userman.Options) {
		o.References = []func(context.Context, *userman.User) ([]store.Reference, error){
			func(_ context.Context, u *userman.User) ([]store.Reference, error) {
				if u.Username != "john.roe" {
					return nil, nil
				}
				return []store.Reference{{Kind: "call flow", Key: "night"}}, nil
			},
		}
	}})
	jane, john := b.createUser(userman.User{Username: "jane.roe"}), b.createUser(userman.User{Username: "john.roe"})
	both := url.Values{"do": {"disable"}, "selected": {string(jane.ID), string(john.ID)}, "back": {"/users?search=roe"}}
	require.Equal(t, "/users?search=roe", b.postRedirect("/users/bulk", both))
	require.Contains(t, b.get("/users", http.StatusOK), "2 users disabled.")
	require.True(t, b.user("john.roe").Disabled)

	both.Set("do", "delete")
	page := b.post("/users/bulk", both, http.StatusOK)
	require.Contains(t, page, "Cannot be deleted: call flow night uses this user.")
	require.NotEmpty(t, b.user("jane.roe").ID, "nobody is deleted yet")
	both.Set("confirmed", b.hiddenValue(page, "confirmed"))
	page = b.post("/users/bulk", both, http.StatusOK)
	require.Contains(t, page, "1 of 2 failed")
	require.Contains(t, page, "1 user deleted.")
	require.Contains(t, page, ">john.roe</a>")
	b.get("/users/jane.roe", http.StatusNotFound)
	b.get("/users/john.roe", http.StatusOK)

	require.Equal(t, "/users", b.postRedirect("/users/bulk", url.Values{"do": {"enable"}, "back": {"https://evil.example"}}))
	require.Contains(t, b.get("/users", http.StatusOK), "Select at least one user first.")
	b.post("/users/bulk", url.Values{"do": {"nonsense"}}, http.StatusConflict)
	both["selected"] = make([]string, 201)
	b.post("/users/bulk", both, http.StatusConflict)
}

func TestPages_bulkActionIsLimitedToScope(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	inside, outside := b.createUser(userman.User{Username: "inside", DefaultExtension: "4001"}), b.createUser(userman.User{Username: "outside", DefaultExtension: "5001"})
	_, err := b.server.Site.Users.Groups().Create(t.Context(), &userman.Group{Name: "Sales"})
	require.NoError(t, err)
	ranges, err := scope.ParseRanges("4000-4999")
	require.NoError(t, err)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "front.desk", Sections: []string{app.SectionUsers, app.SectionGroups}, Extensions: ranges}, password)
	desk := b.loginAs("front.desk")
	selected := []string{string(inside.ID), string(outside.ID)}
	for _, form := range []url.Values{{"do": {"disable"}}, {"do": {"group"}, "to-group": {"Sales"}}, {"do": {"welcome"}}} {
		form["selected"] = selected
		require.NotContains(t, desk.post("/users/bulk", form, http.StatusOK), ">outside<", "%v", form)
	}
	require.True(t, b.user("inside").Disabled)
	require.Equal(t, []string{"Sales"}, b.user("inside").Groups)
	require.False(t, b.user("outside").Disabled)
	require.Empty(t, b.user("outside").Groups)

	require.NotContains(t, desk.get("/groups", http.StatusOK), `name="selected"`, "they change no group")
	page := desk.post("/groups/bulk", url.Values{"do": {"delete"}, "selected": {"Sales"}}, http.StatusOK)
	page = desk.post("/groups/bulk", url.Values{"do": {"delete"}, "selected": {"Sales"}, "confirmed": {b.hiddenValue(page, "confirmed")}}, http.StatusOK)
	require.Contains(t, page, "1 of 1 failed")
	b.get("/groups/Sales", http.StatusOK)
}

func TestPages_bulkActionsOfOtherRecords(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.postRedirect("/ami-accounts/new", crmAccountForm())
	form := url.Values{"do": {"disable"}, "selected": {"crmpro_ami"}}
	b.postRedirect("/ami-accounts/bulk", form)
	require.Contains(t, b.get("/ami-accounts", http.StatusOK), ">disabled<")
	form.Set("do", "delete")
	form.Set("confirmed", b.hiddenValue(b.post("/ami-accounts/bulk", form, http.StatusOK), "confirmed"))
	b.postRedirect("/ami-accounts/bulk", form)
	require.Contains(t, b.get("/ami-accounts", http.StatusOK), "There are no AMI accounts yet.")

	page := b.post("/administrators/bulk", url.Values{"do": {"disable"}, "selected": {"root.admin"}}, http.StatusOK)
	require.Contains(t, page, "last", "the last full administrator stays")
}

// A list of 50 users is at most 20 kB compressed. Pages are not compressed: they have
// secrets, which the length of a compressed page can reveal (BREACH).
func TestPages_userListIsSmall(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	for i := range 20 {
		_, err := b.server.Site.Users.Groups().Create(t.Context(), &userman.Group{Name: fmt.Sprintf("Department %d", i)})
		require.NoError(t, err)
	}
	require.NoError(t, b.server.Site.DB.RunInTx(t.Context(), func(ctx context.Context) error {
		for i := range 60 {
			u := &userman.User{
				ID: store.UserID(rand.Text()), Username: fmt.Sprintf("first.last%d", i), FirstName: rand.Text()[:8], LastName: rand.Text()[:10], DefaultExtension: strconv.Itoa(1000 + i),
				Email: rand.Text()[:12] + "@example.com", Groups: []string{fmt.Sprintf("Department %d", i%20), fmt.Sprintf("Department %d", i%7)}[:1+i%2], LastLoginAt: time.Unix(int64(1_700_000_000+i*7919), 0),
			}
			if err := b.server.Site.DB.Users("").CreateUser(ctx, u); err != nil {
				return err
			}
		}
		return nil
	}))
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	_, err := w.Write([]byte(b.get("/users", http.StatusOK)))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	t.Logf("%d bytes", compressed.Len())
	require.Less(t, compressed.Len(), 20_000)
}

func TestPages_listSaysHowManyMatch(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	for _, name := range []string{"jane.roe", "john.roe", "ann.doe"} {
		b.createUser(userman.User{Username: name})
	}
	require.Contains(t, b.get("/users", http.StatusOK), `id="list-count">3 users<`)
	require.Contains(t, b.get("/users?search=roe", http.StatusOK), `id="list-count">2 of 3 users match<`)
	require.Contains(t, b.get("/users?search=ann&status=enabled", http.StatusOK), `id="list-count">1 of 3 users matches<`)
	page := b.get("/users?search=zoe&status=enabled", http.StatusOK)
	require.Contains(t, page, `id="list-count">Nothing matches<`)
	require.Contains(t, page, `<a class="btn" href="/users?search=zoe" data-list="clear">Clear</a>`, "the search stays")

	require.NoError(t, b.server.Site.Users.Delete(t.Context(), "ann.doe"))
	page = b.get("/users?status=deleted&search=zoe", http.StatusOK)
	require.NotContains(t, page, "Remove filter", "the list shows deleted users")
	require.Contains(t, page, `href="/users?status=deleted" data-list="clear">Clear search and filters<`)
}

func TestPages_bulkActionAsksPlainly(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	jane, john := b.createUser(userman.User{Username: "jane.roe", FirstName: "Jane", LastName: "Roe", DefaultExtension: "4001"}), b.createUser(userman.User{Username: "john.roe"})
	_, err := b.server.Site.Users.Groups().Create(t.Context(), &userman.Group{Name: "Sales"})
	require.NoError(t, err)
	list := b.get("/users", http.StatusOK)
	require.Contains(t, list, `aria-label="Select Jane Roe, jane.roe"`)
	require.Contains(t, list, `<option value="">Group…</option>`)
	require.Contains(t, list, ">Add to group</button>")
	require.Contains(t, list, ">Remove from group</button>")
	require.Equal(t, 1, strings.Count(list, `name="to-group"`), "both take the same group")

	form := url.Values{"do": {"delete"}, "selected": {string(jane.ID)}}
	page := b.post("/users/bulk", form, http.StatusOK)
	require.Contains(t, page, "<h1>Delete Jane Roe?</h1>")
	require.Contains(t, page, "jane.roe, extension 4001")
	require.Contains(t, page, ">Delete 1 user</button>")
	require.Contains(t, page, `data-guard="off"`, "Cancel leaves without a question")
	form.Add("selected", string(john.ID))
	page = b.post("/users/bulk", form, http.StatusOK)
	require.Contains(t, page, "<h1>Delete 2 users?</h1>")
	require.Contains(t, page, "You can restore deleted users")

	b.postRedirect("/users/bulk", url.Values{"do": {"group"}, "to-group": {""}, "selected": {string(jane.ID)}})
	require.Contains(t, b.get("/users", http.StatusOK), "Choose a group first.")
	require.Empty(t, b.user("jane.roe").Groups)
}

func TestPages_bulkActionIsUndone(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createGroup(userman.Group{Name: "Sales"})
	ann, jane := b.createUser(userman.User{Username: "ann", Groups: []string{"Sales"}, Disabled: true}), b.createUser(userman.User{Username: "jane"})
	john := b.createUser(userman.User{Username: "john"})
	form := url.Values{"to-group": {"Sales"}, "selected": {string(ann.ID), string(jane.ID), string(john.ID)}, "back": {"/users?limit=25"}}
	states := func() string {
		var text strings.Builder
		for _, name := range []string{"ann", "jane", "john"} {
			u := b.user(name)
			fmt.Fprintf(&text, "%s %t %v ", name, u.Disabled, u.Groups)
		}
		return text.String()
	}
	for _, c := range []struct{ do, done, undone, result string }{
		{"disable", "2 users disabled, 1 already was.", "2 users enabled.", "ann true [Sales] jane true [] john true [] "},
		{"enable", "1 user enabled, 2 already were.", "1 user disabled.", "ann false [Sales] jane false [] john false [] "},
		{"group", "2 users added to Sales, 1 was already a member.", "2 users removed from Sales.", "ann true [Sales] jane false [Sales] john false [Sales] "},
		{"ungroup", "1 user removed from Sales, 2 were not members.", "1 user added to Sales.", "ann true [] jane false [] john false [] "},
	} {
		before := states()
		form.Set("do", c.do)
		require.Equal(t, "/users?limit=25", b.postRedirect("/users/bulk", form))
		page := b.get("/users?limit=25", http.StatusOK)
		require.Contains(t, page, ">"+c.done+"<")
		require.Equal(t, c.result, states())
		require.Equal(t, "/users?limit=25", b.undo(page))
		page = b.get("/users?limit=25", http.StatusOK)
		require.Contains(t, page, ">Undone. "+c.undone+"<")
		require.Equal(t, before, states(), c.do)
	}
	form["selected"] = []string{string(ann.ID)}
	form.Set("do", "disable")
	page := b.get(b.postRedirect("/users/bulk", form), http.StatusOK)
	require.Contains(t, page, ">No users disabled, 1 already was.<")
	require.NotContains(t, toastPattern.FindString(page), "Undo")
}

func TestPages_bulkUndoKeepsLaterChange(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createGroup(userman.Group{Name: "Sales"})
	jane, john := b.createUser(userman.User{Username: "jane"}), b.createUser(userman.User{Username: "john"})
	form := url.Values{"do": {"disable"}, "selected": {string(jane.ID), string(john.ID)}}
	page := b.get(b.postRedirect("/users/bulk", form), http.StatusOK)
	for _, change := range []func(*userman.Service, context.Context, string) (*userman.User, error){(*userman.Service).Enable, (*userman.Service).Disable} {
		_, err := change(b.server.Site.Users, t.Context(), "jane") // by another administrator, who means it
		require.NoError(t, err)
	}
	path, undo := b.undoForm(page)
	page, _ = b.submit(path, undo, http.StatusOK)
	require.Contains(t, page, "Enable: 1 of 2 failed")
	require.Contains(t, page, "1 user enabled.")
	require.Contains(t, page, "Jane was changed again in between.")
	require.True(t, b.user("jane").Disabled)
	require.False(t, b.user("john").Disabled)

	form = url.Values{"do": {"group"}, "to-group": {"Sales"}, "selected": {string(jane.ID), "unknown"}}
	page = b.post("/users/bulk", form, http.StatusOK)
	require.Contains(t, page, "<h1>Add to group Sales: 1 of 2 failed</h1>")
	require.Contains(t, page, "1 user added to Sales.")
	require.Contains(t, page, ">Undo</button>", "a part was done")
}

// The group grants more when the removal is undone, and the creator of the password may not
// hand this out.
func TestPages_bulkUndoAsksBeforeItEndsCredentials(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createGroup(userman.Group{Name: "Sales"})
	alice := b.createUserOfMallory()
	selected := url.Values{"to-group": {"Sales"}, "selected": {string(alice.ID)}, "do": {"group"}}
	b.postRedirect("/users/bulk", selected)
	selected.Set("do", "ungroup")
	removed := b.get(b.postRedirect("/users/bulk", selected), http.StatusOK)
	_, err := b.server.Site.Users.Groups().Update(t.Context(), "Sales", func(g *userman.Group) error {
		g.Permissions = permission.Permissions{permission.SMSNumbers: permission.Set(permission.Any)}
		return nil
	})
	require.NoError(t, err)

	path, form := b.undoForm(removed)
	page, _ := b.submit(path, form, http.StatusOK)
	require.Contains(t, page, "<h1>Add alice to Sales?</h1>")
	require.Contains(t, page, "Ends a credential: password.")
	_, question, _ := strings.Cut(page, "<h1>")
	confirmed := hiddenValues(question)
	require.Equal(t, form["undone_change"], confirmed["undone_change"])
	b.postRedirect(path, confirmed)
	require.Equal(t, []string{"Sales"}, b.user("alice").Groups)
	require.False(t, b.user("alice").HasPassword)
}

func TestPages_listIsSortedByItsFirstColumn(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "a.zander", FirstName: "Anna", LastName: "Zander"})
	b.createUser(userman.User{Username: "z.adler", FirstName: "Zoe", LastName: "Adler"})
	for path, first := range map[string]string{
		"/users": "Zoe Adler", "/users?sort=last_name": "Zoe Adler", "/users?sort=-last_name": "Anna Zander", "/users?sort=username": "Anna Zander",
	} {
		page := b.get(path, http.StatusOK)
		_, rows, _ := strings.Cut(page, "<tbody")
		other := map[string]string{"Zoe Adler": "Anna Zander", "Anna Zander": "Zoe Adler"}[first]
		require.Less(t, strings.Index(rows, ">"+first+"<"), strings.Index(rows, ">"+other+"<"), path)
	}
	require.Contains(t, b.get("/users", http.StatusOK), `aria-sort="ascending"><a class="d-inline-block py-1" href="/users?sort=-last_name#rows"`)
}
