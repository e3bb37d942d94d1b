package web

import (
	"net/http"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
)

// confirmation asks before something is done that cannot be undone.
type confirmation struct {
	Title    string
	Problems []problem
	// Consequences say what happens, one sentence each.
	Consequences []string
	Action, Yes  string
	// Person is the ID of the person that it is about; empty when it is about
	// none.
	UserID string
	// Danger marks what cannot be undone.
	Danger bool
	// Field is what has to be typed; nothing when it has no name. Username
	// tells a password manager whose password it is.
	Field    field
	Username string
	// Back is where to go instead.
	Back string
}

func (v *pageHandler) renderConfirmation(status int, q confirmation) error {
	return v.renderStatus(status, "confirmation", q.Title, q)
}

// administrator returns the one that the address names.
func (v *pageHandler) administrator() (*ampusers.Administrator, error) {
	return v.administrators().Get(v.r.Context(), v.r.PathValue("username"))
}

func (v *pageHandler) administratorConfirmDelete() error {
	a, err := v.administrator()
	if err != nil {
		return err
	}
	return v.confirmDeleteAdministrator(a, formErrors{status: http.StatusOK})
}

func (v *pageHandler) confirmDeleteAdministrator(a *ampusers.Administrator, errs formErrors) error {
	back := administratorPath(a.Username)
	return v.renderConfirmation(errs.status, confirmation{
		Title: "Delete " + a.Username + "?", Problems: errs.summary(nil), Back: back, Action: back + "/delete", Yes: "Delete " + a.Username, Danger: true,
		Consequences: []string{
			"The administrator is logged out immediately and can no longer log in.",
			"This cannot be undone. To keep the account, disable it instead.",
			"The audit log keeps the administrator's past actions.",
		},
	})
}

func (v *pageHandler) administratorDelete() error {
	a, err := v.administrator()
	if err != nil {
		return err
	}
	err = v.administrators().Delete(v.r.Context(), a.Username)
	if errs, ok := formErrorsOf(err); ok {
		return v.confirmDeleteAdministrator(a, errs)
	}
	if err != nil {
		return err
	}
	return v.redirectWithFlash("/administrators", a.Username+" was deleted.")
}

// updateAdministrator does something to the administrator that the address names, and says on
// its page how it went.
func (v *pageHandler) updateAdministrator(message string, do func(username string) (*ampusers.Administrator, error)) error {
	a, err := v.administrator()
	if err != nil {
		return err
	}
	_, err = do(a.Username)
	if errs, ok := formErrorsOf(err); ok {
		form := v.administratorFields(a.Username, inputOfAdministrator(a), errs)
		form.Problems, form.ActionErrors = nil, form.Problems
		return v.renderAdministrator(errs.status, a, form)
	}
	if err != nil {
		return err
	}
	return v.redirectWithFlash(administratorPath(a.Username), message)
}

func (v *pageHandler) administratorDisable() error {
	return v.updateAdministrator("Disabled. The administrator was logged out and can no longer log in.", func(username string) (*ampusers.Administrator, error) {
		return v.administrators().Disable(v.r.Context(), username)
	})
}

func (v *pageHandler) administratorEnable() error {
	return v.updateAdministrator("Enabled.", func(username string) (*ampusers.Administrator, error) {
		return v.administrators().Enable(v.r.Context(), username)
	})
}

func (v *pageHandler) administratorConfirmRemoveFactor() error {
	a, err := v.administrator()
	if err != nil {
		return err
	}
	back := administratorPath(a.Username)
	return v.renderConfirmation(http.StatusOK, confirmation{
		Title: "Turn off two-factor authentication for " + a.Username + "?", Back: back, Action: back + "/second-factor/remove", Yes: "Turn off two-factor authentication",
		Consequences: []string{
			"After that the password alone is enough to log in. The recovery codes will no longer work.",
			"Make sure that the request comes from the account owner.",
		},
	})
}

func (v *pageHandler) administratorRemoveFactor() error {
	return v.updateAdministrator("Two-factor authentication is off.", func(username string) (*ampusers.Administrator, error) {
		return v.administrators().RemoveSecondFactor(v.r.Context(), username)
	})
}

func (v *pageHandler) administratorPasswordForm() error {
	a, err := v.administrator()
	if err != nil {
		return err
	}
	return v.renderAdministratorPassword(a, formErrors{status: http.StatusOK})
}

func (v *pageHandler) renderAdministratorPassword(a *ampusers.Administrator, errs formErrors) error {
	back := administratorPath(a.Username)
	return v.renderConfirmation(errs.status, confirmation{
		Title: "Set password for " + a.Username, Problems: errs.summary(map[string]string{"password": "New password"}),
		Back: back, Action: back + "/password", Yes: "Set password", Field: newPassword(errs), Username: a.Username,
		Consequences: []string{
			"You will know this password. A password link, which lets the administrator choose one, is safer.",
			"The administrator is logged out, and earlier password links no longer work.",
		},
	})
}

func (v *pageHandler) administratorPassword() error {
	a, err := v.administrator()
	if err != nil {
		return err
	}
	changed, err := v.administrators().SetPassword(v.r.Context(), a.Username, store.NewSecret(v.form().Get("password")))
	if errs, ok := formErrorsOf(err); ok {
		return v.renderAdministratorPassword(a, errs)
	}
	if err != nil {
		return err
	}
	if a.Username == v.admin.Username {
		if err := v.sessions.Refresh(v.r.Context(), changed); err != nil {
			return err
		}
	}
	return v.redirectWithFlash(administratorPath(a.Username), "Password set.")
}
