package api

import (
	"context"
	"net/http"

	"github.com/pbxusers/pbxusers/store"
)

const tagAccount = "account"

// NewPassword is a new password and the current one.
type NewPassword struct {
	CurrentPassword store.Secret `doc:"The current password."                                                          json:"current_password"`
	Password        store.Secret `doc:"The new password: at least 12 characters, not the username, and hard to guess." json:"password"`
}

// enrollment is what an authenticator app needs.
type enrollment struct {
	Secret string `doc:"The secret to enter into the authenticator app. It is shown only once." json:"secret"`
	URL    string `doc:"The same as a link, or for a QR code."                                  json:"url"`
}

// NewCode is a code of the authenticator app.
type NewCode struct {
	Code string `doc:"The six digits that the authenticator app shows." json:"code"`
}

type recoveryCodes struct {
	RecoveryCodes []string `doc:"Each works once, in place of a code of the app. They are shown only once." json:"recovery_codes"`
}

func (a *api) registerAccount() {
	g := operationGroup{api: a, tag: tagAccount}
	const path = "/account/second-factor"
	registerBody(g, operation{
		id: "changeOwnPassword", method: http.MethodPut, path: "/account/password", summary: "Change your password",
		description: "Ends all your other sessions.",
		status:      http.StatusNoContent, errors: []int{http.StatusTooManyRequests},
		request: map[string]any{"current_password": "correct horse battery staple", "password": "seventeen purple lanterns"},
	}, a.changeOwnPassword)
	g.register(operation{
		id: "beginSecondFactor", method: http.MethodPost, path: path, summary: "Start to set up two-factor authentication",
		description: "Enter the secret or the URL into an authenticator app. Logins ask for a code after POST /account/second-factor/confirm.",
		status:      http.StatusCreated, errors: []int{http.StatusConflict},
		response: enrollment{"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "otpauth://totp/pbxusers:jane.admin?issuer=pbxusers&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"},
	}, a.beginSecondFactor)
	registerBody(g, operation{
		id: "confirmSecondFactor", method: http.MethodPost, path: path + "/confirm", summary: "Enable two-factor authentication",
		errors:  []int{http.StatusNotFound, http.StatusConflict},
		request: map[string]any{"code": "492039"}, response: exampleRecoveryCodes(),
	}, func(ctx context.Context, _ *request, body *NewCode) (*response, error) {
		return replyRecoveryCodes(a.app.Administrators.ConfirmSecondFactor(ctx, a.sessions.Administrator(ctx).Username, body.Code))
	})
	g.register(operation{
		id: "replaceRecoveryCodes", method: http.MethodPost, path: path + "/recovery-codes", summary: "Replace your recovery codes",
		description: "The earlier codes stop working.",
		errors:      []int{http.StatusConflict}, response: exampleRecoveryCodes(),
	}, func(ctx context.Context, _ *request) (*response, error) {
		return replyRecoveryCodes(a.app.Administrators.NewRecoveryCodes(ctx, a.sessions.Administrator(ctx).Username))
	})
	g.register(operation{
		id: "deleteOwnSecondFactor", method: http.MethodDelete, path: path, summary: "Disable two-factor authentication",
		status: http.StatusNoContent,
	}, func(ctx context.Context, _ *request) (*response, error) {
		_, err := a.app.Administrators.RemoveSecondFactor(ctx, a.sessions.Administrator(ctx).Username)
		return noContent(err)
	})
}

func exampleRecoveryCodes() recoveryCodes {
	return recoveryCodes{[]string{"k7wq-93hx-m2pd", "t4bn-c8vr-6yzf"}}
}

func (a *api) changeOwnPassword(ctx context.Context, _ *request, body *NewPassword) (*response, error) {
	username := a.sessions.Administrator(ctx).Username
	changed, err := a.app.Administrators.ChangePassword(ctx, username, body.CurrentPassword, body.Password)
	if err != nil {
		return nil, err
	}
	return noContent(a.sessions.Refresh(ctx, changed))
}

func (a *api) beginSecondFactor(ctx context.Context, _ *request) (*response, error) {
	begun, err := a.app.Administrators.BeginSecondFactor(ctx, a.sessions.Administrator(ctx).Username)
	if err != nil {
		return nil, err
	}
	return &response{body: enrollment{begun.Secret.Reveal(), begun.URL.Reveal()}}, nil
}

func replyRecoveryCodes(codes []store.Secret, err error) (*response, error) {
	shown := recoveryCodes{make([]string, len(codes))}
	for i, code := range codes {
		shown.RecoveryCodes[i] = code.Reveal()
	}
	return reply(shown, err)
}
