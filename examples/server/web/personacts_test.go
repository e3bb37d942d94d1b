package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// letterbox is a mail server that keeps what it is given, or refuses it.
type letterbox struct {
	mails   chan *userman.Message
	refused error
}

func (m *letterbox) Send(_ context.Context, mail *userman.Message) error {
	if m.refused == nil {
		m.mails <- mail
	}
	return m.refused
}

func newLetterbox() *letterbox { return &letterbox{mails: make(chan *userman.Message, 10)} }

// withMailer is a server whose mails go to a mailer.
func withMailer(mailer userman.Mailer) *servertest.Options {
	return &servertest.Options{People: func(o *userman.Options) { o.Mailer = mailer }}
}

func TestAWelcomeMailIsSentFromTheFormAndFromThePage(t *testing.T) {
	t.Parallel()
	mails := newLetterbox()
	b := start(t, withMailer(mails))
	require.Contains(t, b.get("/people/new", http.StatusOK), `value="mail" checked`)
	form := jane()
	form.Set("begin", "mail")
	require.Equal(t, "/people/jane.roe", b.sent("/people/new", form))
	require.Contains(t, b.get("/people/jane.roe", http.StatusOK), "jane.roe is added. The mail is on its way to jane.roe@example.com: the mail server has taken the mail.")
	require.Contains(t, (<-mails.mails).Text, b.server.URL+userman.SetPasswordPath)
	b.sent("/people/jane.roe/welcome", nil)
	<-mails.mails
	b.sent("/people/jane.roe/reset", nil)
	require.Equal(t, "jane.roe@example.com", (<-mails.mails).To)
}

func TestAWelcomeMailWithoutAMailServerSaysSo_onThePage(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	require.Contains(t, b.get("/people/new", http.StatusOK), `value="link" checked`)
	form := jane()
	form.Set("begin", "mail")
	b.sent("/people/new", form)
	page := b.get("/people/jane.roe", http.StatusOK)
	require.Contains(t, page, `role="alert">jane.roe is added. No mail was delivered: No mail server is configured`)
	require.NotContains(t, b.get("/people/jane.roe", http.StatusOK), "No mail was delivered")
}

func TestAMailThatIsRefusedIsNoMailOnItsWay(t *testing.T) {
	t.Parallel()
	b := start(t, withMailer(&letterbox{refused: &userman.MailRefusedError{Reason: "550 no such user"}}))
	b.addPerson(userman.User{Username: "jane.roe", Email: "jane@example.com"})
	b.addPerson(userman.User{Username: "no.address"})
	b.sent("/people/jane.roe/welcome", nil)
	require.Contains(t, b.get("/people/jane.roe", http.StatusOK), "550 no such user")
	b.sent("/people/no.address/reset", nil)
	require.Contains(t, b.get("/people/no.address", http.StatusOK), "no primary email address")
}

func TestAMailIsReadBeforeItIsSent(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.addPerson(userman.User{Username: "jane.roe", DisplayName: `<script>alert("x")</script>`, Email: "jane@example.com"})
	for _, kind := range []string{"welcome", "reset"} {
		response, page := b.server.Get(t, b.client, "/people/jane.roe/mail/"+kind)
		require.Equal(t, http.StatusOK, response.StatusCode)
		require.Contains(t, response.Header.Get("Content-Security-Policy"), "style-src 'self' 'unsafe-inline'")
		require.Contains(t, response.Header.Get("Content-Security-Policy"), "script-src 'self'")
		require.Contains(t, page, `sandbox srcdoc="&lt;!DOCTYPE html&gt;`)
		require.NotContains(t, page, "<script>alert")
		require.Contains(t, page, "jane@example.com")
	}
	require.True(t, b.person("jane.roe").WelcomedAt.IsZero())
	b.get("/people/jane.roe/mail/other", http.StatusNotFound)
}

func TestALinkToSetAPasswordIsShownOnce(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	form := jane()
	form.Set("begin", "link")
	require.Equal(t, "/people/jane.roe/link", b.sent("/people/new", form))
	link := shown(b.get("/people/jane.roe/link", http.StatusOK), "link")
	require.Contains(t, link, b.server.URL+userman.SetPasswordPath)
	require.Contains(t, b.get("/people/jane.roe/link", http.StatusOK), "was shown once")
	token := store.NewSecret(link[len(b.server.URL+userman.SetPasswordPath):])
	_, err := b.server.Site.People.AcceptInvitation(t.Context(), token, store.NewSecret(password))
	require.NoError(t, err)
}

// noPhones is where extensions are kept, and does not answer.
type noPhones struct{}

func (noPhones) SIPAccount(context.Context, string) (*userman.SIPAccount, error) {
	return nil, errors.New("the extensions do not answer")
}

