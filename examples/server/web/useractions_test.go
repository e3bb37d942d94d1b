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
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// fakeMailer is a mail server that keeps what it is given, or refuses it.
type fakeMailer struct {
	mails chan *usermail.Mail
	err   error
}

func (m *fakeMailer) Send(_ context.Context, mail *usermail.Mail) error {
	if m.err == nil {
		m.mails <- mail
	}
	return m.err
}

func newFakeMailer() *fakeMailer { return &fakeMailer{mails: make(chan *usermail.Mail, 10)} }

// withMailer is a server whose mails go to a mailer.
func withMailer(mailer userman.Mailer) *servertest.Options {
	return &servertest.Options{Users: func(o *userman.Options) { o.Mailer = mailer }}
}

func TestPages_userWelcomeMail(t *testing.T) {
	t.Parallel()
	mails := newFakeMailer()
	b := start(t, withMailer(mails))
	require.Contains(t, b.get("/people/new", http.StatusOK), `value="mail" checked`)
	form := janeForm()
	form.Set("begin", "mail")
	require.Equal(t, "/people/jane.roe", b.postRedirect("/people/new", form))
	require.Contains(t, b.get("/people/jane.roe", http.StatusOK), "jane.roe is added. The mail is on its way to jane.roe@example.com: the mail server has taken the mail.")
	require.Contains(t, (<-mails.mails).Text, b.server.URL+userman.SetPasswordPath)
	b.postRedirect("/people/jane.roe/welcome", nil)
	<-mails.mails
	b.postRedirect("/people/jane.roe/reset", nil)
	require.Equal(t, "jane.roe@example.com", (<-mails.mails).To)
}

func TestPages_userWelcomeMailWithoutMailServer(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	require.Contains(t, b.get("/people/new", http.StatusOK), `value="link" checked`)
	form := janeForm()
	form.Set("begin", "mail")
	b.postRedirect("/people/new", form)
	page := b.get("/people/jane.roe", http.StatusOK)
	require.Contains(t, page, `role="alert">jane.roe is added. No mail was delivered: No mail server is configured`)
	require.NotContains(t, b.get("/people/jane.roe", http.StatusOK), "No mail was delivered")
}

func TestPages_userMailRejectedByServer(t *testing.T) {
	t.Parallel()
	b := start(t, withMailer(&fakeMailer{err: &userman.MailRejectedError{Reason: "550 no such user"}}))
	b.createUser(userman.User{Username: "jane.roe", Email: "jane@example.com"})
	b.createUser(userman.User{Username: "no.address"})
	b.postRedirect("/people/jane.roe/welcome", nil)
	require.Contains(t, b.get("/people/jane.roe", http.StatusOK), "550 no such user")
	b.postRedirect("/people/no.address/reset", nil)
	require.Contains(t, b.get("/people/no.address", http.StatusOK), "no primary email address")
}

func TestPages_userMailPreview(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe", DisplayName: `<script>alert("x")</script>`, Email: "jane@example.com"})
	for _, kind := range []string{"welcome", "reset"} {
		response, page := b.server.Get(t, b.client, "/people/jane.roe/mail/"+kind)
		require.Equal(t, http.StatusOK, response.StatusCode)
		require.Contains(t, response.Header.Get("Content-Security-Policy"), "style-src 'self' 'unsafe-inline'")
		require.Contains(t, response.Header.Get("Content-Security-Policy"), "script-src 'self'")
		require.Contains(t, page, `sandbox srcdoc="&lt;!DOCTYPE html&gt;`)
		require.NotContains(t, page, "<script>alert")
		require.Contains(t, page, "jane@example.com")
	}
	require.True(t, b.user("jane.roe").WelcomedAt.IsZero())
	b.get("/people/jane.roe/mail/other", http.StatusNotFound)
}

func TestPages_userPasswordLinkShownOnce(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	form := janeForm()
	form.Set("begin", "link")
	require.Equal(t, "/people/jane.roe/link", b.postRedirect("/people/new", form))
	link := copyableText(b.get("/people/jane.roe/link", http.StatusOK), "link")
	require.Contains(t, link, b.server.URL+userman.SetPasswordPath)
	require.Contains(t, b.get("/people/jane.roe/link", http.StatusOK), "was shown once")
	token := store.NewSecret(link[len(b.server.URL+userman.SetPasswordPath):])
	_, err := b.server.Site.Users.AcceptInvitation(t.Context(), token, store.NewSecret(password))
	require.NoError(t, err)
}

// failingSIPAccounts is where extensions are kept, and does not answer.
type failingSIPAccounts struct{}

func (failingSIPAccounts) SIPAccount(context.Context, string) (*userman.SIPAccount, error) {
	return nil, errors.New("the extensions do not answer")
}

