package api

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/mailqueue"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// userLink is a link for a user. It is shown only once.
type userLink struct {
	UserID    store.UserID `json:"user_id"`
	Username  string       `json:"username"`
	Secret    string       `doc:"The end of the link. It works once."  json:"secret"`
	URL       string       `doc:"The link; give it to this user only." json:"url"`
	ExpiresAt time.Time    `json:"expires_at"`
}

// linkFunc creates a link for the user with a username.
type linkFunc = func(ctx context.Context, username string) (*credential.Link, error)

func (a *api) registerUserLinks(g operationGroup) {
	register := func(id, route, page string, issue func(*userman.Service) linkFunc) {
		op := operation{id: id, route: route, status: http.StatusCreated, response: schemaFor[userLink](a.document)}
		g.register(op, func(ctx context.Context, r *request) (*response, error) {
			link, err := issue(a.users(ctx))(ctx, r.text("username"))
			if err != nil {
				return nil, err
			}
			secret := link.Token.Reveal()
			return &response{body: userLink{
				UserID: link.UserID, Username: link.Username, Secret: secret,
				URL: cmp.Or(link.URL.Reveal(), a.baseURL()+page+secret), ExpiresAt: link.ExpiresAt,
			}}, nil
		})
	}
	register("createPasswordLink", "POST /users/{username}/password-links", userman.SetPasswordPath, func(s *userman.Service) linkFunc { return s.Invite })
	register("createSoftphoneLink", "POST /users/{username}/softphone-links", userman.ActivationPath, func(s *userman.Service) linkFunc { return s.Softphones().Invite })
}

// NewMail says which mail to send.
type NewMail struct {
	Kind usermail.Kind `doc:"welcome (how to log in, with a link to set the password) or reset (a link to set a forgotten password)." enum:"welcome,reset" json:"kind"`
}

func (a *api) registerUserMails(g operationGroup) {
	registerBody(g, operation{id: "sendMail", route: "POST /users/{username}/mails", response: schemaFor[userman.Delivery](a.document)},
		func(ctx context.Context, r *request, body *NewMail) (*response, error) {
			return reply(a.users(ctx).Mails().Send(ctx, body.Kind, r.text("username")))
		})
	g.register(operation{id: "listMails", route: "GET /users/{username}/mails", response: schemaFor[list[*mailqueue.Mail]](a.document)},
		func(ctx context.Context, r *request) (*response, error) {
			mails, err := a.users(ctx).Mails().List(ctx, r.text("username"))
			return reply(list[*mailqueue.Mail]{Items: mails}, err)
		})
	g.register(operation{
		id: "previewMail", route: "GET /users/{username}/mails/{kind}",
		params: []*huma.Param{pathParam("kind", "The kind of the mail.", "welcome", "reset")}, response: schemaFor[usermail.Mail](a.document),
	}, func(ctx context.Context, r *request) (*response, error) {
		return reply(a.users(ctx).Mails().Preview(ctx, usermail.Kind(r.text("kind")), r.text("username")))
	})
}
