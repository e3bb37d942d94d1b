package api

import (
	"context"
	"net/http"

	"github.com/pbxusers/pbxusers/store"
)

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

// CurrentPassword proves that a session is in the hands of its administrator.
type CurrentPassword struct {
	CurrentPassword store.Secret `doc:"The current password." json:"current_password"`
}

type recoveryCodes struct {
	RecoveryCodes []string `doc:"Each works once, in place of a code of the app. They are shown only once." json:"recovery_codes"`
}

func (a *api) registerAccount() {
	const path = "/account/second-factor"
	g, codes := a.group("account", ""), schemaFor[recoveryCodes](a.document)
	registerBody(g, operation{id: "changeOwnPassword", route: "PUT /account/password"}, a.changeOwnPassword)
	registerBody(g, operation{
		id: "beginSecondFactor", route: "POST " + path, status: http.StatusCreated, response: schemaFor[enrollment](a.document),
	}, a.beginSecondFactor)
	registerBody(g, operation{id: "confirmSecondFactor", route: "POST " + path + "/confirm", response: codes},
		func(ctx context.Context, _ *request, body *NewCode) (*response, error) {
			return replyRecoveryCodes(a.app.Administrators.ConfirmSecondFactor(ctx, a.sessions.Administrator(ctx).Username, body.Code))
		})
	registerBody(g, operation{id: "replaceRecoveryCodes", route: "POST " + path + "/recovery-codes", response: codes},
		func(ctx context.Context, _ *request, body *CurrentPassword) (*response, error) {
			return replyRecoveryCodes(a.app.Administrators.NewRecoveryCodes(ctx, a.sessions.Administrator(ctx).Username, body.CurrentPassword))
		})
	registerBody(g, operation{id: "deleteOwnSecondFactor", route: "POST " + path + "/remove"},
		func(ctx context.Context, _ *request, body *CurrentPassword) (*response, error) {
			_, err := a.app.Administrators.RemoveOwnSecondFactor(ctx, a.sessions.Administrator(ctx).Username, body.CurrentPassword)
			return noContent(err)
		})
}

func (a *api) changeOwnPassword(ctx context.Context, _ *request, body *NewPassword) (*response, error) {
	username := a.sessions.Administrator(ctx).Username
	changed, err := a.app.Administrators.ChangePassword(ctx, username, body.CurrentPassword, body.Password)
	if err != nil {
		return nil, err
	}
	return noContent(a.sessions.Refresh(ctx, changed))
}

func (a *api) beginSecondFactor(ctx context.Context, _ *request, body *CurrentPassword) (*response, error) {
	begun, err := a.app.Administrators.BeginSecondFactor(ctx, a.sessions.Administrator(ctx).Username, body.CurrentPassword)
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
