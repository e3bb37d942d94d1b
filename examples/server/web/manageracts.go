package web

import (
	"net/http"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

func (v *visit) managerAskDelete() error {
	u, err := v.manager()
	if err != nil {
		return err
	}
	return v.askDeleteManager(u, refusals{status: http.StatusOK})
}

func (v *visit) askDeleteManager(u *manager.User, errs refusals) error {
	back := managerPath(u.Name)
	return v.ask(errs.status, question{
		Title: "Delete " + u.Name + "?", Problems: errs.summary(nil), Back: back, Action: back + "/delete", Yes: "Delete " + u.Name, Danger: true,
		Consequences: []string{
			"The next apply takes the account from Asterisk and ends its sessions.",
			"This cannot be undone: the secret is lost. To keep the account for later, disable it instead.",
		},
	})
}

func (v *visit) managerDelete() error {
	u, err := v.manager()
	if err != nil {
		return err
	}
	err = v.site.Managers.Delete(v.r.Context(), u.Name)
	if errs, ok := refusalsOf(err); ok {
		return v.askDeleteManager(u, errs)
	}
	if err != nil {
		return err
	}
	v.runner.Changed()
	return v.done("/managers", u.Name+" is deleted. Apply it to take the account from Asterisk.")
}

func (v *visit) managerDisable() error {
	return v.turnManager(v.site.Managers.Disable, "Disabled. Apply it to take the account from Asterisk.")
}

func (v *visit) managerEnable() error {
	return v.turnManager(v.site.Managers.Enable, "Enabled. Apply it to make it live.")
}

// turnManager switches the account off or on.
func (v *visit) turnManager(turn turning, said string) error {
	u, err := v.manager()
	if err != nil {
		return err
	}
	_, err = turn(v.r.Context(), u.Name)
	if errs, ok := refusalsOf(err); ok {
		form := v.managerFields(u.Name, inputOfManager(u), errs)
		form.Problems, form.Refused = nil, form.Problems
		return v.showManager(errs.status, u, form)
	}
	if err != nil {
		return err
	}
	v.runner.Changed()
	return v.done(managerPath(u.Name), said)
}

func (v *visit) managerAskRotate() error {
	u, err := v.manager()
	if err != nil {
		return err
	}
	return v.askRotate(u, refusals{status: http.StatusOK})
}

func (v *visit) askRotate(u *manager.User, errs refusals) error {
	back := managerPath(u.Name)
	secret := field{
		Name: "secret", Label: "New secret", Type: "password", Autocomplete: "new-password", Errors: errs.on("secret"),
		Hint: "Leave it empty to have a strong one generated, and shown once.",
	}
	return v.ask(errs.status, question{
		Title: "Give " + u.Name + " a new secret", Problems: errs.summary(map[string]string{"secret": "New secret"}),
		Back: back, Action: back + "/rotate", Yes: "Set new secret", Field: secret, Username: u.Name,
		Consequences: []string{
			"Asterisk takes the new secret at the next apply, and the old one stops to work then.",
			"Put it into the integration at the same time: it cannot log in with the old one afterwards.",
		},
	})
}

func (v *visit) managerRotate() error {
	u, err := v.manager()
	if err != nil {
		return err
	}
	rotated, err := v.site.Managers.Rotate(v.r.Context(), u.Name, store.NewSecret(v.form().Get("secret")))
	if errs, ok := refusalsOf(err); ok {
		return v.askRotate(u, errs)
	}
	if err != nil {
		return err
	}
	return v.showManagerSecret(rotated)
}
