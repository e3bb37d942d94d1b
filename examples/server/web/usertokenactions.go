package web

import (
	"net/http"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// redirectToTokenKey has the next page show the key of t.
func (v *pageHandler) redirectToTokenKey(u *userman.User, t *userman.Token, key store.Secret) error {
	v.stashSecret(tokenKey, t.ID, t.KeyCreatedAt, key.Reveal())
	return v.redirect(tokenPath(u.Username, t.ID) + "/key")
}

// tokenKeyPage shows a new key, once.
type tokenKeyPage struct {
	Name, Back string
	ID, Key    copyable
}

func (v *pageHandler) tokenKey() error {
	u, t, err := v.token()
	if err != nil {
		return err
	}
	return v.render("tokenkey", "API token key of "+u.Name(), tokenKeyPage{
		Name: u.Name(), Back: tokenPath(u.Username, t.ID),
		ID:  copyable{ID: "token-id", Text: t.ID, What: "the token ID"},
		Key: copyable{ID: "key", Text: v.takeSecret(tokenKey, t.ID, t.KeyCreatedAt), What: "the key"},
	})
}

func (v *pageHandler) tokenConfirmRotate() error {
	u, t, err := v.token()
	if err != nil {
		return err
	}
	return v.confirmRotateToken(u, t, formErrors{status: http.StatusOK})
}

func (v *pageHandler) confirmRotateToken(u *userman.User, t *userman.Token, errs formErrors) error {
	back := tokenPath(u.Username, t.ID)
	return v.renderConfirmation(errs.status, confirmation{
		Title: "Create a new key for this API token?", Problems: errs.summary(nil), UserID: u.ID, Back: back, Action: back + "/rotate", Yes: "Create new key",
		Consequences: []string{
			"The old key stops working immediately. Update the program that uses it.",
			"The new key is shown only once.",
		},
	})
}

func (v *pageHandler) tokenRotate() error {
	u, t, err := v.token()
	if err != nil {
		return err
	}
	rotated, key, err := v.users().RotateToken(v.r.Context(), t.ID)
	if errs, ok := formErrorsOf(err); ok {
		return v.confirmRotateToken(u, t, errs)
	}
	if err != nil {
		return err
	}
	return v.redirectToTokenKey(u, rotated, key)
}

func (v *pageHandler) tokenConfirmDelete() error {
	u, t, err := v.token()
	if err != nil {
		return err
	}
	return v.confirmDeleteToken(u, t, formErrors{status: http.StatusOK})
}

func (v *pageHandler) confirmDeleteToken(u *userman.User, t *userman.Token, errs formErrors) error {
	back := tokenPath(u.Username, t.ID)
	return v.renderConfirmation(errs.status, confirmation{
		Title: "Delete this API token?", Problems: errs.summary(nil), UserID: u.ID, Back: back, Action: back + "/delete", Yes: "Delete API token", Danger: true,
		Consequences: []string{
			"The program that uses the token loses access.",
			"This cannot be undone. To keep the token, disable it instead.",
		},
	})
}

func (v *pageHandler) tokenDelete() error {
	u, t, err := v.token()
	if err != nil {
		return err
	}
	err = v.users().DeleteToken(v.r.Context(), t.ID)
	if errs, ok := formErrorsOf(err); ok {
		return v.confirmDeleteToken(u, t, errs)
	}
	if err != nil {
		return err
	}
	return v.redirectWithFlash(userPath(u.Username)+"/tokens", "API token deleted.")
}
