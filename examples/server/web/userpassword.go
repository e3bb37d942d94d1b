package web

import (
	"net/http"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// Ways to a new password.
const (
	passwordGenerated = "generate"
	passwordTyped     = "typed"
)

// userPasswordPage is the form with which somebody else's password is set.
type userPasswordPage struct {
	Problems           []problem
	ID, Username, Name string
	How, Options       group
	Password           field
}

func (v *pageHandler) userPasswordForm() error {
	u, err := v.user()
	if err != nil {
		return err
	}
	return v.renderUserPassword(u, passwordGenerated, []string{"must_change"}, formErrors{status: http.StatusOK})
}

func (v *pageHandler) renderUserPassword(u *userman.User, how string, options []string, errs formErrors) error {
	page := userPasswordPage{
		Problems: errs.summary(map[string]string{"password": "New password", "how": "Password"}), ID: u.ID, Username: u.Username, Name: u.Name(),
		How: group{Name: "how", Legend: "Password", One: true, Errors: errs.forField("how"), Choices: []choice{
			{Value: passwordGenerated, Label: "Generate a password", Hint: "It is shown only once.", Chosen: how != passwordTyped},
			{Value: passwordTyped, Label: "Set the password below", Chosen: how == passwordTyped},
		}},
		Password: newPassword(errs),
		Options: group{Name: "options", Legend: "Options", Choices: []choice{
			{Value: "must_change", Label: "Require a new password at the next login", Hint: "After that only the user knows the password."},
			{Value: "disable_tokens", Label: "Disable all API tokens of this user", Hint: "Otherwise the tokens keep working, because they have their own keys."},
		}},
	}
	page.Password.Required = false
	for i, c := range page.Options.Choices {
		for _, chosen := range options {
			page.Options.Choices[i].Chosen = page.Options.Choices[i].Chosen || c.Value == chosen
		}
	}
	return v.renderStatus(errs.status, "userpassword", "Set password for "+u.Name(), page)
}

func (v *pageHandler) userSetPassword() error {
	u, err := v.user()
	if err != nil {
		return err
	}
	how, options := v.form().Get("how"), v.form()["options"]
	password, err := v.passwordFromForm(how)
	if err == nil {
		u, err = v.setUserPassword(u, password, options)
	}
	if errs, ok := formErrorsOf(err); ok {
		current, err := v.user()
		if err != nil {
			return err
		}
		return v.renderUserPassword(current, how, options, errs)
	}
	if err != nil {
		return err
	}
	if how != passwordGenerated {
		return v.redirectWithFlash(userPath(u.Username), "Password set. All sessions ended.")
	}
	v.stashSecret(userSecretKey, u.ID, u.PasswordChangedAt, password.Reveal())
	return v.redirect(userPath(u.Username) + "/password/generated")
}

// passwordFromForm returns the password that was typed, or a new one.
func (v *pageHandler) passwordFromForm(how string) (store.Secret, error) {
	typed := store.NewSecret(v.form().Get("password"))
	switch {
	case how == passwordTyped:
		return typed, nil
	case how != passwordGenerated:
		return typed, store.NewInvalidError(store.FieldError{Field: "how", Code: "oneof", Message: "select an option"})
	case !typed.IsZero():
		return typed, store.NewInvalidError(store.FieldError{Field: "how", Code: "conflict", Message: "select the typed password, or leave the password empty"})
	}
	return v.users().GeneratePassword()
}

func (v *pageHandler) setUserPassword(u *userman.User, password store.Secret, options []string) (*userman.User, error) {
	opts := &userman.PasswordOptions{}
	for _, option := range options {
		switch option {
		case "must_change":
			opts.MustChange = true
		case "disable_tokens":
			opts.DisableTokens = true
		}
	}
	return v.users().SetPassword(v.r.Context(), u.Username, password, opts)
}

// userSecretPage shows a password that was made, once.
type userSecretPage struct {
	Name, Back string
	Password   copyable
}

func (v *pageHandler) userPasswordGenerated() error {
	u, err := v.user()
	if err != nil {
		return err
	}
	return v.render("usersecret", "Password of "+u.Name(), userSecretPage{
		Name: u.Name(), Back: userPath(u.Username),
		Password: copyable{ID: "secret", Text: v.takeSecret(userSecretKey, u.ID, u.PasswordChangedAt), What: "the password"},
	})
}
