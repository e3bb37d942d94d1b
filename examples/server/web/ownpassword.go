package web

import (
	"errors"
	"net/http"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

// What people without a session are led to.
const (
	forgotPasswordPath = "/person/forgot"
	sentPath           = "/person/sent"
	ownPasswordPath    = "/person/password"
)

// invalidLinkPage is what is shown for a link that does not work.
type invalidLinkPage struct {
	Problems []problem
	// Renew is where a new link is asked for; empty where that cannot be done.
	Renew string
	// Forgotten is the page for a forgotten password; empty where no mails are
	// sent.
	Forgotten string
}

func (v *pageHandler) ownPasswordForm() error {
	return v.renderOwnPassword(formErrors{status: http.StatusOK})
}

// linkToken is the one in the address.
func (v *pageHandler) linkToken() store.Secret { return store.NewSecret(v.r.PathValue("token")) }

// renderOwnPassword shows the form of a link, with what was refused.
func (v *pageHandler) renderOwnPassword(errs formErrors) error {
	link, err := v.site.Users.Invitation(v.r.Context(), v.linkToken())
	if errors.Is(err, store.ErrNotFound) {
		return v.renderInvalidLink(err, formErrors{status: http.StatusNotFound})
	}
	if err != nil {
		return err
	}
	return v.renderStatus(errs.status, "setpassword", "Set your password", setPasswordPage{
		Problems: errs.summary(map[string]string{"password": "New password"}),
		Username: link.Username, Expires: link.ExpiresAt, Password: newPassword(errs),
	})
}

// renderInvalidLink says why a link does not work, and what to do. Whoever has one
// that has expired may ask for another.
func (v *pageHandler) renderInvalidLink(why error, errs formErrors) error {
	page := invalidLinkPage{Problems: errs.summary(nil)}
	mails := v.site.MailStatus().Configured
	if mails {
		page.Forgotten = forgotPasswordPath
	}
	title := "This link does not work any more"
	if _, expired := errors.AsType[*credential.LinkExpiredError](why); expired {
		title = "This link has expired"
		if mails {
			page.Renew = userman.SetPasswordPath + v.r.PathValue("token") + "/renew"
		}
		return v.renderStatus(errs.status, "ownlinkexpired", title, page)
	}
	return v.renderStatus(errs.status, "ownlinkused", title, page)
}

func (v *pageHandler) ownPasswordSet() error {
	_, err := v.site.Users.AcceptInvitation(v.r.Context(), v.linkToken(), store.NewSecret(v.form().Get("password")))
	if err == nil {
		return v.redirectWithFlash(ownPasswordPath, "Your password is set.")
	}
	if errors.Is(err, store.ErrNotFound) {
		return v.renderInvalidLink(err, formErrors{status: http.StatusNotFound})
	}
	errs, ok := formErrorsOf(err)
	if !ok {
		return err
	}
	v.setRetryAfter(err)
	return v.renderOwnPassword(errs)
}

// ownPasswordDone is where a password that was set is told of: the address of
// the link would say that it does not work any more.
func (v *pageHandler) ownPasswordDone() error {
	if v.sessions.SCS.GetString(v.r.Context(), flashKey) == "" {
		return v.redirect(forgotPasswordPath)
	}
	return v.render("ownpassworddone", "Your password is set", nil)
}

// ownPasswordRenew mails a new link in place of an expired one. The answer does
// not tell whether it was one.
func (v *pageHandler) ownPasswordRenew() error {
	err := v.site.Users.RequestNewLink(v.r.Context(), v.linkToken())
	if err == nil {
		return v.redirect(sentPath)
	}
	errs, ok := formErrorsOf(err)
	if !ok {
		return err
	}
	v.setRetryAfter(err)
	return v.renderInvalidLink(&credential.LinkExpiredError{}, errs)
}
