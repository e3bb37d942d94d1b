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
	Person string
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
	return v.renderStatus(status, "question", q.Title, q)
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
			"All sessions of this administrator end at once, and logging in is no longer possible.",
			"This cannot be undone. To keep the account for later, disable it instead.",
			"The audit trail keeps what this administrator did.",
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
	return v.redirectWithFlash("/administrators", a.Username+" is deleted.")
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
		form.Problems, form.Refused = nil, form.Problems
		return v.renderAdministrator(errs.status, a, form)
	}
	if err != nil {
		return err
	}
	return v.redirectWithFlash(administratorPath(a.Username), message)
}

func (v *pageHandler) administratorDisable() error {
	return v.updateAdministrator("Disabled: all sessions are ended, and logging in is refused.", func(username string) (*ampusers.Administrator, error) {
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
		Title: "Remove the second factor of " + a.Username + "?", Back: back, Action: back + "/second-factor/remove", Yes: "Remove second factor",
		Consequences: []string{
			"The password is then enough to log in. The recovery codes stop to work.",
			"Be sure that it is the owner who asks for this.",
		},
	})
}

func (v *pageHandler) administratorRemoveFactor() error {
	return v.updateAdministrator("The second factor is removed.", func(username string) (*ampusers.Administrator, error) {
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
		Title: "Set the password of " + a.Username, Problems: errs.summary(map[string]string{"password": "New password"}),
		Back: back, Action: back + "/password", Yes: "Set password", Field: newPassword(errs), Username: a.Username,
		Consequences: []string{
			"You will know this password. A link, with which the administrator chooses one, is better.",
			"All sessions of this administrator end, and links made before stop to work.",
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
	return v.redirectWithFlash(administratorPath(a.Username), "The password is set.")
}
