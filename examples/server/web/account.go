package web

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
)

// accountPages are the pages of the administrator's own account.
type accountPages struct{ *pages }

func (p accountPages) routes() []route {
	const account, factor = "/account", "/account/second-factor/"
	return slices.Concat([]route{
		get(account, "", p.show), get("/session", "", p.session), post(account+"/password", "", p.changePassword),
		post(account+"/name", "", p.changeName), post(account+"/sessions/end", "", p.endSession), post(account+"/sessions/end-others", "", p.endOtherSessions),
		get(factor+"qr.png", "", p.qrCode), post(factor+"confirm", "", p.confirmFactor),
	}, p.confirmed(factor+"begin", "account-second-factor-begin", p.beginFactor), p.confirmed(factor+"remove", "account-second-factor-remove", p.removeFactor),
		p.confirmed(factor+"recovery-codes", "account-recovery-codes", p.newRecoveryCodes))
}

// session answers a page that asks whether its session has ended before it sends a form.
func (accountPages) session(context.Context, *request) (response, error) {
	return file{ContentType: "text/plain; charset=utf-8", Body: []byte("logged in\n")}, nil
}

const factorRemoved = "Two-factor authentication is off."

// displayName is the field of the display name.
const displayName = "display_name"

// recoveryCodes is the kind of the secret with new recovery codes.
const recoveryCodes = "recovery-codes"

// maxAccountSessions bounds the sessions on the page: a program may log in often.
const maxAccountSessions = 20

// accountPage is the page /account.
type accountPage struct {
	*ampusers.Administrator

	Problems                []problem
	Name, Current, Password formField
	// Sessions are those of the administrator, the current one first. More counts those
	// that are left out.
	Sessions []accountSession
	More     int
	// Secret is what an authenticator app needs for a second factor that is not
	// confirmed yet; empty without one. Code is the field that confirms it.
	Secret string
	Code   formField
	// Codes are new recovery codes, which are shown only once.
	Codes string
}

func (p accountPages) show(ctx context.Context, r *request) (response, error) {
	return p.page(ctx, r, formErrors{}, p.sessions.TakeSecret(r.Request, recoveryCodes, r.admin.Username, time.Time{}).Reveal())
}

// page shows the account with errors, and new recovery codes if there are any.
func (p accountPages) page(ctx context.Context, r *request, errs formErrors, codes string) (response, error) {
	a, err := p.site.Administrators.Get(ctx, r.admin.Username)
	if err != nil {
		return nil, err
	}
	sessions, err := p.accountSessions(ctx)
	if err != nil {
		return nil, err
	}
	body := accountPage{
		Administrator: a, Codes: codes, Password: newPassword("New password"),
		Name:    formField{Name: displayName, Label: "Display name", Value: a.DisplayName, Autocomplete: "name"},
		Current: currentPassword(),
		Code:    codeField("The six-digit code from the app."),
	}
	body.Sessions, body.More = firstOf(sessions, maxAccountSessions)
	if r.PostForm.Has(displayName) {
		body.Name.Value = r.form(displayName)
	}
	body.Problems = errs.mark(&body.Name, &body.Current, &body.Password, &body.Code)
	pending, err := p.site.Administrators.PendingSecondFactor(ctx, r.admin.Username)
	if err == nil {
		body.Secret, body.Code.Autofocus = pending.Secret.Reveal(), len(body.Problems) == 0
	} else if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	return formPage(errs, "account", "Your account", body), nil
}

// currentPassword is the field that proves who uses the session.
func currentPassword() formField {
	return formField{Name: "current_password", Label: "Current password", Type: "password", Autocomplete: "current-password", Required: true}
}

// codeField is the field of a code from an authenticator app.
func codeField(hint string) formField {
	return formField{Name: "code", Label: "Code", Autocomplete: "one-time-code", InputMode: "numeric", Required: true, Hint: hint}
}

