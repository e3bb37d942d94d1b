package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/ldapdir"
)

// fakeDirectory is a directory with the entries of a test.
type fakeDirectory struct {
	entries []userman.DirectoryEntry
	err     error
}

func (*fakeDirectory) Name() string { return "head-office" }

func (*fakeDirectory) Capabilities() userman.Capabilities {
	return userman.Capabilities{Groups: true, Sync: true}
}

func (*fakeDirectory) Authenticate(context.Context, string, store.Secret) (bool, error) {
	return false, nil
}

func (o *fakeDirectory) Test(context.Context) (int, error) { return len(o.entries), o.err }

func (o *fakeDirectory) Each(_ context.Context, visit func(userman.DirectoryEntry) error) error {
	for _, entry := range o.entries {
		if err := visit(entry); err != nil {
			return err
		}
	}
	return o.err
}

func startWithDirectory(t *testing.T) (*browser, *fakeDirectory) {
	t.Helper()
	office := &fakeDirectory{entries: []userman.DirectoryEntry{
		{ExternalID: "1", User: &userman.User{Username: "alice"}, ManagedFields: []string{"username"}, Groups: []string{"Sales"}},
		{ExternalID: "2", Problem: "there is no <username>"},
	}}
	return start(t, &servertest.Options{Users: func(o *userman.Options) { o.Directories = []userman.Directory{office} }}), office
}

func TestPages_directorySyncPlanAndRun(t *testing.T) {
	t.Parallel()
	b, _ := startWithDirectory(t)
	const path = "/directories/head-office"
	require.Contains(t, b.get(path, http.StatusOK), "Preview sync")
	b.get("/directories/nowhere", http.StatusNotFound)
	require.Equal(t, http.StatusBadRequest, b.postStatus(path, nil))

	require.Equal(t, path, b.postRedirect(path, url.Values{"do": {"plan"}}))
	page := b.waitForJob(path)
	require.Contains(t, page, "Sync preview")
	require.Contains(t, page, "Nothing was changed.")
	require.Contains(t, page, "Groups to be created: Sales.")
	require.Contains(t, page, `<span class="badge">Create</span>`, "nothing has happened yet")
	require.NotContains(t, page, "Created")
	require.Contains(t, page, "There is no &lt;username&gt;.")
	_, err := b.server.Site.Users.Get(t.Context(), "alice")
	require.ErrorIs(t, err, store.ErrNotFound)

	b.postRedirect(path, url.Values{"do": {"sync"}})
	page = b.waitForJob(path)
	require.Contains(t, page, "Sync result")
	require.Contains(t, page, "<caption>Changes")
	require.Contains(t, page, `<span class="badge on">Created</span>`)
	require.Contains(t, page, "Groups created: Sales.")
	require.Equal(t, "head-office", b.user("alice").Directory)
}

// A sync offers to link a new entry to the user who has its username.
func TestPages_directorySyncLinksUsers(t *testing.T) {
	t.Parallel()
	b, office := startWithDirectory(t)
	const path = "/directories/head-office"
	b.postRedirect(path, url.Values{"do": {"sync"}})
	b.waitForJob(path)
	alice := b.user("alice")
	require.NotContains(t, b.get("/users/alice", http.StatusOK), "Link to directory entry", "her entry is there")
	office.entries = []userman.DirectoryEntry{
		{ExternalID: "2", User: &userman.User{Username: "bob"}, ManagedFields: []string{"username"}},
		{ExternalID: "a&b", User: &userman.User{Username: "alice"}, ManagedFields: []string{"username"}},
	}
	b.postRedirect(path, url.Values{"do": {"sync"}})
	page := b.waitForJob(path)
	const form = path + "?user=alice&amp;entry=a%26b#link-title"
	require.Contains(t, page, `<a href="`+form+`">Link alice</a>`)
	require.Contains(t, b.get("/users/alice", http.StatusOK), `href="`+path+`?user=alice#link-title"`)
	page = b.get(path+"?user=alice&entry=a%26b", http.StatusOK)
	require.Contains(t, page, `name="external_id" type="text" value="a&amp;b"`)

	b.postRedirect(path, url.Values{"do": {"link"}, "username": {"alice"}, "external_id": {"gone"}})
	require.Contains(t, b.waitForJob(path), "no such directory entry")
	b.postRedirect(path, url.Values{"do": {"link"}, "username": {"alice"}, "external_id": {"a&b"}, "same_user": {"yes"}})
	require.Contains(t, b.waitForJob(path), "Linked to entry")
	linked := b.user("alice")
	require.Equal(t, alice.ID, linked.ID)
	require.Equal(t, "a&b", linked.ExternalID)
	require.False(t, linked.Disabled)
}

func TestPages_directorySyncRejectsEmptyDirectory(t *testing.T) {
	t.Parallel()
	b, office := startWithDirectory(t)
	const path = "/directories/head-office"
	b.postRedirect(path, url.Values{"do": {"sync"}})
	b.waitForJob(path)
	office.entries = nil
	b.postRedirect(path, url.Values{"do": {"sync"}})
	page := b.waitForJob(path)
	require.Contains(t, page, "Sync failed")
	require.Contains(t, page, "returned no entries")
	require.Contains(t, page, "Nothing was changed.")
	require.False(t, b.user("alice").Disabled)
}

