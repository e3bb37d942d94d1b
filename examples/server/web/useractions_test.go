package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// fakeMailer is a mail server that stores its mails, or rejects them.
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

// withMailer returns the options of a server with a mailer.
func withMailer(mailer userman.Mailer) *servertest.Options {
	return &servertest.Options{Users: func(o *userman.Options) { o.Mailer = mailer }}
}

func TestPages_userWelcomeMail(t *testing.T) {
	t.Parallel()
	mails := newFakeMailer()
	b := start(t, withMailer(mails))
	require.Contains(t, b.get("/users/new", http.StatusOK), `value="mail" checked`)
	form := janeForm()
	form.Set("onboarding", "mail")
	require.Equal(t, "/users/jane.roe", b.postRedirect("/users/new", form))
	require.Contains(t, b.get("/users/jane.roe", http.StatusOK), "jane.roe was added. Email sent to jane.roe@example.com: the mail server has taken the mail.")
	require.Contains(t, (<-mails.mails).Text, b.server.URL+userman.SetPasswordPath)
	b.postRedirect("/users/jane.roe/welcome", nil)
	<-mails.mails
	b.postRedirect("/users/jane.roe/reset", nil)
	require.Equal(t, "jane.roe@example.com", (<-mails.mails).To)
}

func TestPages_userWelcomeMailWithoutMailServer(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	require.Contains(t, b.get("/users/new", http.StatusOK), `value="link" checked`)
	form := janeForm()
	form.Set("onboarding", "mail")
	b.postRedirect("/users/new", form)
	page := b.get("/users/jane.roe", http.StatusOK)
	require.Contains(t, page, `role="alert" tabindex="-1" autofocus>jane.roe was added. Email not delivered: No mail server is configured`)
	require.NotContains(t, b.get("/users/jane.roe", http.StatusOK), "No mail was delivered")
}

func TestPages_userMailRejectedByServer(t *testing.T) {
	t.Parallel()
	b := start(t, withMailer(&fakeMailer{err: &userman.MailRejectedError{Reason: "550 no such user"}}))
	b.createUser(userman.User{Username: "jane.roe", Email: "jane@example.com"})
	b.createUser(userman.User{Username: "no.address"})
	b.postRedirect("/users/jane.roe/welcome", nil)
	require.Contains(t, b.get("/users/jane.roe", http.StatusOK), "550 no such user")
	b.postRedirect("/users/no.address/reset", nil)
	require.Contains(t, b.get("/users/no.address", http.StatusOK), "no primary email address")
}

func TestPages_userChangesAndSwapsNumber(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe", DefaultExtension: "4001"})
	b.createUser(userman.User{Username: "joe.doe", DisplayName: "Joe Doe", DefaultExtension: "4002", LinkedExtensions: []string{"4001"}})
	b.createUser(userman.User{Username: "no.number"})
	const path = "/users/jane.roe/renumber"
	require.Contains(t, b.get("/users/jane.roe", http.StatusOK), `href="`+path+`"`)
	require.NotContains(t, b.get("/users/no.number", http.StatusOK), "/renumber")
	require.NotContains(t, b.get(path, http.StatusOK), `name="swap"`)
	require.Contains(t, b.post(path, url.Values{"default_extension": {"40o2"}}, http.StatusUnprocessableEntity), `href="#field-default_extension"`)

	page := b.post(path, url.Values{"default_extension": {"4002"}}, http.StatusUnprocessableEntity)
	require.Contains(t, page, "another user already has this default extension")
	require.Contains(t, page, "Joe Doe gets 4001")
	require.Equal(t, "/users/jane.roe", b.postRedirect(path, url.Values{"default_extension": {"4002"}, "swap": {"4002"}}))
	require.Contains(t, b.get("/users/jane.roe", http.StatusOK), "Number changed to 4002.")
	numbers := func(username string) []string {
		u, err := b.server.Site.Users.Get(t.Context(), username)
		require.NoError(t, err)
		return append([]string{u.DefaultExtension}, u.LinkedExtensions...)
	}
	require.Equal(t, []string{"4002"}, numbers("jane.roe"))
	require.Equal(t, []string{"4001", "4002"}, numbers("joe.doe"), "the linked extension follows the number")

	b.postRedirect(path, url.Values{"default_extension": {"4003"}, "swap": {"4002"}})
	require.Equal(t, []string{"4003"}, numbers("jane.roe"), "the swap was for another number")
	require.Equal(t, []string{"4001", "4003"}, numbers("joe.doe"))
}

