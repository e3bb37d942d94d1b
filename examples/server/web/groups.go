package web

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// groupPath is the page of a group.
func groupPath(name string) string { return recordPath("/groups/", name) }

// groupListPage is the page /groups.
type groupListPage struct {
	Items []*userman.Group
	// MayChange says that the visitor reaches everybody: others see groups, and
	// change none.
	MayChange bool
}

func (v *pageHandler) groupList() error {
	groups, err := v.site.Users.Groups(v.r.Context())
	if err != nil {
		return err
	}
	return v.render("groups", "Groups", groupListPage{Items: groups, MayChange: v.isUnrestricted()})
}

// isUnrestricted reports whether the visitor is not narrowed to some
// extensions.
func (v *pageHandler) isUnrestricted() bool { return v.admin.Scope("").AllExtensions() }

// groupPage is the page of one group.
type groupPage struct {
	*userman.Group

	Form      groupFields
	Members   membersPage
	MayChange bool
}

func (v *pageHandler) groupNew() error {
	in := inputOfGroup(&userman.Group{Priority: userman.DefaultPriority}, v.site.Users.Permissions())
	return v.renderNewGroup(http.StatusOK, v.groupFields("", in, formErrors{}))
}

func (v *pageHandler) renderNewGroup(status int, form groupFields) error {
	return v.renderStatus(status, "groupnew", "Add group", form)
}

func (v *pageHandler) groupCreate() error {
	known := v.site.Users.Permissions()
	in, g := readGroup(v.form(), known), &userman.Group{Name: v.form().Get("name")}
	unread := in.fill(g, known)
	created, err := v.users().CreateGroup(v.r.Context(), g)
	if errs, ok := formErrorsOf(err); ok {
		return v.renderNewGroup(errs.status, v.groupFields(g.Name, in, errs.override(unread)))
	}
	if err != nil {
		return err
	}
	return v.redirectWithFlash(groupPath(created.Name), "Group added. You can now add members.")
}

func (v *pageHandler) groupForm() error {
	g, err := v.group()
	if err != nil {
		return err
	}
	return v.renderGroup(http.StatusOK, g, v.groupFields(g.Name, v.inputOf(g), formErrors{}), formErrors{})
}

// group returns the group that the address names.
func (v *pageHandler) group() (*userman.Group, error) {
	return v.site.Users.Group(v.r.Context(), v.r.PathValue("name"))
}

func (v *pageHandler) inputOf(g *userman.Group) groupInput {
	return inputOfGroup(g, v.site.Users.Permissions())
}

// renderGroup draws the page of g; members is what was refused of those to be
// added. A form without a version gets that of g: one that was typed into
// before keeps the version that it was made of.
func (v *pageHandler) renderGroup(status int, g *userman.Group, form groupFields, members formErrors) error {
	form.Version = cmp.Or(form.Version, versionOf(v.inputOf(g)))
	listed, err := v.membersPage(g, members)
	if err != nil {
		return err
	}
	return v.renderStatus(status, "group", "Group "+g.Name, groupPage{Group: g, Form: form, Members: listed, MayChange: v.isUnrestricted()})
}

func (v *pageHandler) groupSave() error {
	g, err := v.group()
	if err != nil {
		return err
	}
	known := v.site.Users.Permissions()
	in, loaded := readGroup(v.form(), known), v.form().Get("version")
	var unread []store.FieldError
	_, err = v.users().UpdateGroup(v.r.Context(), g.Name, func(g *userman.Group) error {
		if versionOf(inputOfGroup(g, known)) != loaded {
			return errStale
		}
		unread = in.fill(g, known)
		return nil
	})
	if errors.Is(err, errStale) {
		return v.renderGroupConflict(g.Name, in)
	}
	if errs, ok := formErrorsOf(err); ok {
		form := v.groupFields(g.Name, in, errs.override(unread))
		form.Version = loaded
		return v.renderGroup(errs.status, g, form, formErrors{})
	}
	if err != nil {
		return err
	}
	return v.redirectWithFlash(groupPath(g.Name), "Saved. Effective immediately.")
}

// renderGroupConflict shows what somebody else saved meanwhile beside what was
// typed.
func (v *pageHandler) renderGroupConflict(name string, in groupInput) error {
	now, err := v.site.Users.Group(v.r.Context(), name)
	if err != nil {
		return err
	}
	form := v.groupFields(now.Name, in, formErrors{})
	form.Conflict = conflictOfGroup(v.inputOf(now), in, v.site.Users.Permissions())
	return v.renderGroup(http.StatusConflict, now, form, formErrors{})
}