// An aborted sync reports the steps that were done.
func TestPages_directorySyncReportsPartialRun(t *testing.T) {
	t.Parallel()
	const path = "/directories/head-office"
	entry := func(name string) userman.DirectoryEntry {
		return userman.DirectoryEntry{ExternalID: name, User: &userman.User{Username: name}, ManagedFields: []string{"username"}}
	}
	office := &fakeDirectory{entries: []userman.DirectoryEntry{entry("alice"), entry("bob"), entry("carol")}}
	at, asked := &testClock{now: time.Now().UTC()}, atomic.Int32{}
	b := start(t, &servertest.Options{
		Clock:    at.Now,
		Settings: func(s *app.Settings) { s.LDAP.Sync.MaxRemovalRatio = 1 },
		Users: func(o *userman.Options) {
			o.Directories = []userman.Directory{office}
			o.References = []func(context.Context, *userman.User) ([]store.Reference, error){
				func(context.Context, *userman.User) ([]store.Reference, error) {
					if asked.Add(1) > 3 { // two for the plan, and the first who goes
						return nil, errors.New("the call flows do not answer")
					}
					return nil, nil
				},
			}
		},
	})
	b.postRedirect(path, url.Values{"do": {"sync"}})
	b.waitForJob(path)
	office.entries = office.entries[:1]
	b.postRedirect(path, url.Values{"do": {"sync"}})
	b.waitForJob(path)
	at.advance(31 * 24 * time.Hour)
	admin := b.loginAs("root.admin") // the session from before has ended
	admin.postRedirect(path, url.Values{"do": {"sync"}})
	page := admin.waitForJob(path)
	require.Contains(t, page, "Sync failed")
	require.Contains(t, page, `<span class="badge off">Deleted</span>`)
	require.Contains(t, page, "<caption>Changes")
	require.NotContains(t, page, "Nothing was changed.")
}

func TestPages_directorySyncRequiresUnrestrictedScope(t *testing.T) {
	t.Parallel()
	b, _ := startWithDirectory(t)
	extensions, err := scope.ParseRanges("1000-1999")
	require.NoError(t, err)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "jane.admin", Sections: []string{"users", "settings"}, Extensions: extensions}, password)
	limited := b.loginAs("jane.admin")
	limited.get("/directories/head-office", http.StatusForbidden)
	require.Equal(t, http.StatusForbidden, limited.postStatus("/directories/head-office", url.Values{"do": {"sync"}}))
	require.NotContains(t, limited.get("/settings/directory", http.StatusOK), `href="/directories/head-office"`)
}

func TestPages_settingsTestMailAndDirectory(t *testing.T) {
	t.Parallel()
	b, office := startWithDirectory(t)
	require.Contains(t, b.get("/settings/mail", http.StatusOK), "--smtp-password-file")
	require.Contains(t, b.get("/settings/directory", http.StatusOK), "head-office")
	require.Contains(t, b.post("/settings/mail/test", url.Values{"to": {"root@example.org"}}, http.StatusOK), "No mail server is configured, so no mail can be sent")
	b.requireFieldError(b.post("/settings/mail/test", url.Values{"to": {"nobody\r\nBcc: x"}}, http.StatusUnprocessableEntity), "field-to")

	require.Contains(t, b.post("/settings/directory/test", nil, http.StatusOK), "These are the first users")
	office.err = context.DeadlineExceeded
	require.Contains(t, b.post("/settings/directory/test", nil, http.StatusOK), "Test failed.")
	require.Equal(t, http.StatusNotFound, b.postStatus("/settings/nowhere/test", nil))
}

func TestPages_settingsShowDirectoryOptions(t *testing.T) {
	t.Parallel()
	b := start(t, &servertest.Options{Settings: func(s *app.Settings) {
		s.LDAP.Options = ldapdir.Options{
			URLs: []string{"ldap://127.0.0.1:1"}, BaseDN: "dc=example,dc=org", Kind: ldapdir.ActiveDirectory, GroupBaseDN: "ou=groups,dc=example,dc=org", GroupFilter: "(cn=S*)", NestedGroups: true,
		}
	}})
	page := b.get("/settings/directory", http.StatusOK)
	for _, want := range []string{
		`<option value="active-directory" selected>Active Directory</option>`, `placeholder="sAMAccountName"`, `value="(cn=S*)"`, `name="ldap_nested_groups" value="yes" checked`,
	} {
		require.Contains(t, page, want)
	}
}

func TestPages_settingsSendTestMail(t *testing.T) {
	t.Parallel()
	b, box, _ := startWithMail(t)
	require.Contains(t, b.post("/settings/mail/test", url.Values{"to": {"root@example.org"}}, http.StatusOK), "Sent.")
	require.Equal(t, "root@example.org", (<-box.mails).To)
}