func TestPages_userMailPreview(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe", DisplayName: `<script>alert("x")</script>`, Email: "jane@example.com"})
	for _, kind := range []string{"welcome", "reset"} {
		response, page := b.server.Get(t, b.client, "/users/jane.roe/mail/"+kind)
		require.Equal(t, http.StatusOK, response.StatusCode)
		require.Contains(t, response.Header.Get("Content-Security-Policy"), "style-src 'self' 'unsafe-inline'")
		require.Contains(t, response.Header.Get("Content-Security-Policy"), "script-src 'self'")
		require.Contains(t, page, `sandbox srcdoc="&lt;!DOCTYPE html&gt;`)
		require.NotContains(t, page, "<script>alert")
		require.Contains(t, page, "jane@example.com")
	}
	require.True(t, b.user("jane.roe").WelcomedAt.IsZero())
	b.get("/users/jane.roe/mail/other", http.StatusNotFound)
}

func TestPages_userPasswordLinkShownOnce(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	form := janeForm()
	form.Set("onboarding", "link")
	require.Equal(t, "/users/jane.roe/link", b.postRedirect("/users/new", form))
	link := copyableText(b.get("/users/jane.roe/link", http.StatusOK), "link")
	require.Contains(t, link, b.server.URL+userman.SetPasswordPath)
	require.Contains(t, b.get("/users/jane.roe/link", http.StatusOK), "was shown once")
	token := store.NewSecret(link[len(b.server.URL+userman.SetPasswordPath):])
	_, err := b.server.Site.Users.AcceptInvitation(t.Context(), token, store.NewSecret(password))
	require.NoError(t, err)
}

// failingSIPAccounts does not respond.
type failingSIPAccounts struct{}

func (failingSIPAccounts) SIPAccount(context.Context, string) (*userman.SIPAccount, error) {
	return nil, errors.New("the extensions do not answer")
}

// The page must not suggest that the user was not added: adding them again fails.
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
	form.Set("onboarding", "mail")
	require.Equal(t, "/users/jane.roe", b.postRedirect("/users/new", form))
	page := b.get("/users/jane.roe", http.StatusOK)
	require.Contains(t, page, `role="alert" tabindex="-1" autofocus>jane.roe was added. No email was sent: The server could not complete the request.`)
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
	b.postRedirect("/users/jane.roe/welcome", nil)
	page := b.get("/users/jane.roe", http.StatusOK)
	require.Contains(t, page, "Email sent to jane@example.com")
	require.Contains(t, page, "the default extension is not of the type PJSIP")
}

func TestPages_softphoneLinkNeedsSIPAccounts(t *testing.T) {
	t.Parallel()
	for _, available := range []bool{false, true} {
		opts := withMailer(newFakeMailer())
		mailed := opts.Users
		opts.Users = func(o *userman.Options) {
			mailed(o)
			if available {
				o.SIPAccounts = fakeSIPAccounts("PJSIP")
			}
		}
		b := start(t, opts)
		b.createUser(userman.User{Username: "jane.roe", DefaultExtension: "4001"})
		require.Equal(t, available, strings.Contains(b.get("/users/jane.roe", http.StatusOK), "Create softphone link"))
	}
}

func TestPages_portalLeadsUsersNotToTheirAdministrators(t *testing.T) {
	t.Parallel()
	stranger := start(t, nil).anonymous()
	page := stranger.get(userman.PortalPath, http.StatusOK)
	require.Contains(t, page, `href="/forgot-password"`)
	require.NotContains(t, page, `name="password"`)
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
	require.Equal(t, "/users/jane.roe/softphone", b.postRedirect("/users/jane.roe/softphone", nil))
	require.Contains(t, copyableText(b.get("/users/jane.roe/softphone", http.StatusOK), "link"), userman.ActivationPath)
	require.Contains(t, b.get("/users/jane.roe/softphone", http.StatusOK), "was shown once")
	page := b.post("/users/john.roe/softphone", nil, http.StatusConflict)
	require.Contains(t, page, "the user has no default extension; set it first")
	require.Contains(t, page, ">The action failed</h2>")
	require.NotContains(t, page, "Nothing was saved", "nothing was to be saved")
}