// Who was added must not be taken for somebody who was not: to add them again is
// refused.
func TestPages_userCreateReportsFailedMail(t *testing.T) {
	t.Parallel()
	opts := withMailer(newFakeMailer())
	mailed := opts.Users
	opts.Users = func(o *userman.Options) {
		mailed(o)
		o.SIPAccounts = failingSIPAccounts{}
	}
	b := start(t, opts)
	form := janeForm()
	form.Set("begin", "mail")
	require.Equal(t, "/people/jane.roe", b.postRedirect("/people/new", form))
	page := b.get("/people/jane.roe", http.StatusOK)
	require.Contains(t, page, `role="alert">jane.roe is added. No mail was sent: The server could not do this.`)
}

func TestPages_userWelcomeMailReportsMissingSoftphone(t *testing.T) {
	t.Parallel()
	opts := withMailer(newFakeMailer())
	mailed := opts.Users
	opts.Users = func(o *userman.Options) {
		mailed(o)
		o.SIPAccounts = fakeSIPAccounts("SIP")
	}
	b := start(t, opts)
	b.createUser(userman.User{Username: "jane.roe", Email: "jane@example.com", DefaultExtension: "4001"})
	b.postRedirect("/people/jane.roe/welcome", nil)
	page := b.get("/people/jane.roe", http.StatusOK)
	require.Contains(t, page, "on its way to jane@example.com")
	require.Contains(t, page, "the default extension is not of the type PJSIP")
}

// fakeSIPAccounts are extensions of one technology.
type fakeSIPAccounts string

func (p fakeSIPAccounts) SIPAccount(context.Context, string) (*userman.SIPAccount, error) {
	return &userman.SIPAccount{Technology: string(p), Username: "4001", Secret: store.NewSecret("sip-secret"), Domain: "pbx.example.com"}, nil
}

func TestPages_userSoftphoneLinkShownOnce(t *testing.T) {
	t.Parallel()
	b := start(t, &servertest.Options{Users: func(o *userman.Options) { o.SIPAccounts = fakeSIPAccounts("PJSIP") }})
	b.createUser(userman.User{Username: "jane.roe", DefaultExtension: "4001"})
	b.createUser(userman.User{Username: "john.roe"})
	require.Equal(t, "/people/jane.roe/softphone", b.postRedirect("/people/jane.roe/softphone", nil))
	require.Contains(t, copyableText(b.get("/people/jane.roe/softphone", http.StatusOK), "link"), userman.ActivationPath)
	require.Contains(t, b.get("/people/jane.roe/softphone", http.StatusOK), "was shown once")
	page := b.post("/people/john.roe/softphone", nil, http.StatusConflict)
	require.Contains(t, page, "set the person&#39;s default extension first")
	require.Contains(t, page, ">Nothing was done</h2>")
	require.NotContains(t, page, "Nothing was saved", "nothing was to be saved")
}

func TestPages_userPasswordGeneratedOrTyped(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe"})
	const page = "/people/jane.roe/password"
	require.Contains(t, b.get(page, http.StatusOK), `value="must_change" checked`)
	require.Equal(t, page+"/generated", b.postRedirect(page, url.Values{"how": {"generate"}, "options": {"must_change", "disable_tokens"}}))
	made := copyableText(b.get(page+"/generated", http.StatusOK), "secret")
	require.Len(t, made, 20)
	require.NotContains(t, b.get(page+"/generated", http.StatusOK), made)
	require.True(t, b.user("jane.roe").MustChangePassword)

	b.requireFieldError(b.post(page, url.Values{"how": {"typed"}, "password": {"short"}}, http.StatusUnprocessableEntity), "field-password")
	refused := b.post(page, url.Values{"how": {"generate"}, "password": {password}}, http.StatusUnprocessableEntity)
	require.Contains(t, refused, "choose to set the password that you type")
	b.post(page, url.Values{"how": {"nonsense"}}, http.StatusUnprocessableEntity)
	require.Equal(t, "/people/jane.roe", b.postRedirect(page, url.Values{"how": {"typed"}, "password": {password}}))
	u := b.user("jane.roe")
	require.False(t, u.MustChangePassword)
	require.Contains(t, b.get("/people/jane.roe", http.StatusOK), "The password is set")
}

