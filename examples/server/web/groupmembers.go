package web

import (
	"fmt"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// membersPage are the members of a group on its page, and the form that adds
// others.
type membersPage struct {
	Items  []memberRow
	Paging paging
	Adding field
	// Directory is the one that says who is in the group; empty for a group
	// that is kept here.
	Directory string
}

// usernamesLabel is that of the field in which people are added.
const usernamesLabel = "Usernames"

// memberRow is somebody in the group. Href is empty where the visitor may not
// see people.
type memberRow struct{ Username, Name, Href string }

// membersPage lists those members that the visitor reaches, from the place that
// the address names.
func (v *pageHandler) membersPage(g *userman.Group, errs formErrors) (membersPage, error) {
	path, after := groupPath(g.Name), v.r.URL.Query().Get("after")
	list, err := v.users().List(v.r.Context(), userman.Query{Group: g.Name, PageRequest: store.PageRequest{After: after}})
	if err != nil {
		return membersPage{}, err
	}
	page := membersPage{
		Items: make([]memberRow, len(list.Items)), Directory: g.Directory,
		Adding: field{
			Name: "usernames", Label: usernamesLabel, Value: v.form().Get("usernames"), Rows: 2, Errors: errs.forField("usernames"),
			Hint: "One or more usernames, separated by commas or one per line.",
		},
	}
	for i, u := range list.Items {
		page.Items[i] = memberRow{u.Username, u.Name(), v.userHref(u.Username)}
	}
	if after != "" {
		page.Paging.First = path
	}
	if list.Next != "" {
		page.Paging.Next = listAddress(path, "after", list.Next)
	}
	return page, nil
}

// groupMembers puts people into a group, or takes them out of it.
func (v *pageHandler) groupMembers() error {
	g, err := v.group()
	if err != nil {
		return err
	}
	people, done := v.users(), "Added %d."
	change, usernames := people.AddMembers, splitList(plainBreaks(v.form().Get("usernames")))
	if v.form().Get("do") == "remove" {
		change, usernames, done = people.RemoveMembers, v.form()["member"], "Removed %d."
	}
	if err = requireUsernames(usernames, v.form().Get("do")); err == nil {
		err = change(v.r.Context(), g.Name, usernames...)
	}
	if errs, ok := formErrorsOf(err); ok {
		form := v.groupFields(g.Name, v.inputOf(g), formErrors{})
		form.ActionErrors = errs.summary(map[string]string{"usernames": usernamesLabel})
		return v.renderGroup(errs.status, g, form, errs)
	}
	if err != nil {
		return err
	}
	return v.redirectWithFlash(groupPath(g.Name)+"#members", fmt.Sprintf(done, len(usernames)))
}

// requireUsernames refuses to change nobody.
func requireUsernames(usernames []string, do string) error {
	switch {
	case len(usernames) > 0:
		return nil
	case do == "remove":
		return &store.ConflictError{Reason: "no members selected"}
	}
	return store.NewInvalidError(store.FieldError{Field: "usernames", Code: "required", Message: "enter at least one username"})
}
