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
	"github.com/pbxusers/pbxusers/userman/apitoken"
)

// NewVerification is a login of a user to a service.
type NewVerification struct {
	Service  string       `doc:"The service, such as xmpp: the part before .login of a permission." json:"service"`
	Username string       `doc:"The username, as the user entered it."                              json:"username"`
	Password store.Secret `doc:"The password, as the user entered it."                              json:"password"`
	Address  string       `doc:"The IP address of the user, without a port."                        json:"address,omitempty"`
}

// NewAuthorization is a request of a program with an API token.
type NewAuthorization struct {
	Token     string       `doc:"The ID of the token."                           json:"token"`
	Key       store.Secret `doc:"The key of the token."                          json:"key"`
	Module    string       `doc:"The module that the program uses."              json:"module"`
	Extension string       `doc:"The extension that the request is about."       json:"extension,omitempty"`
	Address   string       `doc:"The IP address of the program, without a port." json:"address,omitempty"`
}

// NewPhoneAuthorization is a request of a phone.
type NewPhoneAuthorization struct {
	Extension string `doc:"The extension of the phone."      json:"extension"`
	Module    string `doc:"The module that the phone shows." json:"module"`
}

// verified is the user who is authorized.
type verified struct {
	User verifiedUser `doc:"The user." json:"user"`
}

// verifiedUser holds the fields of a user that a service needs.
type verifiedUser struct {
	ID               store.UserID `json:"id"`
	Username         string       `json:"username"`
	Name             string       `json:"name"`
	Email            string       `doc:"The primary email address; may be empty." json:"email"`
	Language         string       `doc:"The language; may be empty."              json:"language"`
	TimeZone         string       `doc:"The time zone; may be empty."             json:"time_zone"`
	DefaultExtension string       `json:"default_extension"`
	LinkedExtensions []string     `doc:"More extensions of the user."             json:"linked_extensions"`
	Groups           []string     `doc:"The names of the groups of the user."     json:"groups"`
}

// replyVerified returns the user who is authorized, or why there is none.
func replyVerified(u *userman.User, err error) (*response, error) {
	if err != nil {
		return nil, userLoginError(err)
	}
	return &response{body: verified{verifiedUser{
		ID: u.ID, Username: u.Username, Name: u.Name(), Email: u.Email, Language: u.Language, TimeZone: u.TimeZone,
		DefaultExtension: u.DefaultExtension, LinkedExtensions: u.LinkedExtensions, Groups: u.Groups,
	}}}, nil
}

// userLoginError turns a failed login of a user into 403: the administrator need not
// log in again.
func userLoginError(err error) error {
	if loginErr, ok := errors.AsType[*credential.LoginError](err); ok {
		return newProblem(http.StatusForbidden, string(loginErr.Code), loginErr.Message)
	}
	return err
}

func (a *api) registerVerify() {
	g, user := a.group("verify", app.SectionVerify), schemaFor[verified](a.document)
	registerBody(g, operation{id: "verifyPassword", route: "POST /authorizations/password", response: user}, a.verifyPassword)
	registerBody(g, operation{id: "authorizeToken", route: "POST /authorizations/token", response: user}, a.authorizeToken)
	registerBody(g, operation{id: "authorizePhone", route: "POST /authorizations/phone", response: user},
		func(ctx context.Context, _ *request, body *NewPhoneAuthorization) (*response, error) {
			return replyVerified(a.users(ctx).AuthorizePhone(ctx, body.Extension, body.Module))
		})
}

func (a *api) verifyPassword(ctx context.Context, _ *request, body *NewVerification) (*response, error) {
	address, err := parseAddress(body.Address)
	if err != nil {
		return nil, err
	}
	// The address of the service is not that of the user.
	actor := audit.ActorFromContext(ctx)
	actor.RemoteAddr = address
	u, err := a.users(ctx).AuthenticateService(audit.WithActor(ctx, actor), body.Service, body.Username, body.Password)
	if _, outOfScope := errors.AsType[*store.ForbiddenError](err); outOfScope {
		err = errUnknownUser()
	}
	return replyVerified(u, err)
}

// errUnknownUser is the error for users outside the scope, as for users who do not
// exist.
func errUnknownUser() error {
	return &credential.LoginError{Code: credential.InvalidCredentials, Message: "wrong username or password; try again"}
}

func (a *api) authorizeToken(ctx context.Context, _ *request, body *NewAuthorization) (*response, error) {
	address, err := parseAddress(body.Address)
	if err != nil {
		return nil, err
	}
	return replyVerified(a.tokens(ctx).Authenticate(ctx, apitoken.Request{
		TokenID: apitoken.ID(body.Token), Key: body.Key, Module: body.Module, Extension: body.Extension, RemoteAddr: address,
	}))
}

// parseAddress reads an IP address. An empty text is the zero address.
func parseAddress(text string) (netip.Addr, error) {
	if text == "" {
		return netip.Addr{}, nil
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}, store.NewInvalidError(store.FieldError{
			Field: "address", Code: store.CodeAddress, Message: "enter an IP address such as 192.0.2.1 or 2001:db8::1, without a port",
		})
	}
	return address.Unmap().WithZone(""), nil
}
