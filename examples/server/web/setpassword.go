package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

// publicPages are the pages behind links in mails, and those of a forgotten
// password. They need no login.
type publicPages struct{ *pages }

const (
	forgotPasswordPath     = "/forgot-password"
	forgotPasswordSentPath = "/forgot-password/sent"
	setPasswordDonePath    = "/set-password/done"
)

func (p publicPages) routes() []route {
	const password, softphone = "/set-password/{token}", "/softphone/{token}"
	return open(
		get(password, "", p.passwordForm), post(password, "", p.setPassword), post(password+"/renew", "", p.renewInvitation),
		get(setPasswordDonePath, "", p.passwordDone), get(userman.PortalPath, "", p.portal),
		get(forgotPasswordPath, "", p.forgotForm), post(forgotPasswordPath, "", p.forgotPassword), get(forgotPasswordSentPath, "", p.forgotSent),
		get(softphone, "", p.softphone), get(softphone+"/qr.png", "", p.softphoneQR),
		get(softphone+"/linphone.xml", "", p.activate("application/xml; charset=utf-8", (*userman.Activation).Linphone)),
		get(softphone+"/account.json", "", p.activate("application/json", (*userman.Activation).JSON)),
	)
}

// setPasswordPage is the form behind a link of an administrator or a user.
type setPasswordPage struct {
	*credential.Link

	Problems []problem
	Password formField
}

// newPassword is the required field of a new password.
func newPassword(label string) formField {
	return formField{
		Name: "password", Label: label, Type: "password", Autocomplete: "new-password", Required: true,
		Hint: "At least 12 characters and hard to guess. A few unrelated words work well.",
	}
}

// linkToken is the token in the address.
func linkToken(r *request) store.Secret { return store.NewSecret(r.PathValue("token")) }

func (p publicPages) passwordForm(ctx context.Context, r *request) (response, error) {
	return p.passwordPage(ctx, r, formErrors{})
}

func (p publicPages) passwordPage(ctx context.Context, r *request, errs formErrors) (response, error) {
	link, err := p.invitation(ctx, r)
	if errors.Is(err, store.ErrNotFound) {
		return p.invalidLink(r, err, formErrors{status: http.StatusNotFound}), nil
	}
	body := setPasswordPage{Link: link, Password: newPassword("New password")}
	body.Problems = errs.mark(&body.Password)
	return formPage(errs, "setpassword", "Set your password", body), err
}

// invitation returns the administrator or the user of the link.
func (p publicPages) invitation(ctx context.Context, r *request) (*credential.Link, error) {
	link, err := p.site.Administrators.Invitation(ctx, linkToken(r))
	if errors.Is(err, store.ErrNotFound) {
		return p.site.Users.Invitation(ctx, linkToken(r))
	}
	return link, err
}

// invalidLinkPage is shown for a link that does not work.
type invalidLinkPage struct {
	Problems []problem
	// Renew is the address that requests a new link for an expired one.
	Renew string
	// Mails says that the server sends mail.
	Mails bool
}

// invalidLink says why a link does not work. An expired link of a user can be
// renewed.
func (p publicPages) invalidLink(r *request, why error, errs formErrors) response {
	body := invalidLinkPage{Problems: errs.summary(nil), Mails: p.site.MailStatus().Configured}
	if _, expired := errors.AsType[*credential.LinkExpiredError](why); !expired {
		return formPage(errs, "linkinvalid", "This link no longer works", body)
	}
	body.Renew = userman.SetPasswordPath + r.PathValue("token") + "/renew"
	return formPage(errs, "linkexpired", "This link has expired", body)
}

func (p publicPages) setPassword(ctx context.Context, r *request) (response, error) {
	password := store.NewSecret(r.form("password"))
	_, err := p.site.Administrators.AcceptInvitation(ctx, linkToken(r), password)
	if err == nil {
		return redirect{Path: "/login", Flash: "Your password is set. You can log in now."}, nil
	}
	if errors.Is(err, store.ErrNotFound) {
		if _, err = p.site.Users.AcceptInvitation(ctx, linkToken(r), password); err == nil {
			return redirect{Path: setPasswordDonePath, Flash: "Your password is set."}, nil
		}
	}
	if errors.Is(err, store.ErrNotFound) {
		return p.invalidLink(r, err, formErrors{status: http.StatusNotFound}), nil
	}
	return onFormErrors(err, func(errs formErrors) (response, error) { return p.passwordPage(ctx, r, errs) })
}

// passwordDone confirms the new password of a user. The link itself no longer
// works.
func (p publicPages) passwordDone(ctx context.Context, _ *request) (response, error) {
	if p.sessions.SCS.GetString(ctx, flashKey) == "" {
		return redirect{Path: forgotPasswordPath}, nil
	}
	return page{Name: "setpassworddone", Title: "Your password is set"}, nil
}

// portal says what the login of a user is for, to those who follow the link of a
// welcome mail.
func (p publicPages) portal(context.Context, *request) (response, error) {
	return page{Name: "portal", Title: "Your phone account", Body: p.loginLabel()}, nil
}

// renewInvitation mails a new link for an expired one. The response does not
// reveal whether the link existed.
func (p publicPages) renewInvitation(ctx context.Context, r *request) (response, error) {
	err := p.site.Users.RequestNewLink(ctx, linkToken(r))
	if errs, ok := formErrorsOf(err); ok {
		return p.invalidLink(r, &credential.LinkExpiredError{}, errs), nil
	}
	return redirect{Path: forgotPasswordSentPath}, err
}

// forgotPasswordPage is the page /forgot-password.
type forgotPasswordPage struct {
	Problems []problem
	Name     formField
	// Mails is false when the server sends no mail: only an administrator can
	// help then.
	Mails bool
}

func (p publicPages) forgotForm(_ context.Context, r *request) (response, error) {
	return p.forgotPage(r, formErrors{}), nil
}

func (p publicPages) forgotPage(r *request, errs formErrors) response {
	body := forgotPasswordPage{Mails: p.site.MailStatus().Configured, Name: formField{
		Name: "name", Label: p.loginLabel(), Value: r.form("name"), Autocomplete: "username", Required: true, Hint: "The name that you log in with.",
	}}
	body.Problems = errs.mark(&body.Name)
	return formPage(errs, "forgotpassword", "Forgot password", body)
}

// loginLabel names what users can log in with.
func (p publicPages) loginLabel() string {
	label := "Username"
	if p.site.Current().Users.LoginByEmail {
		label += ", email address"
	}
	if p.site.Current().Users.LoginByExtension {
		label += ", extension"
	}
	return label
}

// forgotPassword mails a link. The response does not reveal whether the user
// exists.
func (p publicPages) forgotPassword(ctx context.Context, r *request) (response, error) {
	if !p.site.MailStatus().Configured {
		return p.forgotPage(r, formErrors{status: http.StatusConflict}), nil
	}
	name := strings.TrimSpace(r.form("name"))
	err := invalidField("name", store.CodeRequired, "enter the name that you log in with")
	if name != "" {
		err = p.site.Users.RequestReset(ctx, name)
	}
	if errs, ok := formErrorsOf(err); ok {
		return p.forgotPage(r, errs), nil
	}
	return redirect{Path: forgotPasswordSentPath}, err
}

func (p publicPages) forgotSent(context.Context, *request) (response, error) {
	return page{Name: "forgotpasswordsent", Title: "Check your inbox"}, nil
}