func TestPages_userPasswordGeneratedOrTyped(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe"})
	const page = "/users/jane.roe/password"
	require.Contains(t, b.get(page, http.StatusOK), `value="must_change" checked`)
	require.Equal(t, page+"/generated", b.postRedirect(page, url.Values{"how": {"generate"}, "options": {"must_change", "disable_tokens"}}))
	generated := copyableText(b.get(page+"/generated", http.StatusOK), "password")
	require.Len(t, generated, 20)
	require.NotContains(t, b.get(page+"/generated", http.StatusOK), generated)
	require.True(t, b.user("jane.roe").MustChangePassword)

	b.requireFieldError(b.post(page, url.Values{"how": {"typed"}, "password": {"short"}}, http.StatusUnprocessableEntity), "field-password")
	rejected := b.post(page, url.Values{"how": {"generate"}, "password": {password}}, http.StatusUnprocessableEntity)
	require.Contains(t, rejected, "select the typed password")
	b.post(page, url.Values{"how": {"nonsense"}}, http.StatusUnprocessableEntity)
	require.Equal(t, "/users/jane.roe", b.postRedirect(page, url.Values{"how": {"typed"}, "password": {password}}))
	u := b.user("jane.roe")
	require.False(t, u.MustChangePassword)
	require.Contains(t, b.get("/users/jane.roe", http.StatusOK), "Password set")
}

func TestPages_userLifecycle(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	u := b.createUser(userman.User{Username: "jane.roe", DefaultExtension: "4001"})
	b.postRedirect("/users/jane.roe/disable", nil)
	require.Contains(t, b.get("/users/jane.roe", http.StatusOK), ">disabled<")
	b.postRedirect("/users/jane.roe/enable", nil)
	b.postRedirect("/users/jane.roe/sessions/end", nil)
	require.Contains(t, b.get("/users/jane.roe", http.StatusOK), "All sessions ended.")
	b.get("/users/jane.roe/second-factor/remove", http.StatusOK)
	b.postRedirect("/users/jane.roe/second-factor/remove", nil)

	require.Contains(t, b.get("/users/jane.roe/delete", http.StatusOK), "API tokens no longer work")
	require.Equal(t, "/users", b.postRedirect("/users/jane.roe/delete", nil))
	b.get("/users/jane.roe", http.StatusNotFound)
	one := "/deleted-users/" + string(u.ID)
	require.Contains(t, b.get("/users?status=deleted&search=roe", http.StatusOK), one+"/restore")

	b.createUser(userman.User{Username: "jane.roe", DefaultExtension: "4001"})
	form := url.Values{"username": {"jane.roe"}, "default_extension": {""}}
	require.Contains(t, b.get(one+"/restore", http.StatusOK), `value="jane.roe"`)
	b.requireFieldError(b.post(one+"/restore", form, http.StatusUnprocessableEntity), "field-username")
	form = url.Values{"username": {"jane.old"}, "default_extension": {"4001"}}
	b.requireFieldError(b.post(one+"/restore", form, http.StatusUnprocessableEntity), "field-default_extension")
	form.Set("default_extension", "")
	require.Equal(t, "/users/jane.old", b.postRedirect(one+"/restore", form))
	b.get(one+"/restore", http.StatusNotFound)
	b.post(one+"/purge", nil, http.StatusNotFound)

	b.postRedirect("/users/jane.old/delete", nil)
	require.Contains(t, b.get(one+"/purge", http.StatusOK), "This cannot be undone")
	require.Equal(t, "/users?status=deleted", b.postRedirect(one+"/purge", nil))
	require.Contains(t, b.get("/users?status=deleted", http.StatusOK), "No deleted users")
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
	require.Contains(t, b.get("/users/jane.roe/delete", http.StatusOK), "Blocked by call flow night")
	page := b.post("/users/jane.roe/delete", nil, http.StatusConflict)
	require.Contains(t, page, `role="alert"`)
	require.Contains(t, page, ">The action failed</h2>")
	b.get("/users/jane.roe", http.StatusOK)
}

// managingDirectory is a directory that manages names and passwords.
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
	page := b.get("/users/jane.roe", http.StatusOK)
	require.Contains(t, page, `name="title" type="text" value="Head" autocomplete="off" readonly`)
	require.Equal(t, 1, strings.Count(page, "The directory head-office manages the fields that cannot be edited here."))
	require.NotContains(t, page, "/users/jane.roe/password")
	form := url.Values{"username": {"jane.roe"}, "title": {"Other"}, "version": {b.hiddenValue(page, "version")}}
	require.Contains(t, b.post("/users/jane.roe", form, http.StatusConflict), "owns these fields; change them there")
	form.Set("title", "Head")
	form.Set("department", "Sales")
	b.postRedirect("/users/jane.roe", form)
	require.Contains(t, b.post("/users/jane.roe/link", nil, http.StatusConflict), "directory manages the password")
	b.post("/users/jane.roe/password", url.Values{"how": {"generate"}}, http.StatusConflict)
}
