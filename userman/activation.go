package userman

import (
	"encoding/json"

	"github.com/pbxusers/pbxusers/internal/linphone"
)

// Activation is the result of [Service.ActivateSoftphone].
type Activation struct {
	Username string      `json:"username"`
	Account  *SIPAccount `json:"account"`
}

// JSON returns the account with its secret, for a softphone of the product.
func (a *Activation) JSON() ([]byte, error) {
	type account struct {
		SIPAccount

		Secret string `json:"secret"`
	}
	return json.Marshal(struct {
		Username string  `json:"username"`
		Account  account `json:"account"`
	}{a.Username, account{*a.Account, a.Account.Secret.Reveal()}})
}

// Linphone returns the account with its secret, as a remote provisioning document
// for Linphone. It returns an error wrapping [store.ErrConflict] if the account
// contains control characters.
func (a *Activation) Linphone() ([]byte, error) { return linphone.Document(a.Account.linphone()) }

// linphone returns the fields that Linphone registers with.
func (a *SIPAccount) linphone() *linphone.Account {
	return &linphone.Account{
		Username: a.Username, AuthUsername: a.AuthUsername, Secret: a.Secret,
		Domain: a.Domain, Port: a.Port, Transport: a.Transport, DisplayName: a.DisplayName,
	}
}
