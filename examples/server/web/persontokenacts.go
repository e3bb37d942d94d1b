package web

import (
	"net/http"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// showTokenKey has the next page show the key of t.
func (v *visit) showTokenKey(u *userman.User, t *userman.Token, key store.Secret) error {
	v.showOnce(tokenKey, t.ID, t.KeyMadeAt, key.Reveal())
	return v.redirect(tokenPath(u.Username, t.ID) + "/key")
}

// tokenKeyPage shows a new key, once.
type tokenKeyPage struct {
	Name, Back string
	ID, Key    copied
}

func (v *visit) tokenKey() error {
	u, t, err := v.token()
	if err != nil {
		return err
	}
	return v.show("tokenkey", "Key of an API token of "+u.Name(), tokenKeyPage{
		Name: u.Name(), Back: tokenPath(u.Username, t.ID),
		ID:  copied{ID: "token-id", Text: t.ID, What: "the token ID"},
		Key: copied{ID: "key", Text: v.shownOnce(tokenKey, t.ID, t.KeyMadeAt), What: "the key"},
	})
}

func (v *visit) tokenAskRotate() error {
	u, t, err := v.token()
	if err != nil {
		return err
	}
	return v.askRotateToken(u, t, refusals{status: http.StatusOK})
}

func (v *visit) askRotateToken(u *userman.User, t *userman.Token, errs refusals) error {
	back := tokenPath(u.Username, t.ID)
	return v.ask(errs.status, question{
		Title: "Give this API token a new key?", Problems: errs.summary(nil), Person: u.ID, Back: back, Action: back + "/rotate", Yes: "Make a new key",
		Consequences: []string{
			"The old key stops to work at once: put the new one into the program that uses it.",
			"The new key is shown once.",
		},
	})
}

func (v *visit) tokenRotate() error {
	u, t, err := v.token()
	if err != nil {
		return err
	}
	rotated, key, err := v.people().RotateToken(v.r.Context(), t.ID)
	if errs, ok := refusalsOf(err); ok {
		return v.askRotateToken(u, t, errs)
	}
	if err != nil {
		return err
	}
	return v.showTokenKey(u, rotated, key)
}

func (v *visit) tokenAskDelete() error {
	u, t, err := v.token()
	if err != nil {
		return err
	}
	return v.askDeleteToken(u, t, refusals{status: http.StatusOK})
}

func (v *visit) askDeleteToken(u *userman.User, t *userman.Token, errs refusals) error {
	back := tokenPath(u.Username, t.ID)
	return v.ask(errs.status, question{
		Title: "Delete this API token?", Problems: errs.summary(nil), Person: u.ID, Back: back, Action: back + "/delete", Yes: "Delete API token", Danger: true,
		Consequences: []string{
			"The program that uses it gets no answer any more.",
			"This cannot be undone. To keep the token for later, disable it instead.",
		},
	})
}

func (v *visit) tokenDelete() error {
	u, t, err := v.token()
	if err != nil {
		return err
	}
	err = v.people().DeleteToken(v.r.Context(), t.ID)
	if errs, ok := refusalsOf(err); ok {
		return v.askDeleteToken(u, t, errs)
	}
	if err != nil {
		return err
	}
	return v.done(personPath(u.Username)+"/tokens", "The API token is deleted.")
}
