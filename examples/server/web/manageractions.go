package web

import (
	"net/http"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

func (v *pageHandler) managerConfirmDelete() error {
	u, err := v.manager()
	if err != nil {
		return err
	}
	return v.confirmDeleteManager(u, formErrors{status: http.StatusOK})
}

func (v *pageHandler) confirmDeleteManager(u *manager.Account, errs formErrors) error {
	back := managerPath(u.Name)
	return v.renderConfirmation(errs.status, confirmation{
		Title: "Delete " + u.Name + "?", Problems: errs.summary(nil), Back: back, Action: back + "/delete", Yes: "Delete " + u.Name, Danger: true,
		Consequences: []string{
			"The next apply removes the account from Asterisk and closes its sessions.",
			"This cannot be undone: the secret is lost. To keep the account, disable it instead.",
		},
	})
}

func (v *pageHandler) managerDelete() error {
	u, err := v.manager()
	if err != nil {
		return err
	}
	err = v.site.AMIAccounts.Delete(v.r.Context(), u.Name)
	if errs, ok := formErrorsOf(err); ok {
		return v.confirmDeleteManager(u, errs)
	}
	if err != nil {
		return err
	}
	v.runner.InvalidateStatus()
	return v.redirectWithFlash("/ami-accounts", u.Name+" was deleted. Apply to remove the account from Asterisk.")
}

func (v *pageHandler) managerDisable() error {
	return v.toggleManager(v.site.AMIAccounts.Disable, "Disabled. Apply to remove the account from Asterisk.")
}

func (v *pageHandler) managerEnable() error {
	return v.toggleManager(v.site.AMIAccounts.Enable, "Enabled. Apply to make it live.")
}

// toggleManager switches the account off or on.
func (v *pageHandler) toggleManager(turn toggleFunc, message string) error {
	u, err := v.manager()
	if err != nil {
		return err
	}
	_, err = turn(v.r.Context(), u.Name)
	if errs, ok := formErrorsOf(err); ok {
		form := v.managerFields(u.Name, inputOfManager(u), errs)
		form.Problems, form.ActionErrors = nil, form.Problems
		return v.renderManager(errs.status, u, form)
	}
	if err != nil {
		return err
	}
	v.runner.InvalidateStatus()
	return v.redirectWithFlash(managerPath(u.Name), message)
}

func (v *pageHandler) managerConfirmRotate() error {
	u, err := v.manager()
	if err != nil {
		return err
	}
	return v.confirmRotateManager(u, formErrors{status: http.StatusOK})
}

func (v *pageHandler) confirmRotateManager(u *manager.Account, errs formErrors) error {
	back := managerPath(u.Name)
	secret := field{
		Name: "secret", Label: "New secret", Type: "password", Autocomplete: "new-password", Errors: errs.forField("secret"),
		Hint: "Leave empty to generate a strong secret, which is shown only once.",
	}
	return v.renderConfirmation(errs.status, confirmation{
		Title: "Set a new secret for " + u.Name, Problems: errs.summary(map[string]string{"secret": "New secret"}),
		Back: back, Action: back + "/rotate", Yes: "Set new secret", Field: secret, Username: u.Name,
		Consequences: []string{
			"The new secret takes effect at the next apply. The old one no longer works after that.",
			"Update the integration at the same time.",
		},
	})
}

func (v *pageHandler) managerRotate() error {
	u, err := v.manager()
	if err != nil {
		return err
	}
	rotated, err := v.site.AMIAccounts.Rotate(v.r.Context(), u.Name, store.NewSecret(v.form().Get("secret")))
	if errs, ok := formErrorsOf(err); ok {
		return v.confirmRotateManager(u, errs)
	}
	if err != nil {
		return err
	}
	return v.redirectToManagerSecret(rotated)
}
