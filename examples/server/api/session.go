package api

import (
	"context"
	"net/http"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// NewSession is what somebody logs in with.
type NewSession struct {
	Username string       `json:"username"`
	Password store.Secret `json:"password"`
	Code     string       `json:"code,omitempty"`
	Device   store.Secret `json:"device,omitzero"`
}

// Session is who is logged in, and what that person may do.
type Session struct {
	Administrator resource.AdministratorView `json:"administrator"`
	Sections      []ampusers.Section         `json:"sections"`
	ExpiresAt     time.Time                  `json:"expires_at"`
	IdleSeconds   int                        `json:"idle_seconds"`
}

// madeSession is a session and what proves it.
type madeSession struct {
	Session
	Token             string `json:"token"`
	Device            string `json:"device"`
	RecoveryCodesLeft *int   `json:"recovery_codes_left,omitempty"`
}

func (a *api) registerSession() {
	registerBody(operationGroup{api: a, tag: "session", public: true}, operation{
		id: "createSession", route: "POST /sessions", status: http.StatusCreated, response: schemaFor[madeSession](a.document),
	}, a.createSession)
	g := a.group("session", "")
	registerValue(g, "getSession", "GET /session", func(ctx context.Context) (Session, error) {
		return a.describeSession(ctx, a.sessions.Administrator(ctx)), nil
	})
	g.register(operation{id: "deleteSession", route: "DELETE /session"}, func(ctx context.Context, _ *request) (*response, error) {
		return noContent(a.sessions.LogOut(ctx))
	})
}

func (a *api) createSession(ctx context.Context, _ *request, body *NewSession) (*response, error) {
	login, err := a.sessions.LogIn(ctx, credential.LoginAttempt{
		Username: body.Username, Password: body.Password, Code: body.Code, DeviceToken: body.Device,
	})
	if err != nil {
		return nil, err
	}
	if login.MFARequired() {
		return nil, &credential.LoginError{Code: credential.MFARequired, Message: "type the code that your authenticator app shows, or a recovery code"}
	}
	created := madeSession{
		Session: a.describeSession(ctx, login.Administrator),
		Token:   a.sessions.Token(ctx).Reveal(), Device: login.DeviceToken.Reveal(),
	}
	if login.RecoveryCodesLeft >= 0 {
		created.RecoveryCodesLeft = &login.RecoveryCodesLeft
	}
	return &response{body: created}, nil
}

// describeSession tells of the session of an administrator.
func (a *api) describeSession(ctx context.Context, admin *ampusers.Administrator) Session {
	s := Session{
		Administrator: resource.AdministratorView{Administrator: admin}, Sections: []ampusers.Section{},
		ExpiresAt: a.sessions.SCS.Deadline(ctx).UTC(), IdleSeconds: int(a.sessions.IdleTimeout().Seconds()),
	}
	for _, section := range a.app.Administrators.Sections() {
		if admin.Can(section.ID) {
			s.Sections = append(s.Sections, section)
		}
	}
	return s
}
