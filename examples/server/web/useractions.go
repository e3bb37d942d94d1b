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
	return v.updateUser("Disabled: all sessions are ended, and logging in is refused everywhere.", func(people *userman.Service, username string) error {
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
	return v.updateUser("All sessions are ended.", func(people *userman.Service, username string) error {
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
		Title: "Remove the second factor of " + u.Name() + "?", Person: u.ID, Back: back, Action: back + "/second-factor/remove", Yes: "Remove second factor",
		Consequences: []string{
			"The password is then enough to log in. The recovery codes stop to work.",
			"Be sure that it is the person who asks for this.",
		},
	})
}

func (v *pageHandler) userRemoveFactor() error {
	return v.updateUser("The second factor is removed.", func(people *userman.Service, username string) error {
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
		Title: "Delete " + u.Name() + "?", Problems: errs.summary(nil), Person: u.ID, Back: back, Action: back + "/delete", Yes: "Delete " + u.Username, Danger: true,
		Consequences: []string{
			"All sessions and links end, and API tokens do not work any more.",
			"Others may have the username and the default extension.",
			"The page Deleted people restores " + u.Username + ", or removes the record for good.",
		},
	}
	for _, r := range references {
		q.Consequences = append(q.Consequences, "Not possible as long as this needs the person: "+r.Kind+" "+r.Key+".")
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
	return v.redirectWithFlash("/people", u.Username+" is deleted. The page Deleted people can undo that.")
}
