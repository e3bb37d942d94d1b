package api

import (
	"context"
	"errors"
	"net/http"
	"net/netip"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

const tagVerify = "verify"

// NewVerification is somebody who wants to log in to a service.
type NewVerification struct {
	Service  string       `json:"service"`
	Username string       `json:"username"`
	Password store.Secret `json:"password"`
	Address  string       `json:"address,omitempty"`
}

// NewAuthorization is what a program wants to do with an API token.
type NewAuthorization struct {
	Token     string       `json:"token"`
	Key       store.Secret `json:"key"`
	Module    string       `json:"module"`
	Extension string       `json:"extension,omitempty"`
	Address   string       `json:"address,omitempty"`
}

// NewPhoneAuthorization is what a telephone wants to show.
type NewPhoneAuthorization struct {
	Extension string `json:"extension"`
	Module    string `json:"module"`
}

// verified is who was let in.
type verified struct {
	User verifiedUser `json:"user"`
}

// verifiedUser is what a service needs of a person: it need not see all of them.
type verifiedUser struct {
	ID               string   `json:"id"`
	Username         string   `json:"username"`
	Name             string   `json:"name"`
	Email            string   `json:"email"`
	Language         string   `json:"language"`
	TimeZone         string   `json:"time_zone"`
	DefaultExtension string   `json:"default_extension"`
	LinkedExtensions []string `json:"linked_extensions"`
	Groups           []string `json:"groups"`
}

type verifiedOutput struct{ Body verified }

// verificationResult answers with who was let in, or with why nobody was.
func verificationResult(u *userman.User, err error) (*verifiedOutput, error) {
	if err != nil {
		return nil, userLoginError(err)
	}
	return &verifiedOutput{verified{verifiedUser{
		ID: u.ID, Username: u.Username, Name: u.Name(), Email: u.Email, Language: u.Language, TimeZone: u.TimeZone,
		DefaultExtension: u.DefaultExtension, LinkedExtensions: u.LinkedExtensions, Groups: u.Groups,
	}}}, nil
}

// userLoginError words the refusal of a person: it is not the visitor who has to
// log in.
func userLoginError(err error) error {
	if loginErr, ok := errors.AsType[*credential.LoginError](err); ok {
		return newProblem(http.StatusForbidden, string(loginErr.Code), loginErr.Message)
	}
	return err
}

func (a *api) registerVerify() {
	g := operationGroup{api: a, tag: tagVerify, section: app.SectionVerify}
	register(g, operation{
		id: "verifyPassword", method: http.MethodPost, path: "/verify", summary: "Ask whether a password lets a person in to a service",
		description: "A refusal is 403; its code is invalid_credentials, account_disabled, not_authorized when the permission is off, or password_expired. " +
			"Give the address that the person comes from where it is known: without it a guesser keeps the person waiting at this service.",
		errors:   []int{http.StatusTooManyRequests},
		request:  map[string]any{"service": "xmpp", "username": "jane.roe", "password": "correct horse battery staple", "address": "192.0.2.7"},
		response: exampleVerified(),
	}, a.verifyPassword)
	register(g, operation{
		id: "authorizeToken", method: http.MethodPost, path: "/authorize", summary: "Ask whether an API token lets a program act for a person",
		description: "A refusal is 403; 429 means that the token was used as often as it may be in an hour. Only what is let in is counted.",
		errors:      []int{http.StatusTooManyRequests},
		request: map[string]any{
			"token": exampleToken().ID, "key": exampleKeyedToken().Key, "module": "contacts", "extension": "4001", "address": "192.0.2.7",
		},
		response: exampleVerified(),
	}, a.authorizeToken)
	register(g, operation{
		id: "authorizePhone", method: http.MethodPost, path: "/authorize-phone", summary: "Ask whether the telephone of an extension may show a module",
		description: "A refusal is 403.",
		request:     map[string]any{"extension": "4001", "module": "contacts"}, response: exampleVerified(),
	}, func(ctx context.Context, input *struct{ Body NewPhoneAuthorization }) (*verifiedOutput, error) {
		return verificationResult(a.users(ctx).AuthorizePhone(ctx, input.Body.Extension, input.Body.Module))
	})
}

func (a *api) verifyPassword(ctx context.Context, input *struct{ Body NewVerification }) (*verifiedOutput, error) {
	body := &input.Body
	address, err := parseAddress(body.Address)
	if err != nil {
		return nil, err
	}
	// The address of the service is not that of the person.
	actor := audit.ActorFromContext(ctx)
	actor.RemoteAddr = address
	u, err := a.users(ctx).AuthenticateService(audit.WithActor(ctx, actor), body.Service, body.Username, body.Password)
	if _, outOfScope := errors.AsType[*store.ForbiddenError](err); outOfScope {
		err = errUnknownUser()
	}
	return verificationResult(u, err)
}

// errUnknownUser is what is said of those who are out of reach, as of those who
// are not there.
func errUnknownUser() error {
	return &credential.LoginError{Code: credential.InvalidCredentials, Message: "the username or the password is wrong; try again"}
}

func (a *api) authorizeToken(ctx context.Context, input *struct{ Body NewAuthorization }) (*verifiedOutput, error) {
	body := &input.Body
	address, err := parseAddress(body.Address)
	if err != nil {
		return nil, err
	}
	return verificationResult(a.users(ctx).Authorize(ctx, userman.TokenRequest{
		TokenID: body.Token, Key: body.Key, Module: body.Module, Extension: body.Extension, RemoteAddr: address,
	}))
}

// parseAddress reads an address; nothing is the zero one.
func parseAddress(text string) (netip.Addr, error) {
	if text == "" {
		return netip.Addr{}, nil
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}, store.NewInvalidError(store.FieldError{
			Field: "address", Code: "address", Message: "write an IP address such as 192.0.2.1 or 2001:db8::1, without a port",
		})
	}
	return address.Unmap().WithZone(""), nil
}

func exampleVerified() verified {
	output, _ := verificationResult(exampleUser().User, nil)
	return output.Body
}
