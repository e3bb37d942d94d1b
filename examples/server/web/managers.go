package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// managerListPage is the page /managers.
type managerListPage struct {
	listing

	Heads  []head
	Items  []*manager.User
	Paging paging
}

func (v *visit) managerList() error {
	asked, err := v.listing("Search by name, owner or note", manager.OrderFields())
	if err != nil {
		return err
	}
	list, err := v.site.Managers.List(v.r.Context(), manager.Query{Search: asked.Search, Order: asked.order, Page: asked.page})
	if err != nil {
		return err
	}
	return v.show("managers", "AMI accounts", managerListPage{
		listing: asked, Items: list.Items, Paging: asked.paging(list.Next),
		Heads: asked.heads(
			column{"Name", "name"}, column{"Owner", ""}, column{"Read", ""}, column{"Write", ""}, column{"Permit", ""},
			column{"Status", ""}, column{"Changed", "updated_at"},
		),
	})
}

// managerPage is the page of one AMI account.
type managerPage struct {
	*manager.User

	Form managerFields
	// Probe is how a test of the account went; nil when there was none.
	Probe *probed
}

func (v *visit) managerNew() error {
	in := inputOfManager(&manager.User{AllowMultipleLogin: true, WriteTimeout: manager.DefaultWriteTimeout})
	return v.showNewManager(http.StatusOK, v.managerFields("", in, refusals{}))
}

func (v *visit) showNewManager(status int, form managerFields) error {
	return v.showStatus(status, "managernew", "Add AMI account", managerPage{User: &manager.User{}, Form: form})
}

func (v *visit) managerCreate() error {
	in, name := readManager(v.form()), v.form().Get("name")
	if said, asked := v.prepare(&in); asked {
		form := v.managerFields(name, in, refusals{})
		form.Said = said
		return v.showNewManager(http.StatusOK, form)
	}
	u := &manager.User{Name: name, Secret: store.NewSecret(v.form().Get("secret"))}
	unread := in.fill(u)
	u, err := v.site.Managers.Create(v.r.Context(), u)
	if errs, ok := refusalsOf(err); ok {
		return v.showNewManager(errs.status, v.managerFields(name, in, errs.or(unread)))
	}
	if err != nil {
		return err
	}
	return v.showManagerSecret(u)
}

// prepare does what the buttons inside of the form ask for, and reports
// whether one of them was pressed: nothing is saved then.
func (v *visit) prepare(in *managerInput) (said string, asked bool) {
	switch do := v.form().Get("do"); {
	case do == "preset":
		return usePreset(in, v.form().Get("preset")), true
	case do == "add-filter":
		in.Filters = append(in.Filters, newFilter())
		return "A filter is added. It is not saved yet.", true
	case v.form().Has("remove-filter"):
		return "The filter is removed. It is not saved yet.", true
	}
	return "", false
}

func usePreset(in *managerInput, name string) string {
	preset, ok := manager.PresetNamed(name)
	if !ok {
		return "Choose one of the presets first."
	}
	var u manager.User
	in.fill(&u)
	preset.ApplyTo(&u)
	filled := inputOfManager(&u)
	in.Read, in.Write, in.Filters = filled.Read, filled.Write, filled.Filters
	in.WriteTimeout, in.Multiple = filled.WriteTimeout, filled.Multiple
	return fmt.Sprintf("The classes are those of the preset %s. They are not saved yet.", preset.Name)
}

func (v *visit) managerForm() error {
	u, err := v.manager()
	if err != nil {
		return err
	}
	return v.showManager(http.StatusOK, u, v.managerFields(u.Name, inputOfManager(u), refusals{}))
}

// manager returns the account that the address names.
func (v *visit) manager() (*manager.User, error) {
	return v.site.Managers.Get(v.r.Context(), v.r.PathValue("name"))
}

// showManager draws the page of u. A form without a version gets that of u:
// one that was typed into before keeps the version that it was made of.
func (v *visit) showManager(status int, u *manager.User, form managerFields) error {
	form.Version, form.Action = cmp.Or(form.Version, managerVersion(u)), managerPath(u.Name)
	return v.showStatus(status, "manager", "AMI account "+u.Name, managerPage{User: u, Form: form})
}

func (v *visit) managerSave() error {
	u, err := v.manager()
	if err != nil {
		return err
	}
	in, loaded := readManager(v.form()), v.form().Get("version")
	if said, asked := v.prepare(&in); asked {
		form := v.managerFields(u.Name, in, refusals{})
		form.Said, form.Version = said, loaded
		return v.showManager(http.StatusOK, u, form)
	}
	var unread []store.FieldError
	_, err = v.site.Managers.Update(v.r.Context(), u.Name, func(u *manager.User) error {
		if managerVersion(u) != loaded {
			return errStale
		}
		unread = in.fill(u)
		return nil
	})
	if errors.Is(err, errStale) {
		return v.showStaleManager(u.Name, in)
	}
	if errs, ok := refusalsOf(err); ok {
		form := v.managerFields(u.Name, in, errs.or(unread))
		form.Version = loaded
		return v.showManager(errs.status, u, form)
	}
	if err != nil {
		return err
	}
	v.runner.Changed()
	return v.done(managerPath(u.Name), "Saved. Apply it to make it live.")
}

// showStaleManager shows what somebody else saved meanwhile beside what was
// typed.
func (v *visit) showStaleManager(name string, in managerInput) error {
	now, err := v.site.Managers.Get(v.r.Context(), name)
	if err != nil {
		return err
	}
	form := v.managerFields(now.Name, in, refusals{})
	form.Conflict = conflictOfManager(inputOfManager(now), in)
	return v.showManager(http.StatusConflict, now, form)
}

// managerCheck returns the warnings about what is being typed.
func (v *visit) managerCheck() error {
	return v.showPart("warnings", readManager(v.form()).warnings())
}
