package web

import (
	"net/http"

	"github.com/pbxusers/pbxusers/userman"
)

// actOnPerson does something to the person that the address names, and says on
// their page how it went.
func (v *visit) actOnPerson(said string, do func(people *userman.Service, username string) error) error {
	u, err := v.person()
	if err != nil {
		return err
	}
	if err := do(v.people(), u.Username); err != nil {
		return v.refusedPerson(u, err)
	}
	return v.done(personPath(u.Username), said)
}

func (v *visit) personDisable() error {
	return v.actOnPerson("Disabled: all sessions are ended, and logging in is refused everywhere.", func(people *userman.Service, username string) error {
		_, err := people.Disable(v.r.Context(), username)
		return err
	})
}

func (v *visit) personEnable() error {
	return v.actOnPerson("Enabled.", func(people *userman.Service, username string) error {
		_, err := people.Enable(v.r.Context(), username)
		return err
	})
}

func (v *visit) personEndSessions() error {
	return v.actOnPerson("All sessions are ended.", func(people *userman.Service, username string) error {
		return people.EndSessions(v.r.Context(), username)
	})
}

func (v *visit) personAskRemoveFactor() error {
	u, err := v.person()
	if err != nil {
		return err
	}
	back := personPath(u.Username)
	return v.ask(http.StatusOK, question{
		Title: "Remove the second factor of " + u.Name() + "?", Person: u.ID, Back: back, Action: back + "/second-factor/remove", Yes: "Remove second factor",
		Consequences: []string{
			"The password is then enough to log in. The recovery codes stop to work.",
			"Be sure that it is the person who asks for this.",
		},
	})
}

func (v *visit) personRemoveFactor() error {
	return v.actOnPerson("The second factor is removed.", func(people *userman.Service, username string) error {
		_, err := people.RemoveSecondFactor(v.r.Context(), username)
		return err
	})
}

func (v *visit) personAskDelete() error {
	u, err := v.person()
	if err != nil {
		return err
	}
	return v.askDeletePerson(u, refusals{status: http.StatusOK})
}

func (v *visit) askDeletePerson(u *userman.User, errs refusals) error {
	references, err := v.people().References(v.r.Context(), u.Username)
	if err != nil {
		return err
	}
	back := personPath(u.Username)
	q := question{
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
	return v.ask(errs.status, q)
}

func (v *visit) personDelete() error {
	u, err := v.person()
	if err != nil {
		return err
	}
	err = v.people().Delete(v.r.Context(), u.Username)
	if errs, ok := refusalsOf(err); ok {
		return v.askDeletePerson(u, errs)
	}
	if err != nil {
		return err
	}
	return v.done("/people", u.Username+" is deleted. The page Deleted people can undo that.")
}