func TestPages_userLifecycle(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	u := b.createUser(userman.User{Username: "jane.roe", DefaultExtension: "4001"})
	b.postRedirect("/people/jane.roe/disable", nil)
	require.Contains(t, b.get("/people/jane.roe", http.StatusOK), ">disabled<")
	b.postRedirect("/people/jane.roe/enable", nil)
	b.postRedirect("/people/jane.roe/sessions/end", nil)
	require.Contains(t, b.get("/people/jane.roe", http.StatusOK), "All sessions are ended.")
	b.get("/people/jane.roe/second-factor/remove", http.StatusOK)
	b.postRedirect("/people/jane.roe/second-factor/remove", nil)

	require.Contains(t, b.get("/people/jane.roe/delete", http.StatusOK), "API tokens do not work any more")
	require.Equal(t, "/people", b.postRedirect("/people/jane.roe/delete", nil))
	b.get("/people/jane.roe", http.StatusNotFound)
	one := "/deleted-people/" + u.ID
	require.Contains(t, b.get("/deleted-people?search=roe", http.StatusOK), one+"/restore")

	b.createUser(userman.User{Username: "jane.roe", DefaultExtension: "4001"})
	form := url.Values{"username": {"jane.roe"}, "default_extension": {""}}
	require.Contains(t, b.get(one+"/restore", http.StatusOK), `value="jane.roe"`)
	b.requireFieldError(b.post(one+"/restore", form, http.StatusUnprocessableEntity), "field-username")
	form = url.Values{"username": {"jane.old"}, "default_extension": {"4001"}}
	b.requireFieldError(b.post(one+"/restore", form, http.StatusUnprocessableEntity), "field-default_extension")
	form.Set("default_extension", "")
	require.Equal(t, "/people/jane.old", b.postRedirect(one+"/restore", form))
	b.get(one+"/restore", http.StatusNotFound)
	b.post(one+"/purge", nil, http.StatusNotFound)

	b.postRedirect("/people/jane.old/delete", nil)
	require.Contains(t, b.get(one+"/purge", http.StatusOK), "This cannot be undone")
	require.Equal(t, "/deleted-people", b.postRedirect(one+"/purge", nil))
	require.Contains(t, b.get("/deleted-people", http.StatusOK), "Nobody is deleted.")
}

func TestPages_referencedUserIsNotDeleted(t *testing.T) {
	t.Parallel()
	b := start(t, &servertest.Options{Users: func(o *userman.Options) {
		o.References = []func(context.Context, *userman.User) ([]store.Reference, error){
			func(context.Context, *userman.User) ([]store.Reference, error) {
				return []store.Reference{{Kind: "call flow", Key: "night"}}, nil
			},
		}
	}})
	b.createUser(userman.User{Username: "jane.roe"})
	require.Contains(t, b.get("/people/jane.roe/delete", http.StatusOK), "as long as this needs the person: call flow night")
	page := b.post("/people/jane.roe/delete", nil, http.StatusConflict)
	require.Contains(t, page, `role="alert"`)
	require.Contains(t, page, ">Nothing was done</h2>")
	b.get("/people/jane.roe", http.StatusOK)
}

// managingDirectory is a directory that keeps names and passwords.
type managingDirectory struct{}

func (managingDirectory) Name() string { return "head-office" }

func (managingDirectory) Capabilities() userman.Capabilities {
	return userman.Capabilities{Authenticate: true, Sync: true}
}

func (managingDirectory) OwnsField(field string) bool { return field == "title" || field == "username" }

func (managingDirectory) Authenticate(context.Context, string, store.Secret) (bool, error) {
	return false, nil
}

func (managingDirectory) Each(_ context.Context, visit func(userman.DirectoryEntry) error) error {
	return visit(userman.DirectoryEntry{
		ExternalID: "1", User: &userman.User{Username: "jane.roe", Title: "Head"}, ManagedFields: []string{"username", "title"},
	})
}

func TestPages_managedFieldsAreReadOnly(t *testing.T) {
	t.Parallel()
	b := start(t, &servertest.Options{Users: func(o *userman.Options) { o.Directories = []userman.Directory{managingDirectory{}} }})
	_, err := b.server.Site.Users.Sync(t.Context(), "head-office", nil)
	require.NoError(t, err)
	page := b.get("/people/jane.roe", http.StatusOK)
	require.Contains(t, page, `name="title" type="text" value="Head" autocomplete="off" readonly`)
	require.Contains(t, page, "The directory head-office keeps this")
	require.NotContains(t, page, "/people/jane.roe/password")
	form := url.Values{"username": {"jane.roe"}, "title": {"Other"}, "version": {b.hiddenValue(page, "version")}}
	require.Contains(t, b.post("/people/jane.roe", form, http.StatusConflict), "keeps this of its people; change it there")
	form.Set("title", "Head")
	form.Set("department", "Sales")
	b.postRedirect("/people/jane.roe", form)
	require.Contains(t, b.post("/people/jane.roe/link", nil, http.StatusConflict), "keeps the password")
	b.post("/people/jane.roe/password", url.Values{"how": {"generate"}}, http.StatusConflict)
}
