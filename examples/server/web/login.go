package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// Notices of the login page, as its address names them.
const (
	noticeEnded     = "ended"
	noticeLoggedOut = "logged_out"
)

// loginPage is also the page for the code of a second factor.
type loginPage struct {
	Notice   string
	Problem  string
	Next     string
	Username field
	Password field
	Code     field
}

func (v *pageHandler) loginForm() error {
	if v.admin != nil {
		return v.redirect(localPath(v.r.URL.Query().Get("next")))
	}
	notices := map[string]string{
		noticeEnded:     "Your session has ended. Log in again. Unsaved changes were lost.",
		noticeLoggedOut: "You have logged out.",
	}
	query := v.r.URL.Query()
	return v.renderLogin(http.StatusOK, loginPage{Notice: notices[query.Get("notice")], Next: query.Get("next")}, "")
}

func (v *pageHandler) renderLogin(status int, p loginPage, username string) error {
	p.Next = localPath(p.Next)
	p.Username = field{Name: "username", Label: "Username", Value: username, Autocomplete: "username", Required: true}
	p.Password = field{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Required: true}
	return v.renderStatus(status, "login", "Log in", p)
}

func (v *pageHandler) logIn() error {
	username, next := v.form().Get("username"), v.form().Get("next")
	login, err := v.sessions.LogIn(v.r.Context(), credential.LoginAttempt{
		Username: username, Password: store.NewSecret(v.form().Get("password")), DeviceToken: v.device(),
	})
	var loginErr *credential.LoginError
	switch {
	case err == nil && login.MFARequired():
		return v.redirect(listAddress("/login/code", "next", nextOf(next)))
	case err == nil:
		return v.completeLogin(login, next)
	case errors.As(err, &loginErr):
		return v.renderLogin(http.StatusUnprocessableEntity, loginPage{Problem: sentence(loginErr.Message), Next: next}, username)
	case errors.Is(err, store.ErrRateLimited):
		v.setRetryAfter(err)
		return v.renderLogin(http.StatusTooManyRequests, loginPage{Problem: sentence(err.Error()), Next: next}, username)
	}
	return err
}

// nextOf is where to go after a login, for an address; empty when that is the
// overview.
func nextOf(wanted string) string {
	if local := localPath(wanted); local != "/" {
		return local
	}
	return ""
}

// completeLogin has the browser remember the device, and goes on.
func (v *pageHandler) completeLogin(login *ampusers.Login, next string) error {
	v.rememberDevice(login.DeviceToken)
	if login.RecoveryCodesLeft >= 0 {
		return v.redirectWithFlash("/account", fmt.Sprintf(
			"You used a recovery code, which no longer works. %d codes are left. Create new codes before you run out.", login.RecoveryCodesLeft))
	}
	return v.redirect(localPath(next))
}

func (v *pageHandler) codeForm() error {
	next := v.r.URL.Query().Get("next")
	if v.sessions.PendingMFA(v.r.Context()) == "" {
		return v.redirect(listAddress("/login", "next", nextOf(next)))
	}
	return v.renderCode(http.StatusOK, loginPage{Next: next})
}

func (v *pageHandler) renderCode(status int, p loginPage) error {
	p.Next = localPath(p.Next)
	p.Code = field{
		Name: "code", Label: "Code", Autocomplete: "one-time-code", InputMode: "numeric", Required: true,
		Hint: "The six-digit code from your authenticator app, or a recovery code.",
	}
	return v.renderStatus(status, "code", "Two-factor authentication", p)
}

func (v *pageHandler) confirmCode() error {
	next := v.form().Get("next")
	login, err := v.sessions.ConfirmMFA(v.r.Context(), strings.TrimSpace(v.form().Get("code")), v.device())
	var loginErr *credential.LoginError
	switch {
	case err == nil:
		return v.completeLogin(login, next)
	case errors.As(err, &loginErr) && loginErr.Code == credential.InvalidMFACode:
		return v.renderCode(http.StatusUnprocessableEntity, loginPage{Problem: sentence(loginErr.Message), Next: next})
	case errors.As(err, &loginErr):
		return v.renderLogin(http.StatusUnprocessableEntity, loginPage{Problem: sentence(loginErr.Message), Next: next}, "")
	case errors.Is(err, store.ErrRateLimited):
		v.setRetryAfter(err)
		return v.renderCode(http.StatusTooManyRequests, loginPage{Problem: sentence(err.Error()), Next: next})
	}
	return err
}

func (v *pageHandler) logOut() error {
	if err := v.sessions.LogOut(v.r.Context()); err != nil {
		return err
	}
	return v.redirect("/login?notice=" + noticeLoggedOut)
}
