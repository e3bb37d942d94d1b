package web

import (
	"errors"
	"net/http"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// What people without a session are led to.
const (
	forgottenPath   = "/person/forgot"
	sentPath        = "/person/sent"
	ownPasswordPath = "/person/password"
)

// deadLinkPage is what is shown for a link that does not work.
type deadLinkPage struct {
	Problems []problem
	// Renew is where a new link is asked for; empty where that cannot be done.
	Renew string
	// Forgotten is the page for a forgotten password; empty where no mails are
	// sent.
	Forgotten string
}

func (v *visit) ownPasswordForm() error {
	return v.showOwnPassword(refusals{status: http.StatusOK})
}

// linkToken is the one in the address.
func (v *visit) linkToken() store.Secret { return store.NewSecret(v.r.PathValue("token")) }

// showOwnPassword shows the form of a link, with what was refused.
func (v *visit) showOwnPassword(errs refusals) error {
	link, err := v.site.People.Invitation(v.r.Context(), v.linkToken())
	if errors.Is(err, store.ErrNotFound) {
		return v.showDeadLink(err, refusals{status: http.StatusNotFound})
	}
	if err != nil {
		return err
	}
	return v.showStatus(errs.status, "setpassword", "Set your password", setPasswordPage{
		Problems: errs.summary(map[string]string{"password": "New password"}),
		Username: link.Username, Expires: link.ExpiresAt, Password: newPassword(errs),
	})
}

// showDeadLink says why a link does not work, and what to do. Whoever has one
// that has expired may ask for another.
func (v *visit) showDeadLink(why error, errs refusals) error {
	page := deadLinkPage{Problems: errs.summary(nil)}
	mails := v.site.Mail().Configured
	if mails {
		page.Forgotten = forgottenPath
	}
	title := "This link does not work any more"
	if _, expired := errors.AsType[*userman.LinkExpiredError](why); expired {
		title = "This link has expired"
		if mails {
			page.Renew = userman.SetPasswordPath + v.r.PathValue("token") + "/renew"
		}
		return v.showStatus(errs.status, "ownlinkexpired", title, page)
	}
	return v.showStatus(errs.status, "ownlinkused", title, page)
}

func (v *visit) ownPasswordSet() error {
	_, err := v.site.People.AcceptInvitation(v.r.Context(), v.linkToken(), store.NewSecret(v.form().Get("password")))
	if err == nil {
		return v.done(ownPasswordPath, "Your password is set.")
	}
	if errors.Is(err, store.ErrNotFound) {
		return v.showDeadLink(err, refusals{status: http.StatusNotFound})
	}
	errs, ok := refusalsOf(err)
	if !ok {
		return err
	}
	v.retryAfter(err)
	return v.showOwnPassword(errs)
}

// ownPasswordDone is where a password that was set is told of: the address of
// the link would say that it does not work any more.
func (v *visit) ownPasswordDone() error {
	if v.gate.Sessions.GetString(v.r.Context(), flashKey) == "" {
		return v.redirect(forgottenPath)
	}
	return v.show("ownpassworddone", "Your password is set", nil)
}

// ownPasswordRenew mails a new link in place of an expired one. The answer does
// not tell whether it was one.
func (v *visit) ownPasswordRenew() error {
	err := v.site.People.RenewLink(v.r.Context(), v.linkToken())
	if err == nil {
		return v.redirect(sentPath)
	}
	errs, ok := refusalsOf(err)
	if !ok {
		return err
	}
	v.retryAfter(err)
	return v.showDeadLink(&userman.LinkExpiredError{}, errs)
}
