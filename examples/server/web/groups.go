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

func (v *visit) groupList() error {
	groups, err := v.site.People.Groups(v.r.Context())
	if err != nil {
		return err
	}
	return v.show("groups", "Groups", groupListPage{Items: groups, MayChange: v.reachesEverybody()})
}

// reachesEverybody reports whether the visitor is not narrowed to some
// extensions.
func (v *visit) reachesEverybody() bool { return v.people() == v.site.People }

// groupPage is the page of one group.
type groupPage struct {
	*userman.Group

	Form      groupFields
	Members   membersPage
	MayChange bool
}

func (v *visit) groupNew() error {
	in := inputOfGroup(&userman.Group{Priority: userman.DefaultPriority}, v.site.People.Permissions())
	return v.showNewGroup(http.StatusOK, v.groupFields("", in, refusals{}))
}

func (v *visit) showNewGroup(status int, form groupFields) error {
	return v.showStatus(status, "groupnew", "Add group", form)
}

func (v *visit) groupCreate() error {
	known := v.site.People.Permissions()
	in, g := readGroup(v.form(), known), &userman.Group{Name: v.form().Get("name")}
	unread := in.fill(g, known)
	created, err := v.people().CreateGroup(v.r.Context(), g)
	if errs, ok := refusalsOf(err); ok {
		return v.showNewGroup(errs.status, v.groupFields(g.Name, in, errs.or(unread)))
	}
	if err != nil {
		return err
	}
	return v.done(groupPath(created.Name), "Added. Now put people into it.")
}

func (v *visit) groupForm() error {
	g, err := v.group()
	if err != nil {
		return err
	}
	return v.showGroup(http.StatusOK, g, v.groupFields(g.Name, v.inputOf(g), refusals{}), refusals{})
}

// group returns the group that the address names.
func (v *visit) group() (*userman.Group, error) {
	return v.site.People.Group(v.r.Context(), v.r.PathValue("name"))
}

func (v *visit) inputOf(g *userman.Group) groupInput {
	return inputOfGroup(g, v.site.People.Permissions())
}

// showGroup draws the page of g; members is what was refused of those to be
// added. A form without a version gets that of g: one that was typed into
// before keeps the version that it was made of.
func (v *visit) showGroup(status int, g *userman.Group, form groupFields, members refusals) error {
	form.Version = cmp.Or(form.Version, versionOf(v.inputOf(g)))
	listed, err := v.membersPage(g, members)
	if err != nil {
		return err
	}
	return v.showStatus(status, "group", "Group "+g.Name, groupPage{Group: g, Form: form, Members: listed, MayChange: v.reachesEverybody()})
}

func (v *visit) groupSave() error {
	g, err := v.group()
	if err != nil {
		return err
	}
	known := v.site.People.Permissions()
	in, loaded := readGroup(v.form(), known), v.form().Get("version")
	var unread []store.FieldError
	_, err = v.people().UpdateGroup(v.r.Context(), g.Name, func(g *userman.Group) error {
		if versionOf(inputOfGroup(g, known)) != loaded {
			return errStale
		}
		unread = in.fill(g, known)
		return nil
	})
	if errors.Is(err, errStale) {
		return v.showStaleGroup(g.Name, in)
	}
	if errs, ok := refusalsOf(err); ok {
		form := v.groupFields(g.Name, in, errs.or(unread))
		form.Version = loaded
		return v.showGroup(errs.status, g, form, refusals{})
	}
	if err != nil {
		return err
	}
	return v.done(groupPath(g.Name), "Saved. It counts at once.")
}

// showStaleGroup shows what somebody else saved meanwhile beside what was
// typed.
func (v *visit) showStaleGroup(name string, in groupInput) error {
	now, err := v.site.People.Group(v.r.Context(), name)
	if err != nil {
		return err
	}
	form := v.groupFields(now.Name, in, refusals{})
	form.Conflict = conflictOfGroup(v.inputOf(now), in, v.site.People.Permissions())
	return v.showGroup(http.StatusConflict, now, form, refusals{})
}
