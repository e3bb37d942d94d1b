package web

import (
	"errors"
	"net/http"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// tokenListPage shows the API tokens of a person.
type tokenListPage struct {
	Username, Name string
	Items          []*userman.Token
	Paging         paging
	// Permitted says that the person may have programs use the API at all.
	Permitted bool
}

func (v *pageHandler) tokenList() error {
	u, err := v.user()
	if err != nil {
		return err
	}
	at := listRequest{Path: userPath(u.Username) + "/tokens", page: store.PageRequest{After: v.r.URL.Query().Get("after")}}
	list, err := v.users().Tokens(v.r.Context(), u.Username, at.page)
	if err != nil {
		return err
	}
	effective, err := v.users().EffectivePermissions(v.r.Context(), u.Username)
	if err != nil {
		return err
	}
	return v.render("tokens", "API tokens of "+u.Name(), tokenListPage{
		Username: u.Username, Name: u.Name(), Items: list.Items, Paging: at.paging(list.Next), Permitted: effective.Enabled(permission.RESTUse),
	})
}

// token returns the person, and their token that the address names.
func (v *pageHandler) token() (*userman.User, *userman.Token, error) {
	u, err := v.user()
	if err != nil {
		return nil, nil, err
	}
	t, err := v.users().Token(v.r.Context(), v.r.PathValue("id"))
	if err == nil && t.UserID != u.ID {
		err = &store.NotFoundError{Kind: userman.KindToken}
	}
	return u, t, err
}

// tokenPath is the page of a token.
func tokenPath(username, id string) string { return recordPath(userPath(username)+"/tokens/", id) }

// tokenPage is the page of one token, new or not.
type tokenPage struct {
	ID, Username, Name string
	// Token is nil for a new one, and Path its page.
	Token *userman.Token
	Path  string
	Form  tokenFields
}

func (v *pageHandler) tokenNew() error {
	u, err := v.user()
	if err != nil {
		return err
	}
	in := tokenInput{Extensions: permission.Any, Modules: permission.Any, RequestsPerHour: "1000"}
	return v.renderNewToken(u, in, formErrors{status: http.StatusOK})
}

func (v *pageHandler) renderNewToken(u *userman.User, in tokenInput, errs formErrors) error {
	return v.renderStatus(errs.status, "tokennew", "Add API token for "+u.Name(), tokenPage{
		ID: u.ID, Username: u.Username, Name: u.Name(), Path: userPath(u.Username) + "/tokens/new", Form: in.fields(errs),
	})
}

func (v *pageHandler) tokenCreate() error {
	u, err := v.user()
	if err != nil {
		return err
	}
	in, t := readToken(v.form()), &userman.Token{}
	err = in.fill(t)
	if err != nil {
		if errs, ok := formErrorsOf(err); ok {
			return v.renderNewToken(u, in, errs)
		}
		return err
	}
	created, key, err := v.users().CreateToken(v.r.Context(), u.Username, t)
	if errs, ok := formErrorsOf(err); ok {
		return v.renderNewToken(u, in, errs)
	}
	if err != nil {
		return err
	}
	return v.redirectToTokenKey(u, created, key)
}

func (v *pageHandler) tokenForm() error {
	u, t, err := v.token()
	if err != nil {
		return err
	}
	form := inputOfToken(t).fields(formErrors{})
	form.Version = versionOf(inputOfToken(t))
	return v.renderToken(http.StatusOK, u, t, form)
}

func (v *pageHandler) renderToken(status int, u *userman.User, t *userman.Token, form tokenFields) error {
	return v.renderStatus(status, "token", "API token of "+u.Name(), tokenPage{
		ID: u.ID, Username: u.Username, Name: u.Name(), Token: t, Path: tokenPath(u.Username, t.ID), Form: form,
	})
}

func (v *pageHandler) tokenSave() error {
	u, t, err := v.token()
	if err != nil {
		return err
	}
	in, loaded := readToken(v.form()), v.form().Get("version")
	_, err = v.users().UpdateToken(v.r.Context(), t.ID, func(t *userman.Token) error {
		if versionOf(inputOfToken(t)) != loaded {
			return errStale
		}
		return in.fill(t)
	})
	if err == nil {
		return v.redirectWithFlash(tokenPath(u.Username, t.ID), "Saved.")
	}
	errs, isFormError := formErrorsOf(err)
	if !isFormError && !errors.Is(err, errStale) {
		return err
	}
	u, t, err = v.token()
	if err != nil {
		return err
	}
	form := in.fields(errs)
	form.Version = loaded
	if !isFormError {
		errs.status = http.StatusConflict
		form.Version, form.Conflict = versionOf(inputOfToken(t)), conflictOfToken(inputOfToken(t), in)
	}
	return v.renderToken(errs.status, u, t, form)
}
