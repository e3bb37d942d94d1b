package api

import (
	"context"
	"net/http"

	"github.com/pbxusers/pbxusers/store"
)

const tagAccount = "account"

// NewPassword is a new password, with the proof that its owner asks for it.
type NewPassword struct {
	CurrentPassword store.Secret `json:"current_password"`
	Password        store.Secret `json:"password"`
}

// enrolment is what an authenticator app has to be given.
type enrolment struct {
	Secret string `json:"secret"`
	URL    string `json:"url"`
}

// NewCode proves that the authenticator app has the secret.
type NewCode struct {
	Code string `json:"code"`
}

type recoveryCodes struct {
	RecoveryCodes []string `json:"recovery_codes"`
}

type recoveryCodesOutput struct{ Body recoveryCodes }

func (a *api) registerAccount() {
	g := operationGroup{api: a, tag: tagAccount}
	register(g, operation{
		id: "changeOwnPassword", method: http.MethodPut, path: "/account/password", summary: "Change one's own password",
		description: "All other sessions end; this one goes on.",
		status:      http.StatusNoContent, errors: []int{http.StatusTooManyRequests},
		request: map[string]any{"current_password": "correct horse battery staple", "password": "seventeen purple lanterns"},
	}, a.changeOwnPassword)
	register(g, operation{
		id: "beginSecondFactor", method: http.MethodPost, path: "/account/second-factor", summary: "Begin to use an authenticator app",
		description: "Give the secret, or the URL, to the app; both are shown this once. It is asked for at logins only after POST /account/second-factor/confirm.",
		status:      http.StatusCreated, errors: []int{http.StatusConflict},
		response: enrolment{"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "otpauth://totp/pbxusers:jane.admin?issuer=pbxusers&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"},
	}, a.beginSecondFactor)
	register(g, operation{
		id: "confirmSecondFactor", method: http.MethodPost, path: "/account/second-factor/confirm", summary: "Turn the second factor on",
		description: "Each recovery code works once, instead of a code of the app. They are shown this once.",
		errors:      []int{http.StatusNotFound, http.StatusConflict},
		request:     map[string]any{"code": "492039"}, response: exampleRecoveryCodes(),
	}, a.confirmSecondFactor)
	register(g, operation{
		id: "replaceRecoveryCodes", method: http.MethodPost, path: "/account/second-factor/recovery-codes", summary: "Replace one's recovery codes",
		description: "The earlier ones stop to work. The new ones are shown this once.",
		errors:      []int{http.StatusConflict}, response: exampleRecoveryCodes(),
	}, a.replaceRecoveryCodes)
	register(g, operation{
		id: "deleteOwnSecondFactor", method: http.MethodDelete, path: "/account/second-factor", summary: "Make the password enough again",
		status: http.StatusNoContent,
	}, a.deleteOwnSecondFactor)
}

func exampleRecoveryCodes() recoveryCodes {
	return recoveryCodes{[]string{"k7wq-93hx-m2pd", "t4bn-c8vr-6yzf"}}
}

func (a *api) changeOwnPassword(ctx context.Context, input *struct{ Body NewPassword }) (*noOutput, error) {
	username := a.sessions.Administrator(ctx).Username
	changed, err := a.app.Administrators.ChangePassword(ctx, username, input.Body.CurrentPassword, input.Body.Password)
	if err != nil {
		return nil, err
	}
	return nil, a.sessions.Refresh(ctx, changed)
}

func (a *api) beginSecondFactor(ctx context.Context, _ *struct{}) (*struct{ Body enrolment }, error) {
	enrollment, err := a.app.Administrators.BeginSecondFactor(ctx, a.sessions.Administrator(ctx).Username)
	if err != nil {
		return nil, err
	}
	return &struct{ Body enrolment }{enrolment{enrollment.Secret.Reveal(), enrollment.URL.Reveal()}}, nil
}

func (a *api) confirmSecondFactor(ctx context.Context, input *struct{ Body NewCode }) (*recoveryCodesOutput, error) {
	return recoveryCodesResult(a.app.Administrators.ConfirmSecondFactor(ctx, a.sessions.Administrator(ctx).Username, input.Body.Code))
}

func (a *api) replaceRecoveryCodes(ctx context.Context, _ *struct{}) (*recoveryCodesOutput, error) {
	return recoveryCodesResult(a.app.Administrators.NewRecoveryCodes(ctx, a.sessions.Administrator(ctx).Username))
}

func recoveryCodesResult(codes []store.Secret, err error) (*recoveryCodesOutput, error) {
	if err != nil {
		return nil, err
	}
	shown := recoveryCodes{make([]string, len(codes))}
	for i, code := range codes {
		shown.RecoveryCodes[i] = code.Reveal()
	}
	return &recoveryCodesOutput{shown}, nil
}

func (a *api) deleteOwnSecondFactor(ctx context.Context, _ *struct{}) (*noOutput, error) {
	_, err := a.app.Administrators.RemoveSecondFactor(ctx, a.sessions.Administrator(ctx).Username)
	return nil, err
}
