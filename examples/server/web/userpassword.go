package web

import (
	"context"
	"slices"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// How a new password is chosen.
const (
	passwordGenerated = "generate"
	passwordTyped     = "typed"
)

// userPasswordPage is the form that sets the password of a user.
type userPasswordPage struct {
	Problems           []problem
	ID, Username, Name string
	How, Options       group
	Password           formField
}

func (u *userPages) passwordForm(ctx context.Context, r *request) (response, error) {
	now, err := u.user(ctx, r)
	if err != nil {
		return nil, err
	}
	return passwordPage(now, passwordGenerated, []string{"must_change"}, formErrors{}), nil
}

func passwordPage(now *userman.User, how string, options []string, errs formErrors) response {
	body := userPasswordPage{
		Problems: errs.summary(map[string]string{"password": "New password", "how": "Password"}), ID: now.ID, Username: now.Username, Name: now.Name(),
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
	body.Password.Required = false
	for i, c := range body.Options.Choices {
		body.Options.Choices[i].Chosen = slices.Contains(options, c.Value)
	}
	return formPage(errs, "userpassword", "Set password for "+now.Name(), body)
}

func (u *userPages) setPassword(ctx context.Context, r *request) (response, error) {
	now, err := u.user(ctx, r)
	if err != nil {
		return nil, err
	}
	how, options := r.form("how"), r.PostForm["options"]
	password, err := u.passwordFromForm(ctx, r, how)
	if err == nil {
		now, err = u.users(ctx).SetPassword(ctx, now.Username, password, &userman.PasswordOptions{
			MustChange: slices.Contains(options, "must_change"), DisableTokens: slices.Contains(options, "disable_tokens"),
		})
	}
	if errs, ok := formErrorsOf(err); ok {
		current, err := u.user(ctx, r)
		if err != nil {
			return nil, err
		}
		return passwordPage(current, how, options, errs), nil
	}
	if err != nil {
		return nil, err
	}
	if how != passwordGenerated {
		return redirect{Path: u.path(now), Flash: "Password set. All sessions ended."}, nil
	}
	u.stashSecret(ctx, userSecretKey, now.ID, now.PasswordChangedAt, password.Reveal())
	return redirect{Path: u.path(now) + "/password/generated"}, nil
}

// passwordFromForm returns the typed password, or a generated one.
func (u *userPages) passwordFromForm(ctx context.Context, r *request, how string) (store.Secret, error) {
	typed := store.NewSecret(r.form("password"))
	switch {
	case how == passwordTyped:
		return typed, nil
	case how != passwordGenerated:
		return typed, store.NewInvalidError(store.FieldError{Field: "how", Code: "oneof", Message: "select an option"})
	case !typed.IsZero():
		return typed, store.NewInvalidError(store.FieldError{Field: "how", Code: "conflict", Message: "select the typed password, or leave the password empty"})
	}
	return u.users(ctx).GeneratePassword()
}

// userSecretPage shows a generated password, once.
type userSecretPage struct {
	Name, Back string
	Password   copyable
}

func (u *userPages) generatedPassword(ctx context.Context, r *request) (response, error) {
	now, err := u.user(ctx, r)
	if err != nil {
		return nil, err
	}
	return page{Name: "usersecret", Title: "Password of " + now.Name(), Body: userSecretPage{
		Name: now.Name(), Back: u.path(now),
		Password: copyable{ID: "secret", Text: u.takeSecret(ctx, r, userSecretKey, now.ID, now.PasswordChangedAt), What: "the password"},
	}}, nil
}
