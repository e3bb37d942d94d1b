package web

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// loginPages are the pages that log administrators in and out.
type loginPages struct{ *pages }

func (p loginPages) routes() []route {
	return open(
		get("/login", "", p.form), post("/login", "", p.logIn),
		get("/login/code", "", p.codeForm), post("/login/code", "", p.confirmCode),
		post("/logout", "", p.logOut),
	)
}

// Notices of the login page, as its address names them.
const (
	noticeEnded     = "ended"
	noticeKept      = "kept"
	noticeLost      = "lost"
	noticeLoggedOut = "logged_out"
)

// loginPage is also the page for the code of a second factor.
type loginPage struct {
	Problems                 []problem
	Notice, Next             string
	Username, Password, Code formField
}

func (p loginPages) form(_ context.Context, r *request) (response, error) {
	if r.admin != nil {
		return redirect{Path: localPath(r.query("next"))}, nil
	}
	return newLoginPage(formErrors{}, "", r.query("next"), r.query("notice")), nil
}

func newLoginPage(errs formErrors, username, next, notice string) response {
	return formPage(errs, "login", "Log in", loginPage{
		Problems: errs.summary(nil), Notice: notice, Next: localPath(next),
		Username: formField{Name: "username", Label: "Username", Value: username, Autocomplete: "username", Required: true, Unmarked: true, Autofocus: len(errs.summary(nil)) == 0},
		Password: formField{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Required: true, Unmarked: true},
	})
}

func newCodePage(errs formErrors, next string) response {
	body := loginPage{Problems: errs.summary(nil), Next: localPath(next), Code: codeField("The six-digit code from your authenticator app, or a recovery code.")}
	body.Code.Autofocus = len(body.Problems) == 0
	return formPage(errs, "code", "Two-factor authentication", body)
}

func (p loginPages) logIn(ctx context.Context, r *request) (response, error) {
	username, next := r.form("username"), r.form("next")
	login, err := p.sessions.LogIn(ctx, credential.LoginAttempt{
		Username: username, Password: store.NewSecret(r.form("password")), DeviceToken: p.sessions.DeviceToken(r.Request),
	})
	if err != nil {
		return onFormErrors(err, func(errs formErrors) (response, error) { return newLoginPage(errs, username, next, ""), nil })
	}
	if login.MFARequired() {
		return redirect{Path: listAddress("/login/code", "next", nextOf(next))}, nil
	}
	return p.loggedIn(login, next), nil
}

// nextOf is the page to show after a login, for an address; empty for the
// overview.
func nextOf(wanted string) string {
	if local := localPath(wanted); local != "/" {
		return local
	}
	return ""
}

// loggedIn has the browser remember the device, and shows the next page.
func (p loginPages) loggedIn(login *ampusers.Login, next string) response {
	answer := redirect{Path: localPath(next), Cookie: p.sessions.DeviceCookie(login.DeviceToken)}
	if login.RecoveryCodesLeft >= 0 {
		answer.Path, answer.Flash = "/account", fmt.Sprintf(
			"You used a recovery code, which no longer works. %d codes are left. Create new codes before you run out.", login.RecoveryCodesLeft)
	}
	return answer
}

func (p loginPages) codeForm(ctx context.Context, r *request) (response, error) {
	next := r.query("next")
	if p.sessions.PendingMFA(ctx) == "" {
		return redirect{Path: listAddress("/login", "next", nextOf(next))}, nil
	}
	return newCodePage(formErrors{}, next), nil
}

func (p loginPages) confirmCode(ctx context.Context, r *request) (response, error) {
	next := r.form("next")
	login, err := p.sessions.ConfirmMFA(ctx, strings.TrimSpace(r.form("code")), p.sessions.DeviceToken(r.Request))
	if err == nil {
		return p.loggedIn(login, next), nil
	}
	return onFormErrors(err, func(errs formErrors) (response, error) {
		if loginErr, ok := errors.AsType[*credential.LoginError](err); ok && loginErr.Code != credential.InvalidMFACode {
			return newLoginPage(errs, "", next, ""), nil
		}
		return newCodePage(errs, next), nil
	})
}

func (p loginPages) logOut(ctx context.Context, r *request) (response, error) {
	return redirect{Path: listAddress("/login", "next", nextOf(r.form("next")), "notice", noticeLoggedOut)}, p.sessions.LogOut(ctx)
}
