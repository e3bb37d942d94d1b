package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

const (
	forgotPasswordPath     = "/forgot-password"
	forgotPasswordSentPath = "/forgot-password/sent"
	setPasswordDonePath    = "/set-password/done"
)

// setPasswordPage is the form behind a link of an administrator or a user.
type setPasswordPage struct {
	Problems []problem
	Username string
	Expires  time.Time
	Password field
}

// newPassword is the field of a new password.
func newPassword(errs formErrors) field {
	return field{
		Name: "password", Label: "New password", Type: "password", Autocomplete: "new-password", Required: true,
		Hint:   "At least 12 characters and hard to guess. A few unrelated words work well.",
		Errors: errs.forField("password"),
	}
}

// linkToken is the token in the address.
func (v *pageHandler) linkToken() store.Secret { return store.NewSecret(v.r.PathValue("token")) }

func (v *pageHandler) setPasswordForm() error {
	return v.renderSetPassword(formErrors{status: http.StatusOK})
}

func (v *pageHandler) renderSetPassword(errs formErrors) error {
	username, expires, err := v.invitation(v.r.Context())
	if errors.Is(err, store.ErrNotFound) {
		return v.renderInvalidLink(err, formErrors{status: http.StatusNotFound})
	}
	if err != nil {
		return err
	}
	return v.renderStatus(errs.status, "setpassword", "Set your password", setPasswordPage{
		Problems: errs.summary(map[string]string{"password": "New password"}),
		Username: username, Expires: expires, Password: newPassword(errs),
	})
}

// invitation returns the administrator or the user of the link.
func (v *pageHandler) invitation(ctx context.Context) (username string, expires time.Time, err error) {
	admin, err := v.site.Administrators.Invitation(ctx, v.linkToken())
	if err == nil {
		return admin.Username, admin.ExpiresAt, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return "", time.Time{}, err
	}
	user, err := v.site.Users.Invitation(ctx, v.linkToken())
	if err != nil {
		return "", time.Time{}, err
	}
	return user.Username, user.ExpiresAt, nil
}

// invalidLinkPage is shown for a link that does not work.
type invalidLinkPage struct {
	Problems []problem
	// Renew requests a new link; empty when that is not possible.
	Renew string
	// ForgotPassword is empty when the server sends no mail.
	ForgotPassword string
}

// renderInvalidLink says why a link does not work. An expired link of a user
// can be renewed.
func (v *pageHandler) renderInvalidLink(why error, errs formErrors) error {
	page := invalidLinkPage{Problems: errs.summary(nil)}
	mails := v.site.MailStatus().Configured
	if mails {
		page.ForgotPassword = forgotPasswordPath
	}
	if _, expired := errors.AsType[*credential.LinkExpiredError](why); expired {
		if mails {
			page.Renew = userman.SetPasswordPath + v.r.PathValue("token") + "/renew"
		}
		return v.renderStatus(errs.status, "linkexpired", "This link has expired", page)
	}
	return v.renderStatus(errs.status, "linkinvalid", "This link no longer works", page)
}

func (v *pageHandler) setPassword() error {
	ctx, password := v.r.Context(), store.NewSecret(v.form().Get("password"))
	_, err := v.site.Administrators.AcceptInvitation(ctx, v.linkToken(), password)
	if err == nil {
		return v.redirectWithFlash("/login", "Your password is set. You can log in now.")
	}
	if errors.Is(err, store.ErrNotFound) {
		if _, err = v.site.Users.AcceptInvitation(ctx, v.linkToken(), password); err == nil {
			return v.redirectWithFlash(setPasswordDonePath, "Your password is set.")
		}
	}
	if errors.Is(err, store.ErrNotFound) {
		return v.renderInvalidLink(err, formErrors{status: http.StatusNotFound})
	}
	errs, ok := formErrorsOf(err)
	if !ok {
		return err
	}
	v.setRetryAfter(err)
	return v.renderSetPassword(errs)
}

// setPasswordDone confirms the new password of a user. The address of the link
// would answer that it no longer works.
func (v *pageHandler) setPasswordDone() error {
	if v.sessions.SCS.GetString(v.r.Context(), flashKey) == "" {
		return v.redirect(forgotPasswordPath)
	}
	return v.render("setpassworddone", "Your password is set", nil)
}

// renewInvitation mails a new link for an expired one. The answer does not tell
// whether the link existed.
func (v *pageHandler) renewInvitation() error {
	err := v.site.Users.RequestNewLink(v.r.Context(), v.linkToken())
	if err == nil {
		return v.redirect(forgotPasswordSentPath)
	}
	errs, ok := formErrorsOf(err)
	if !ok {
		return err
	}
	v.setRetryAfter(err)
	return v.renderInvalidLink(&credential.LinkExpiredError{}, errs)
}
