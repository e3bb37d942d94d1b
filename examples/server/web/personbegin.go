package web

import (
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// Ways in which somebody new begins.
const (
	beginMail     = "mail"
	beginLink     = "link"
	beginPassword = "password"
	beginLater    = "later"
)

// mailBegin is the way that is offered first.
func (v *visit) mailBegin() string {
	if v.site.Mail().Configured {
		return beginMail
	}
	return beginLink
}

func beginGroup(chosen string, errs refusals) group {
	return group{
		Name: "begin", Legend: personLabels()["begin"], One: true, Errors: errs.on("begin"),
		Choices: []choice{
			{Value: beginMail, Label: "Send a welcome mail", Hint: "With a link to choose a password.", Chosen: chosen == beginMail},
			{Value: beginLink, Label: "Show me a link", Hint: "To pass on; with it the person chooses a password.", Chosen: chosen == beginLink},
			{Value: beginPassword, Label: "Set the password below", Hint: "You will know it, then.", Chosen: chosen == beginPassword},
			{Value: beginLater, Label: "Nothing yet", Hint: "Nobody can log in as this person until you send a welcome mail.", Chosen: chosen == beginLater},
		},
	}
}

// checkBegin refuses a password that is not to be set, and none that is.
func checkBegin(begin string, password store.Secret) error {
	switch {
	case begin != beginMail && begin != beginLink && begin != beginPassword && begin != beginLater:
		return store.Invalid(store.FieldError{Field: "begin", Code: "oneof", Message: "choose one of these"})
	case begin == beginPassword && password.IsZero():
		return store.Invalid(store.FieldError{Field: "password", Code: "required", Message: "type a password, or choose another way to begin"})
	case begin != beginPassword && !password.IsZero():
		return store.Invalid(store.FieldError{Field: "begin", Code: "conflict", Message: "choose to set the password, or leave it empty"})
	}
	return nil
}

// beginPerson does with somebody who was just made what was chosen.
func (v *visit) beginPerson(u *userman.User, begin string) error {
	added := u.Username + " is added"
	switch begin {
	case beginMail:
		delivery, err := v.people().SendWelcome(v.r.Context(), u.Username)
		if err != nil {
			return v.onlyAdded(u, "No mail was sent", err)
		}
		return v.mailed(u, added+". ", delivery)
	case beginLink:
		if err := v.linkPerson(u); err != nil {
			return v.onlyAdded(u, "No link was made", err)
		}
		return nil
	case beginPassword:
		return v.done(personPath(u.Username), added+" and can log in with the password that you chose.")
	default:
		return v.done(personPath(u.Username), added+".")
	}
}

// onlyAdded says on the page of u, who was just made, that what was to follow
// failed: a page that only says so would be taken for that of nobody made.
func (v *visit) onlyAdded(u *userman.User, missing string, err error) error {
	return v.warn(personPath(u.Username), u.Username+" is added. "+missing+": "+v.failure(err).Reason)
}
