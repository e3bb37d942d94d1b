package web

import (
	"net/http"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// Ways to a new password.
const (
	howGenerated = "generate"
	howTyped     = "typed"
)

// personPasswordPage is the form with which somebody else's password is set.
type personPasswordPage struct {
	Problems           []problem
	ID, Username, Name string
	How, Options       group
	Password           field
}

func (v *visit) personAskPassword() error {
	u, err := v.person()
	if err != nil {
		return err
	}
	return v.askPersonPassword(u, howGenerated, []string{"must_change"}, refusals{status: http.StatusOK})
}

func (v *visit) askPersonPassword(u *userman.User, how string, options []string, errs refusals) error {
	page := personPasswordPage{
		Problems: errs.summary(map[string]string{"password": "New password", "how": "Password"}), ID: u.ID, Username: u.Username, Name: u.Name(),
		How: group{Name: "how", Legend: "Password", One: true, Errors: errs.on("how"), Choices: []choice{
			{Value: howGenerated, Label: "Make one", Hint: "It is shown once.", Chosen: how != howTyped},
			{Value: howTyped, Label: "Set the one that I type", Chosen: how == howTyped},
		}},
		Password: newPassword(errs),
		Options: group{Name: "options", Legend: "Besides", Choices: []choice{
			{Value: "must_change", Label: "It must be changed after the next login", Hint: "Only the person knows the password then."},
			{Value: "disable_tokens", Label: "Disable all API tokens of this person", Hint: "They have keys of their own, which go on to work otherwise."},
		}},
	}
	page.Password.Required = false
	for i, c := range page.Options.Choices {
		for _, chosen := range options {
			page.Options.Choices[i].Chosen = page.Options.Choices[i].Chosen || c.Value == chosen
		}
	}
	return v.showStatus(errs.status, "personpassword", "Set the password of "+u.Name(), page)
}

func (v *visit) personSetPassword() error {
	u, err := v.person()
	if err != nil {
		return err
	}
	how, options := v.form().Get("how"), v.form()["options"]
	password, err := v.chosenPassword(how)
	if err == nil {
		u, err = v.givePersonPassword(u, password, options)
	}
	if errs, ok := refusalsOf(err); ok {
		person, err := v.person()
		if err != nil {
			return err
		}
		return v.askPersonPassword(person, how, options, errs)
	}
	if err != nil {
		return err
	}
	if how != howGenerated {
		return v.done(personPath(u.Username), "The password is set, and all sessions are ended.")
	}
	v.showOnce(personSecretKey, u.ID, u.PasswordChangedAt, password.Reveal())
	return v.redirect(personPath(u.Username) + "/password/generated")
}

// chosenPassword returns the password that was typed, or a new one.
func (v *visit) chosenPassword(how string) (store.Secret, error) {
	typed := store.NewSecret(v.form().Get("password"))
	switch {
	case how == howTyped:
		return typed, nil
	case how != howGenerated:
		return typed, store.Invalid(store.FieldError{Field: "how", Code: "oneof", Message: "choose one of these"})
	case !typed.IsZero():
		return typed, store.Invalid(store.FieldError{Field: "how", Code: "conflict", Message: "choose to set the password that you type, or leave it empty"})
	}
	return v.people().GeneratePassword()
}

func (v *visit) givePersonPassword(u *userman.User, password store.Secret, options []string) (*userman.User, error) {
	opts := &userman.PasswordOptions{}
	for _, option := range options {
		switch option {
		case "must_change":
			opts.MustChange = true
		case "disable_tokens":
			opts.DisableTokens = true
		}
	}
	return v.people().SetPassword(v.r.Context(), u.Username, password, opts)
}

// personSecretPage shows a password that was made, once.
type personSecretPage struct {
	Name, Back string
	Password   copied
}

func (v *visit) personPasswordGenerated() error {
	u, err := v.person()
	if err != nil {
		return err
	}
	return v.show("personsecret", "Password of "+u.Name(), personSecretPage{
		Name: u.Name(), Back: personPath(u.Username),
		Password: copied{ID: "secret", Text: v.shownOnce(personSecretKey, u.ID, u.PasswordChangedAt), What: "the password"},
	})
}
