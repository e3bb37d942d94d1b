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
	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// headOffice is a directory of people whom the test makes up.
type headOffice struct {
	entries []userman.Entry
	fails   error
}

func (*headOffice) Name() string { return "head-office" }

func (*headOffice) Abilities() userman.Abilities { return userman.Abilities{Groups: true, Sync: true} }

func (*headOffice) Authenticate(context.Context, string, store.Secret) (bool, error) {
	return false, nil
}

func (o *headOffice) Test(context.Context) (int, error) { return len(o.entries), o.fails }

func (o *headOffice) Each(_ context.Context, visit func(userman.Entry) error) error {
	for _, entry := range o.entries {
		if err := visit(entry); err != nil {
			return err
		}
	}
	return o.fails
}

func startDirectory(t *testing.T) (*browser, *headOffice) {
	t.Helper()
	office := &headOffice{entries: []userman.Entry{
		{ExternalID: "1", User: &userman.User{Username: "alice"}, Owned: []string{"username"}, Groups: []string{"Sales"}},
		{ExternalID: "2", Problem: "there is no <username>"},
	}}
	return start(t, &servertest.Options{People: func(o *userman.Options) { o.Directories = []userman.Directory{office} }}), office
}

func TestASyncIsPlannedThenDone(t *testing.T) {
	t.Parallel()
	b, _ := startDirectory(t)
	const path = "/directories/head-office"
	require.Contains(t, b.get(path, http.StatusOK), "Show what a sync would do")
	b.get("/directories/nowhere", http.StatusNotFound)
	require.Equal(t, http.StatusBadRequest, b.status(path, nil))

	require.Equal(t, path, b.sent(path, url.Values{"do": {"plan"}}))
	page := b.ended(path)
	require.Contains(t, page, "What a sync would do")
	require.Contains(t, page, "Nothing was changed.")
	require.Contains(t, page, "Groups that would be made: Sales.")
	require.Contains(t, page, `<span class="tag on">New</span>`)
	require.Contains(t, page, "There is no &lt;username&gt;.")
	_, err := b.server.Site.People.Get(t.Context(), "alice")
	require.ErrorIs(t, err, store.ErrNotFound)

	b.sent(path, url.Values{"do": {"sync"}})
	page = b.ended(path)
	require.Contains(t, page, "What the sync did")
	require.Contains(t, page, "What has changed")
	require.Contains(t, page, "Groups that were made: Sales.")
	require.Equal(t, "head-office", b.person("alice").Directory)
}

func TestASyncThatWouldLoseEverybodyIsRefusedWithThePlan(t *testing.T) {
	t.Parallel()
	b, office := startDirectory(t)
	const path = "/directories/head-office"
	b.sent(path, url.Values{"do": {"sync"}})
	b.ended(path)
	office.entries = nil
	b.sent(path, url.Values{"do": {"sync"}})
	page := b.ended(path)
	require.Contains(t, page, "It could not be done")
	require.Contains(t, page, "empty")
	require.Contains(t, page, "Nothing was changed.")
	require.False(t, b.person("alice").Disabled)
}

// What was done before a sync broke off is not said to be undone.
func TestASyncThatBreaksOffSaysWhatItDid(t *testing.T) {
	t.Parallel()
	const path = "/directories/head-office"
	entry := func(name string) userman.Entry {
		return userman.Entry{ExternalID: name, User: &userman.User{Username: name}, Owned: []string{"username"}}
	}
	office := &headOffice{entries: []userman.Entry{entry("alice"), entry("bob"), entry("carol")}}
	at, asked := &clock{now: time.Now().UTC()}, atomic.Int32{}
	b := start(t, &servertest.Options{
		Clock:    at.time,
		Settings: func(s *site.Settings) { s.LDAP.MaxGone = 1 },
		People: func(o *userman.Options) {
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
	b.sent(path, url.Values{"do": {"sync"}})
	b.ended(path)
	office.entries = office.entries[:1]
	b.sent(path, url.Values{"do": {"sync"}})
	b.ended(path)
	at.add(31 * 24 * time.Hour)
	admin := b.as("root.admin") // the session from before has ended
	admin.sent(path, url.Values{"do": {"sync"}})
	page := admin.ended(path)
	require.Contains(t, page, "It could not be done")
	require.Contains(t, page, `<span class="tag off">Deleted</span>`)
	require.Contains(t, page, "What has changed")
	require.NotContains(t, page, "Nothing was changed.")
}

func TestWhoReachesSomePeopleSyncsNoDirectory(t *testing.T) {
	t.Parallel()
	b, _ := startDirectory(t)
	extensions, err := ampusers.ParseRanges("1000-1999")
	require.NoError(t, err)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "jane.admin", Sections: []string{"people", "settings"}, Extensions: extensions}, password)
	narrowed := b.as("jane.admin")
	narrowed.get("/directories/head-office", http.StatusForbidden)
	require.Equal(t, http.StatusForbidden, narrowed.status("/directories/head-office", url.Values{"do": {"sync"}}))
	require.NotContains(t, narrowed.get("/settings", http.StatusOK), `href="/directories/head-office"`)
}

func TestMailsAndDirectoriesAreTestedFromTheSettings(t *testing.T) {
	t.Parallel()
	b, office := startDirectory(t)
	page := b.get("/settings", http.StatusOK)
	require.Contains(t, page, "--smtp-from")
	require.Contains(t, page, "head-office")
	require.Contains(t, b.post("/settings/mail", url.Values{"to": {"root@example.org"}}, http.StatusOK), "No mail server is configured")
	b.requireRefused(b.post("/settings/mail", url.Values{"to": {"nobody\r\nBcc: x"}}, http.StatusUnprocessableEntity), "field-to")

	require.Contains(t, b.post("/settings/directories/head-office", nil, http.StatusOK), "It works.")
	office.fails = context.DeadlineExceeded
	require.Contains(t, b.post("/settings/directories/head-office", nil, http.StatusOK), "It does not work.")
	require.Equal(t, http.StatusNotFound, b.status("/settings/directories/nowhere", nil))
}

func TestATestMailIsSentFromTheSettings(t *testing.T) {
	t.Parallel()
	b, box, _ := startMailing(t)
	require.Contains(t, b.post("/settings/mail", url.Values{"to": {"root@example.org"}}, http.StatusOK), "Sent.")
	require.Equal(t, "root@example.org", (<-box.mails).To)
}
