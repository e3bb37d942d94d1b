package web

import (
	"net/http"

	"github.com/pbxusers/pbxusers/userman"
)

// updateUser does something to the person that the address names, and says on
// their page how it went.
func (v *pageHandler) updateUser(message string, do func(people *userman.Service, username string) error) error {
	u, err := v.user()
	if err != nil {
		return err
	}
	if err := do(v.users(), u.Username); err != nil {
		return v.renderUserErrors(u, err)
	}
	return v.redirectWithFlash(userPath(u.Username), message)
}

func (v *pageHandler) userDisable() error {
	return v.updateUser("Disabled. The user was logged out everywhere and can no longer log in.", func(people *userman.Service, username string) error {
		_, err := people.Disable(v.r.Context(), username)
		return err
	})
}

func (v *pageHandler) userEnable() error {
	return v.updateUser("Enabled.", func(people *userman.Service, username string) error {
		_, err := people.Enable(v.r.Context(), username)
		return err
	})
}

func (v *pageHandler) userEndSessions() error {
	return v.updateUser("All sessions ended.", func(people *userman.Service, username string) error {
		return people.EndSessions(v.r.Context(), username)
	})
}

func (v *pageHandler) userConfirmRemoveFactor() error {
	u, err := v.user()
	if err != nil {
		return err
	}
	back := userPath(u.Username)
	return v.renderConfirmation(http.StatusOK, confirmation{
		Title: "Turn off two-factor authentication for " + u.Name() + "?", UserID: u.ID, Back: back, Action: back + "/second-factor/remove", Yes: "Turn off two-factor authentication",
		Consequences: []string{
			"After that the password alone is enough to log in. The recovery codes will no longer work.",
			"Make sure that the request comes from the user.",
		},
	})
}

func (v *pageHandler) userRemoveFactor() error {
	return v.updateUser("Two-factor authentication is off.", func(people *userman.Service, username string) error {
		_, err := people.RemoveSecondFactor(v.r.Context(), username)
		return err
	})
}

func (v *pageHandler) userConfirmDelete() error {
	u, err := v.user()
	if err != nil {
		return err
	}
	return v.confirmDeleteUser(u, formErrors{status: http.StatusOK})
}

func (v *pageHandler) confirmDeleteUser(u *userman.User, errs formErrors) error {
	references, err := v.users().References(v.r.Context(), u.Username)
	if err != nil {
		return err
	}
	back := userPath(u.Username)
	q := confirmation{
		Title: "Delete " + u.Name() + "?", Problems: errs.summary(nil), UserID: u.ID, Back: back, Action: back + "/delete", Yes: "Delete " + u.Username, Danger: true,
		Consequences: []string{
			"The user is logged out, and their links and API tokens no longer work.",
			"The username and the default extension become available.",
			"You can restore or purge " + u.Username + " from the deleted users.",
		},
	}
	for _, r := range references {
		q.Consequences = append(q.Consequences, "Blocked by "+r.Kind+" "+r.Key+", which uses this user.")
	}
	return v.renderConfirmation(errs.status, q)
}

func (v *pageHandler) userDelete() error {
	u, err := v.user()
	if err != nil {
		return err
	}
	err = v.users().Delete(v.r.Context(), u.Username)
	if errs, ok := formErrorsOf(err); ok {
		return v.confirmDeleteUser(u, errs)
	}
	if err != nil {
		return err
	}
	return v.redirectWithFlash("/users", u.Username+" was deleted. You can restore the user from the deleted users.")
}