// Who was added must not be taken for somebody who was not: to add them again is
// refused.
func TestWhoIsAddedIsSaidToBe_alsoWhenWhatFollowsFails(t *testing.T) {
	t.Parallel()
	opts := withMailer(newLetterbox())
	mailed := opts.People
	opts.People = func(o *userman.Options) {
		mailed(o)
		o.SIPAccounts = noPhones{}
	}
	b := start(t, opts)
	form := jane()
	form.Set("begin", "mail")
	require.Equal(t, "/people/jane.roe", b.sent("/people/new", form))
	page := b.get("/people/jane.roe", http.StatusOK)
	require.Contains(t, page, `role="alert">jane.roe is added. No mail was sent: The server could not do this.`)
}

func TestWhatAMailLacksIsSaidWithIt(t *testing.T) {
	t.Parallel()
	opts := withMailer(newLetterbox())
	mailed := opts.People
	opts.People = func(o *userman.Options) {
		mailed(o)
		o.SIPAccounts = phones("SIP")
	}
	b := start(t, opts)
	b.addPerson(userman.User{Username: "jane.roe", Email: "jane@example.com", DefaultExtension: "4001"})
	b.sent("/people/jane.roe/welcome", nil)
	page := b.get("/people/jane.roe", http.StatusOK)
	require.Contains(t, page, "on its way to jane@example.com")
	require.Contains(t, page, "the default extension is not of the type PJSIP")
}

// phones are extensions of one technology.
type phones string

func (p phones) SIPAccount(context.Context, string) (*userman.SIPAccount, error) {
	return &userman.SIPAccount{Technology: string(p), Username: "4001", Secret: store.NewSecret("sip-secret"), Domain: "pbx.example.com"}, nil
}

func TestASoftphoneLinkIsShownOnce_orThePageSaysWhyThereIsNone(t *testing.T) {
	t.Parallel()
	b := start(t, &servertest.Options{People: func(o *userman.Options) { o.SIPAccounts = phones("PJSIP") }})
	b.addPerson(userman.User{Username: "jane.roe", DefaultExtension: "4001"})
	b.addPerson(userman.User{Username: "john.roe"})
	require.Equal(t, "/people/jane.roe/softphone", b.sent("/people/jane.roe/softphone", nil))
	require.Contains(t, shown(b.get("/people/jane.roe/softphone", http.StatusOK), "link"), userman.ActivationPath)
	require.Contains(t, b.get("/people/jane.roe/softphone", http.StatusOK), "was shown once")
	page := b.post("/people/john.roe/softphone", nil, http.StatusConflict)
	require.Contains(t, page, "set the person&#39;s default extension first")
	require.Contains(t, page, ">Nothing was done</h2>")
	require.NotContains(t, page, "Nothing was saved", "nothing was to be saved")
}

func TestAPasswordIsMadeAndShownOnce_orTyped(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.addPerson(userman.User{Username: "jane.roe"})
	const page = "/people/jane.roe/password"
	require.Contains(t, b.get(page, http.StatusOK), `value="must_change" checked`)
	require.Equal(t, page+"/generated", b.sent(page, url.Values{"how": {"generate"}, "options": {"must_change", "disable_tokens"}}))
	made := shown(b.get(page+"/generated", http.StatusOK), "secret")
	require.Len(t, made, 20)
	require.NotContains(t, b.get(page+"/generated", http.StatusOK), made)
	require.True(t, b.person("jane.roe").MustChangePassword)

	b.requireRefused(b.post(page, url.Values{"how": {"typed"}, "password": {"short"}}, http.StatusUnprocessableEntity), "field-password")
	refused := b.post(page, url.Values{"how": {"generate"}, "password": {password}}, http.StatusUnprocessableEntity)
	require.Contains(t, refused, "choose to set the password that you type")
	b.post(page, url.Values{"how": {"nonsense"}}, http.StatusUnprocessableEntity)
	require.Equal(t, "/people/jane.roe", b.sent(page, url.Values{"how": {"typed"}, "password": {password}}))
	u := b.person("jane.roe")
	require.False(t, u.MustChangePassword)
	require.Contains(t, b.get("/people/jane.roe", http.StatusOK), "The password is set")
}

