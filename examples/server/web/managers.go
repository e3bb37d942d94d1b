package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// managerListPage is the page /ami-accounts.
type managerListPage struct {
	listRequest

	Heads  []tableHeader
	Items  []*manager.Account
	Paging paging
}

func (v *pageHandler) managerList() error {
	req, err := v.listRequest("Search by name, owner or note", manager.SortFields())
	if err != nil {
		return err
	}
	list, err := v.site.AMIAccounts.List(v.r.Context(), manager.Query{Search: req.Search, Sort: req.order, PageRequest: req.page})
	if err != nil {
		return err
	}
	return v.render("amiaccounts", "AMI accounts", managerListPage{
		listRequest: req, Items: list.Items, Paging: req.paging(list.Next),
		Heads: req.headers(
			column{"Name", "name"}, column{"Owner", ""}, column{"Read", ""}, column{"Write", ""}, column{"Permit", ""},
			column{"Status", ""}, column{"Changed", "updated_at"},
		),
	})
}

// managerPage is the page of one AMI account.
type managerPage struct {
	*manager.Account

	Form managerFields
	// Probe is how a test of the account went; nil when there was none.
	Probe *probeResult
}

func (v *pageHandler) managerNew() error {
	in := inputOfManager(&manager.Account{AllowMultipleLogin: true, WriteTimeout: manager.DefaultWriteTimeout})
	return v.renderNewManager(http.StatusOK, v.managerFields("", in, formErrors{}))
}

func (v *pageHandler) renderNewManager(status int, form managerFields) error {
	return v.renderStatus(status, "amiaccountnew", "Add AMI account", managerPage{Account: &manager.Account{}, Form: form})
}

func (v *pageHandler) managerCreate() error {
	in, name := readManager(v.form()), v.form().Get("name")
	if message, handled := v.applyFormButton(&in); handled {
		form := v.managerFields(name, in, formErrors{})
		form.Message = message
		return v.renderNewManager(http.StatusOK, form)
	}
	u := &manager.Account{Name: name, Secret: store.NewSecret(v.form().Get("secret"))}
	inputErrs := in.fill(u)
	u, err := v.site.AMIAccounts.Create(v.r.Context(), u)
	if errs, ok := formErrorsOf(err); ok {
		return v.renderNewManager(errs.status, v.managerFields(name, in, errs.override(inputErrs)))
	}
	if err != nil {
		return err
	}
	return v.redirectToManagerSecret(u)
}

// applyFormButton does what the buttons inside of the form ask for, and reports
// whether one of them was pressed: nothing is saved then.
func (v *pageHandler) applyFormButton(in *managerInput) (message string, handled bool) {
	switch do := v.form().Get("do"); {
	case do == "preset":
		return usePreset(in, v.form().Get("preset")), true
	case do == "add-filter":
		in.Filters = append(in.Filters, newFilter())
		return "Filter added. It is not saved yet.", true
	case v.form().Has("remove-filter"):
		return "Filter removed. The change is not saved yet.", true
	}
	return "", false
}

func usePreset(in *managerInput, name string) string {
	preset, ok := manager.LookupPreset(name)
	if !ok {
		return "Select a preset first."
	}
	var u manager.Account
	in.fill(&u)
	preset.ApplyTo(&u)
	filled := inputOfManager(&u)
	in.Read, in.Write, in.Filters = filled.Read, filled.Write, filled.Filters
	in.WriteTimeout, in.Multiple = filled.WriteTimeout, filled.Multiple
	return fmt.Sprintf("Preset %s filled in. The changes are not saved yet.", preset.Name)
}

func (v *pageHandler) managerForm() error {
	u, err := v.manager()
	if err != nil {
		return err
	}
	return v.renderManager(http.StatusOK, u, v.managerFields(u.Name, inputOfManager(u), formErrors{}))
}

// manager returns the account that the address names.
func (v *pageHandler) manager() (*manager.Account, error) {
	return v.site.AMIAccounts.Get(v.r.Context(), v.r.PathValue("name"))
}

// renderManager draws the page of u. A form without a version gets that of u:
// one that was typed into before keeps the version that it was made of.
func (v *pageHandler) renderManager(status int, u *manager.Account, form managerFields) error {
	form.Version, form.Action = cmp.Or(form.Version, managerVersion(u)), managerPath(u.Name)
	return v.renderStatus(status, "amiaccount", "AMI account "+u.Name, managerPage{Account: u, Form: form})
}

func (v *pageHandler) managerSave() error {
	u, err := v.manager()
	if err != nil {
		return err
	}
	in, loaded := readManager(v.form()), v.form().Get("version")
	if message, handled := v.applyFormButton(&in); handled {
		form := v.managerFields(u.Name, in, formErrors{})
		form.Message, form.Version = message, loaded
		return v.renderManager(http.StatusOK, u, form)
	}
	var inputErrs []store.FieldError
	_, err = v.site.AMIAccounts.Update(v.r.Context(), u.Name, func(u *manager.Account) error {
		if managerVersion(u) != loaded {
			return errStale
		}
		inputErrs = in.fill(u)
		return nil
	})
	if errors.Is(err, errStale) {
		return v.renderManagerConflict(u.Name, in)
	}
	if errs, ok := formErrorsOf(err); ok {
		form := v.managerFields(u.Name, in, errs.override(inputErrs))
		form.Version = loaded
		return v.renderManager(errs.status, u, form)
	}
	if err != nil {
		return err
	}
	v.runner.InvalidateStatus()
	return v.redirectWithFlash(managerPath(u.Name), "Saved. Apply to make it live.")
}

// renderManagerConflict shows what somebody else saved meanwhile beside what was
// typed.
func (v *pageHandler) renderManagerConflict(name string, in managerInput) error {
	now, err := v.site.AMIAccounts.Get(v.r.Context(), name)
	if err != nil {
		return err
	}
	form := v.managerFields(now.Name, in, formErrors{})
	form.Conflict = conflictOfManager(inputOfManager(now), in)
	return v.renderManager(http.StatusConflict, now, form)
}

// managerCheck returns the warnings about what is being typed.
func (v *pageHandler) managerCheck() error {
	return v.renderFragment("warnings", readManager(v.form()).warnings())
}
