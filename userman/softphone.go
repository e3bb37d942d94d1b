package userman

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/internal/linphone"
	"github.com/pbxusers/pbxusers/internal/totp"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// SIPAccounts returns the SIP accounts of extensions. A product implements it.
type SIPAccounts interface {
	// SIPAccount returns the credentials that a softphone uses to register as the
	// extension. It returns a [store.NotFoundError] if there is no such extension.
	SIPAccount(ctx context.Context, extension string) (*SIPAccount, error)
}

// SIPAccount holds the credentials of a softphone.
type SIPAccount struct {
	// Technology is the channel driver of the extension. Softphones can only be set up
	// for "PJSIP".
	Technology string `json:"-"`
	// Username and Secret are the SIP credentials. AuthUsername defaults to Username.
	Username     string       `json:"username"`
	AuthUsername string       `json:"auth_username"`
	Secret       store.Secret `json:"-"`
	// Domain is the host of the registrar. Port is its port. With Port 0, DNS and the
	// transport determine the port.
	Domain string `json:"domain"`
	Port   int    `json:"port"`
	// Transport is "udp", "tcp" or "tls". Defaults to "udp".
	Transport   string `json:"transport"`
	DisplayName string `json:"display_name"`
	// Voicemail is the number to dial for messages. It may be empty.
	Voicemail string `json:"voicemail"`
}

// activatableTechnology is the only technology that softphones can be activated for.
const activatableTechnology = "PJSIP"

// SoftphoneService sets up softphones of the users of a [Service]; see
// [Service.Softphones].
type SoftphoneService struct{ s *Service }

// Softphones returns the service of softphones.
func (s *Service) Softphones() *SoftphoneService { return &SoftphoneService{s} }

// Available reports whether users can set up softphones: [Options].SIPAccounts is set.
func (ss *SoftphoneService) Available() bool { return ss.s.opts().SIPAccounts != nil }

// Invite creates a link to set up a softphone once. The new link replaces an
// earlier link. Invite returns an error wrapping [store.ErrConflict] if the
// user cannot set up a softphone. The possible reasons are: the user has no default
// extension, the extension is not PJSIP, [Options].SIPAccounts is not set, or
// [permission.SoftphoneActivate] is off. The error contains the reason.
func (ss *SoftphoneService) Invite(ctx context.Context, username string) (*credential.Link, error) {
	const action = "invite softphone"
	u, err := ss.s.find(ctx, username)
	if err == nil {
		_, err = ss.s.sipAccount(ctx, u)
	}
	if err != nil {
		ss.s.recordFailure(ctx, action, username, err)
		return nil, err
	}
	link, err := ss.s.issueLink(activationLink, ss.s.opts().ActivationLifetime)
	if err != nil {
		return nil, err
	}
	_, err = ss.s.mutateByID(ctx, action, u.ID, ss.s.withCredentialCheck(func(ctx context.Context, u *User) error {
		link.assign(u, ss.s.creator(ctx, u))
		return nil
	}))
	if err != nil {
		return nil, err
	}
	return link.Link, nil
}

// sipAccount returns the SIP account of u, or an error wrapping ErrConflict with the
// reason why there is none.
func (s *Service) sipAccount(ctx context.Context, u *User) (*SIPAccount, error) {
	if err := s.authorizeActivation(ctx, u); err != nil {
		return nil, err
	}
	switch {
	case u.DefaultExtension == "":
		return nil, activationError("the user has no default extension; set it first")
	case s.opts().SIPAccounts == nil:
		return nil, activationError("this installation does not know the SIP accounts of extensions; set the softphone up by hand")
	}
	account, err := s.opts().SIPAccounts.SIPAccount(ctx, u.DefaultExtension)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, activationError("the default extension does not exist any more; set another one")
	case err != nil:
		return nil, err
	case !strings.EqualFold(account.Technology, activatableTechnology):
		return nil, activationError("the default extension is not of the type " + activatableTechnology + "; set one that is")
	}
	complete := account.withDefaults()
	if err := complete.linphone().Validate(); err != nil {
		return nil, err
	}
	return complete, nil
}

// authorizeActivation returns an error wrapping ErrConflict if u does not have the
// permission to set up a softphone.
func (s *Service) authorizeActivation(ctx context.Context, u *User) error {
	allowed, err := s.hasPermission(ctx, u, permission.SoftphoneActivate)
	if err == nil && !allowed {
		err = activationError("the permission " + permission.SoftphoneActivate + " is off; turn it on for this user or a group of the user")
	}
	return err
}

func activationError(reason string) error {
	return &store.ConflictError{Reason: "a softphone cannot be activated: " + reason}
}

// withDefaults returns a copy with the defaults filled in.
func (a *SIPAccount) withDefaults() *SIPAccount {
	c := *a
	if c.AuthUsername == "" {
		c.AuthUsername = c.Username
	}
	if c.Transport == "" {
		c.Transport = "udp"
	}
	return &c
}

// Link returns the activation link of a token. The result does not contain the
// token. The link stays valid. Link returns the errors of
// [Service.Invitation].
func (ss *SoftphoneService) Link(ctx context.Context, token store.Secret) (*credential.Link, error) {
	return ss.s.readLink(ctx, activationLink, token)
}

// Activate uses up a link and returns the SIP account. It returns the errors
// of [Service.Invitation]. It returns an error wrapping [store.ErrConflict] in the
// cases of [SoftphoneService.Invite]. After this error, the link stays valid.
func (ss *SoftphoneService) Activate(ctx context.Context, token store.Secret) (*Activation, error) {
	const action = "activate softphone"
	// Unknown links are not recorded: visitors could fill the audit log.
	snapshot, err := ss.s.userByLink(ctx, activationLink, token)
	if err != nil {
		return nil, err
	}
	account, err := ss.s.sipAccount(ctx, snapshot)
	if err != nil {
		ss.s.recordFailure(ctx, action, snapshot.Username, err)
		return nil, err
	}
	u, err := ss.s.mutateByID(ctx, action, snapshot.ID, func(ctx context.Context, u *User) error {
		if err := ss.s.checkLink(activationLink, u, auth.HashToken(token)); err != nil {
			return err
		}
		if err := ss.s.authorizeActivation(ctx, u); err != nil { // reading the account takes time
			return err
		}
		if u.DefaultExtension != snapshot.DefaultExtension {
			return activationError("the default extension was changed during the request; try again")
		}
		u.Activation = nil
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &Activation{Username: u.Username, Account: account}, nil
}

// QR returns a URL, such as the URL of a link, as a QR code. The code is a square PNG
// with a side of size pixels, at most 2048. It includes the light border that scanners
// need. An error gives the minimum number of pixels, or says that the URL is empty or
// too long. The error does not contain the URL.
func QR(url store.Secret, size int) ([]byte, error) { return totp.QR(url, size) }

// Activation is the result of [SoftphoneService.Activate].
type Activation struct {
	Username string      `json:"username"`
	Account  *SIPAccount `json:"account"`
}

// JSON returns the account with its secret as JSON, for a softphone of the product.
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
