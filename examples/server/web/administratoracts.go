package web

import (
	"net/http"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
)

// question asks before something is done that cannot be undone.
type question struct {
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

func (v *visit) ask(status int, q question) error {
	return v.showStatus(status, "question", q.Title, q)
}

// administrator returns the one that the address names.
func (v *visit) administrator() (*ampusers.Administrator, error) {
	return v.administrators().Get(v.r.Context(), v.r.PathValue("username"))
}

func (v *visit) administratorAskDelete() error {
	a, err := v.administrator()
	if err != nil {
		return err
	}
	return v.askDeleteAdministrator(a, refusals{status: http.StatusOK})
}

func (v *visit) askDeleteAdministrator(a *ampusers.Administrator, errs refusals) error {
	back := administratorPath(a.Username)
	return v.ask(errs.status, question{
		Title: "Delete " + a.Username + "?", Problems: errs.summary(nil), Back: back, Action: back + "/delete", Yes: "Delete " + a.Username, Danger: true,
		Consequences: []string{
			"All sessions of this administrator end at once, and logging in is no longer possible.",
			"This cannot be undone. To keep the account for later, disable it instead.",
			"The audit trail keeps what this administrator did.",
		},
	})
}

func (v *visit) administratorDelete() error {
	a, err := v.administrator()
	if err != nil {
		return err
	}
	err = v.administrators().Delete(v.r.Context(), a.Username)
	if errs, ok := refusalsOf(err); ok {
		return v.askDeleteAdministrator(a, errs)
	}
	if err != nil {
		return err
	}
	return v.done("/administrators", a.Username+" is deleted.")
}

// act does something to the administrator that the address names, and says on
// its page how it went.
func (v *visit) act(said string, do func(username string) (*ampusers.Administrator, error)) error {
	a, err := v.administrator()
	if err != nil {
		return err
	}
	_, err = do(a.Username)
	if errs, ok := refusalsOf(err); ok {
		form := v.administratorFields(a.Username, inputOfAdministrator(a), errs)
		form.Problems, form.Refused = nil, form.Problems
		return v.showAdministrator(errs.status, a, form)
	}
	if err != nil {
		return err
	}
	return v.done(administratorPath(a.Username), said)
}

func (v *visit) administratorDisable() error {
	return v.act("Disabled: all sessions are ended, and logging in is refused.", func(username string) (*ampusers.Administrator, error) {
		return v.administrators().Disable(v.r.Context(), username)
	})
}

func (v *visit) administratorEnable() error {
	return v.act("Enabled.", func(username string) (*ampusers.Administrator, error) {
		return v.administrators().Enable(v.r.Context(), username)
	})
}

func (v *visit) administratorAskRemoveFactor() error {
	a, err := v.administrator()
	if err != nil {
		return err
	}
	back := administratorPath(a.Username)
	return v.ask(http.StatusOK, question{
		Title: "Remove the second factor of " + a.Username + "?", Back: back, Action: back + "/second-factor/remove", Yes: "Remove second factor",
		Consequences: []string{
			"The password is then enough to log in. The recovery codes stop to work.",
			"Be sure that it is the owner who asks for this.",
		},
	})
}

func (v *visit) administratorRemoveFactor() error {
	return v.act("The second factor is removed.", func(username string) (*ampusers.Administrator, error) {
		return v.administrators().RemoveSecondFactor(v.r.Context(), username)
	})
}

func (v *visit) administratorPasswordForm() error {
	a, err := v.administrator()
	if err != nil {
		return err
	}
	return v.askPassword(a, refusals{status: http.StatusOK})
}

func (v *visit) askPassword(a *ampusers.Administrator, errs refusals) error {
	back := administratorPath(a.Username)
	return v.ask(errs.status, question{
		Title: "Set the password of " + a.Username, Problems: errs.summary(map[string]string{"password": "New password"}),
		Back: back, Action: back + "/password", Yes: "Set password", Field: newPassword(errs), Username: a.Username,
		Consequences: []string{
			"You will know this password. A link, with which the administrator chooses one, is better.",
			"All sessions of this administrator end, and links made before stop to work.",
		},
	})
}

func (v *visit) administratorPassword() error {
	a, err := v.administrator()
	if err != nil {
		return err
	}
	changed, err := v.administrators().SetPassword(v.r.Context(), a.Username, store.NewSecret(v.form().Get("password")))
	if errs, ok := refusalsOf(err); ok {
		return v.askPassword(a, errs)
	}
	if err != nil {
		return err
	}
	if a.Username == v.visitor.Username {
		if err := v.gate.Adopt(v.r.Context(), changed); err != nil {
			return err
		}
	}
	return v.done(administratorPath(a.Username), "The password is set.")
}