// answer returns to the account with a message, or shows the errors there.
func (p accountPages) answer(ctx context.Context, r *request, err error, message string) (response, error) {
	if err == nil {
		return redirect{Path: "/account", Flash: message}, nil
	}
	return onFormErrors(err, func(errs formErrors) (response, error) { return p.page(ctx, r, errs, "") })
}

func (p accountPages) changeName(ctx context.Context, r *request) (response, error) {
	_, err := p.site.Administrators.Update(ctx, r.admin.Username, func(a *ampusers.Administrator) error {
		a.DisplayName = r.form(displayName)
		return nil
	})
	return p.answer(ctx, r, err, "Saved.")
}

func (p accountPages) changePassword(ctx context.Context, r *request) (response, error) {
	current, password := store.NewSecret(r.form("current_password")), store.NewSecret(r.form("password"))
	a, err := p.site.Administrators.ChangePassword(ctx, r.admin.Username, current, password)
	if err == nil {
		err = p.sessions.Refresh(ctx, a)
	}
	return p.answer(ctx, r, err, "Password changed. Other sessions were signed out.")
}

func (p accountPages) beginFactor(ctx context.Context, r *request, current store.Secret) (response, error) {
	_, err := p.site.Administrators.BeginSecondFactor(ctx, r.admin.Username, current)
	return redirect{Path: "/account", Flash: "Scan the QR code with your app, then enter the code that the app shows."}, err
}

func (p accountPages) qrCode(ctx context.Context, r *request) (response, error) {
	pending, err := p.site.Administrators.PendingSecondFactor(ctx, r.admin.Username)
	if err != nil {
		return nil, err
	}
	return file{ContentType: "image/png", Body: pending.QR}, nil
}

func (p accountPages) confirmFactor(ctx context.Context, r *request) (response, error) {
	codes, err := p.site.Administrators.ConfirmSecondFactor(ctx, r.admin.Username, strings.TrimSpace(r.form("code")))
	return p.showCodes(ctx, r, codes, err, "Two-factor authentication is on. You need a code to log in from now on.")
}

// confirmed are the routes of an action that a page with this template asks the
// current password for. Errors are shown there.
func (p accountPages) confirmed(path, template string, do func(ctx context.Context, r *request, current store.Secret) (response, error)) []route {
	asked := func(errs formErrors) response {
		return confirmation{Controls: []formField{currentPassword()}, Action: path, Back: "/account"}.response(template, errs)
	}
	return []route{
		get(path, "", func(context.Context, *request) (response, error) { return asked(formErrors{}), nil }),
		post(path, "", func(ctx context.Context, r *request) (response, error) {
			answer, err := do(ctx, r, store.NewSecret(r.form("current_password")))
			if errs, ok := formErrorsOf(err); ok {
				return asked(errs), nil
			}
			return answer, err
		}),
	}
}

func (p accountPages) removeFactor(ctx context.Context, r *request, current store.Secret) (response, error) {
	_, err := p.site.Administrators.RemoveOwnSecondFactor(ctx, r.admin.Username, current)
	return redirect{Path: "/account", Flash: factorRemoved}, err
}

func (p accountPages) newRecoveryCodes(ctx context.Context, r *request, current store.Secret) (response, error) {
	codes, err := p.site.Administrators.NewRecoveryCodes(ctx, r.admin.Username, current)
	if err != nil {
		return nil, err
	}
	return p.showCodes(ctx, r, codes, nil, "New recovery codes created. The old codes no longer work.")
}

// showCodes has the next page show recovery codes, once.
func (p accountPages) showCodes(ctx context.Context, r *request, codes []store.Secret, err error, message string) (response, error) {
	if err == nil {
		lines := make([]string, len(codes))
		for i, code := range codes {
			lines[i] = code.Reveal()
		}
		p.sessions.PutSecret(ctx, recoveryCodes, r.admin.Username, time.Time{}, store.NewSecret(strings.Join(lines, "\n")))
	}
	return p.answer(ctx, r, err, message)
}
