package web

import (
	"errors"
	"net/http"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// tokenListPage shows the API tokens of a person.
type tokenListPage struct {
	Username, Name string
	Items          []*userman.Token
	Paging         paging
	// Permitted says that the person may have programs use the API at all.
	Permitted bool
}

func (v *visit) tokenList() error {
	u, err := v.person()
	if err != nil {
		return err
	}
	at := listing{Path: personPath(u.Username) + "/tokens", page: store.Page{After: v.r.URL.Query().Get("after")}}
	list, err := v.people().Tokens(v.r.Context(), u.Username, at.page)
	if err != nil {
		return err
	}
	effective, err := v.people().Effective(v.r.Context(), u.Username)
	if err != nil {
		return err
	}
	return v.show("tokens", "API tokens of "+u.Name(), tokenListPage{
		Username: u.Username, Name: u.Name(), Items: list.Items, Paging: at.paging(list.Next), Permitted: effective.Can(userman.RESTUse),
	})
}

// token returns the person, and their token that the address names.
func (v *visit) token() (*userman.User, *userman.Token, error) {
	u, err := v.person()
	if err != nil {
		return nil, nil, err
	}
	t, err := v.people().Token(v.r.Context(), v.r.PathValue("id"))
	if err == nil && t.UserID != u.ID {
		err = &store.NotFoundError{Kind: userman.TokenRecord}
	}
	return u, t, err
}

// tokenPath is the page of a token.
func tokenPath(username, id string) string { return recordPath(personPath(username)+"/tokens/", id) }

// tokenPage is the page of one token, new or not.
type tokenPage struct {
	ID, Username, Name string
	// Token is nil for a new one, and Path its page.
	Token *userman.Token
	Path  string
	Form  tokenFields
}

func (v *visit) tokenNew() error {
	u, err := v.person()
	if err != nil {
		return err
	}
	in := tokenInput{Extensions: userman.All, Modules: userman.All, RequestsPerHour: "1000"}
	return v.showNewToken(u, in, refusals{status: http.StatusOK})
}

func (v *visit) showNewToken(u *userman.User, in tokenInput, errs refusals) error {
	return v.showStatus(errs.status, "tokennew", "Add API token for "+u.Name(), tokenPage{
		ID: u.ID, Username: u.Username, Name: u.Name(), Path: personPath(u.Username) + "/tokens/new", Form: in.fields(errs),
	})
}

func (v *visit) tokenCreate() error {
	u, err := v.person()
	if err != nil {
		return err
	}
	in, t := readToken(v.form()), &userman.Token{}
	err = in.fill(t)
	if err != nil {
		if errs, ok := refusalsOf(err); ok {
			return v.showNewToken(u, in, errs)
		}
		return err
	}
	made, key, err := v.people().CreateToken(v.r.Context(), u.Username, t)
	if errs, ok := refusalsOf(err); ok {
		return v.showNewToken(u, in, errs)
	}
	if err != nil {
		return err
	}
	return v.showTokenKey(u, made, key)
}

func (v *visit) tokenForm() error {
	u, t, err := v.token()
	if err != nil {
		return err
	}
	form := inputOfToken(t).fields(refusals{})
	form.Version = versionOf(inputOfToken(t))
	return v.showToken(http.StatusOK, u, t, form)
}

func (v *visit) showToken(status int, u *userman.User, t *userman.Token, form tokenFields) error {
	return v.showStatus(status, "token", "API token of "+u.Name(), tokenPage{
		ID: u.ID, Username: u.Username, Name: u.Name(), Token: t, Path: tokenPath(u.Username, t.ID), Form: form,
	})
}

func (v *visit) tokenSave() error {
	u, t, err := v.token()
	if err != nil {
		return err
	}
	in, loaded := readToken(v.form()), v.form().Get("version")
	_, err = v.people().UpdateToken(v.r.Context(), t.ID, func(t *userman.Token) error {
		if versionOf(inputOfToken(t)) != loaded {
			return errStale
		}
		return in.fill(t)
	})
	if err == nil {
		return v.done(tokenPath(u.Username, t.ID), "Saved.")
	}
	errs, refused := refusalsOf(err)
	if !refused && !errors.Is(err, errStale) {
		return err
	}
	u, t, err = v.token()
	if err != nil {
		return err
	}
	form := in.fields(errs)
	form.Version = loaded
	if !refused {
		errs.status = http.StatusConflict
		form.Version, form.Conflict = versionOf(inputOfToken(t)), conflictOfToken(inputOfToken(t), in)
	}
	return v.showToken(errs.status, u, t, form)
}