func TestAPersonIsDisabledEnabledDeletedAndRestored(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	u := b.addPerson(userman.User{Username: "jane.roe", DefaultExtension: "4001"})
	b.sent("/people/jane.roe/disable", nil)
	require.Contains(t, b.get("/people/jane.roe", http.StatusOK), ">disabled<")
	b.sent("/people/jane.roe/enable", nil)
	b.sent("/people/jane.roe/sessions/end", nil)
	require.Contains(t, b.get("/people/jane.roe", http.StatusOK), "All sessions are ended.")
	b.get("/people/jane.roe/second-factor/remove", http.StatusOK)
	b.sent("/people/jane.roe/second-factor/remove", nil)

	require.Contains(t, b.get("/people/jane.roe/delete", http.StatusOK), "API tokens do not work any more")
	require.Equal(t, "/people", b.sent("/people/jane.roe/delete", nil))
	b.get("/people/jane.roe", http.StatusNotFound)
	one := "/deleted-people/" + u.ID
	require.Contains(t, b.get("/deleted-people?search=roe", http.StatusOK), one+"/restore")

	b.addPerson(userman.User{Username: "jane.roe", DefaultExtension: "4001"})
	form := url.Values{"username": {"jane.roe"}, "default_extension": {""}}
	require.Contains(t, b.get(one+"/restore", http.StatusOK), `value="jane.roe"`)
	b.requireRefused(b.post(one+"/restore", form, http.StatusUnprocessableEntity), "field-username")
	form = url.Values{"username": {"jane.old"}, "default_extension": {"4001"}}
	b.requireRefused(b.post(one+"/restore", form, http.StatusUnprocessableEntity), "field-default_extension")
	form.Set("default_extension", "")
	require.Equal(t, "/people/jane.old", b.sent(one+"/restore", form))
	b.get(one+"/restore", http.StatusNotFound)
	b.post(one+"/purge", nil, http.StatusNotFound)

	b.sent("/people/jane.old/delete", nil)
	require.Contains(t, b.get(one+"/purge", http.StatusOK), "This cannot be undone")
	require.Equal(t, "/deleted-people", b.sent(one+"/purge", nil))
	require.Contains(t, b.get("/deleted-people", http.StatusOK), "Nobody is deleted.")
}

func TestAPersonWhomRecordsNeedIsKept(t *testing.T) {
	t.Parallel()
	b := start(t, &servertest.Options{People: func(o *userman.Options) {
		o.References = []func(context.Context, *userman.User) ([]store.Reference, error){
			func(context.Context, *userman.User) ([]store.Reference, error) {
				return []store.Reference{{Kind: "call flow", Key: "night"}}, nil
			},
		}
	}})
	b.addPerson(userman.User{Username: "jane.roe"})
	require.Contains(t, b.get("/people/jane.roe/delete", http.StatusOK), "as long as this needs the person: call flow night")
	page := b.post("/people/jane.roe/delete", nil, http.StatusConflict)
	require.Contains(t, page, `role="alert"`)
	require.Contains(t, page, ">Nothing was done</h2>")
	b.get("/people/jane.roe", http.StatusOK)
}

// owningDirectory is a directory that keeps names and passwords.
type owningDirectory struct{}

func (owningDirectory) Name() string { return "head-office" }

func (owningDirectory) Abilities() userman.Abilities {
	return userman.Abilities{Authenticate: true, Sync: true}
}

func (owningDirectory) Owns(field string) bool { return field == "title" || field == "username" }

func (owningDirectory) Authenticate(context.Context, string, store.Secret) (bool, error) {
	return false, nil
}

func (owningDirectory) Each(_ context.Context, visit func(userman.Entry) error) error {
	return visit(userman.Entry{
		ExternalID: "1", User: &userman.User{Username: "jane.roe", Title: "Head"}, Owned: []string{"username", "title"},
	})
}

func TestWhatADirectoryKeepsIsShownAndNotChanged(t *testing.T) {
	t.Parallel()
	b := start(t, &servertest.Options{People: func(o *userman.Options) { o.Directories = []userman.Directory{owningDirectory{}} }})
	_, err := b.server.Site.People.Sync(t.Context(), "head-office", nil)
	require.NoError(t, err)
	page := b.get("/people/jane.roe", http.StatusOK)
	require.Contains(t, page, `name="title" type="text" value="Head" autocomplete="off" readonly`)
	require.Contains(t, page, "The directory head-office keeps this")
	require.NotContains(t, page, "/people/jane.roe/password")
	form := url.Values{"username": {"jane.roe"}, "title": {"Other"}, "version": {b.hidden(page, "version")}}
	require.Contains(t, b.post("/people/jane.roe", form, http.StatusConflict), "keeps this of its people; change it there")
	form.Set("title", "Head")
	form.Set("department", "Sales")
	b.sent("/people/jane.roe", form)
	require.Contains(t, b.post("/people/jane.roe/link", nil, http.StatusConflict), "keeps the password")
	b.post("/people/jane.roe/password", url.Values{"how": {"generate"}}, http.StatusConflict)
}
