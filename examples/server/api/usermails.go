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

func (a *api) registerUserLinks(g operationGroup) {
	register := func(op operation, path string, issue func(*userman.Service, context.Context, string) (*credential.Link, error)) {
		op.method, op.status, op.errors, op.response = http.MethodPost, http.StatusCreated, []int{http.StatusConflict}, exampleLink(path)
		g.register(op, func(ctx context.Context, r *request) (*response, error) {
			link, err := issue(a.users(ctx), ctx, r.text("username"))
			if err != nil {
				return nil, err
			}
			secret := link.Token.Reveal()
			return &response{body: userLink{
				UserID: link.UserID, Username: link.Username, Secret: secret,
				URL: cmp.Or(link.URL.Reveal(), a.baseURL+path+secret), ExpiresAt: link.ExpiresAt,
			}}, nil
		})
	}
	register(operation{
		id: "createPasswordLink", path: "/users/{username}/password-links", summary: "Create a link that sets the password of a user",
		description: "The link works once and is shown only once. It replaces an earlier link. POST /users/{username}/mails sends one by mail instead.",
	}, userman.SetPasswordPath, (*userman.Service).Invite)
	register(operation{
		id: "createSoftphoneLink", path: "/users/{username}/softphone-links", summary: "Create a link that sets up a softphone of a user",
		description: "The link works once and is shown only once. It replaces an earlier link. The default extension of the user must be a PJSIP extension.",
	}, userman.ActivationPath, (*userman.Service).InviteSoftphone)
}

// NewMail says which mail to send.
type NewMail struct {
	Kind usermail.Kind `doc:"welcome (how to log in, with a link to set the password) or reset (a link to set a forgotten password)." enum:"welcome,reset" json:"kind"`
}

// mailPreview is a mail as the user would receive it.
type mailPreview struct {
	To      string `doc:"The primary email address of the user; empty when there is none." json:"to"`
	ToName  string `doc:"The name of the user."                                            json:"to_name"`
	Subject string `doc:"The subject."                                                     json:"subject"`
	Text    string `doc:"The mail as plain text."                                          json:"text"`
	HTML    string `doc:"The mail as HTML; empty when there is no HTML template."          json:"html"`
}

func (a *api) registerUserMails(g operationGroup) {
	registerBody(g, operation{
		id: "sendMail", method: http.MethodPost, path: "/users/{username}/mails", summary: "Send a welcome or password reset mail to a user",
		description: "The link in the mail replaces an earlier link. The status tells whether the mail was delivered to the mail server.",
		errors:      []int{http.StatusConflict}, request: map[string]any{"kind": "welcome"}, response: exampleDelivery(),
	}, func(ctx context.Context, r *request, body *NewMail) (*response, error) {
		return reply(a.users(ctx).SendMail(ctx, body.Kind, r.text("username")))
	})
	g.register(operation{
		id: "previewMail", method: http.MethodGet, path: "/users/{username}/mails/{kind}", summary: "Preview a mail to a user",
		description: "Nothing is sent, and the links do not work. There is no reset mail for a user whose directory keeps the password.",
		params:      []*huma.Param{pathParam("kind", "The kind of the mail.", "welcome", "reset")},
		errors:      []int{http.StatusConflict}, response: exampleMailPreview(),
	}, func(ctx context.Context, r *request) (*response, error) {
		m, err := a.users(ctx).PreviewMail(ctx, usermail.Kind(r.text("kind")), r.text("username"))
		if err != nil {
			return nil, err
		}
		return &response{body: mailPreview{To: m.To, ToName: m.ToName, Subject: m.Subject, Text: m.Text, HTML: m.HTML}}, nil
	})
}

func exampleLink(path string) userLink {
	const secret = "example-of-a-token-of-a-link-example-exampl"
	return userLink{
		UserID: exampleUser().ID, Username: "jane.roe", Secret: secret, URL: "https://pbx.example.com" + path + secret,
		ExpiresAt: time.Date(2026, 2, 7, 9, 0, 0, 0, time.UTC),
	}
}

func exampleDelivery() *userman.Delivery {
	return &userman.Delivery{
		Username: "jane.roe", Status: userman.DeliverySent, Message: "mail accepted by the server",
		ExpiresAt: time.Date(2026, 2, 7, 9, 0, 0, 0, time.UTC),
	}
}

func exampleMailPreview() mailPreview {
	return mailPreview{
		To: "jane.roe@example.com", ToName: "Jane Roe", Subject: "Set a new password for pbxusers",
		Text: "Hello Jane Roe,\n\nOpen this link to set a new password: https://pbx.example.com" + userman.SetPasswordPath + "preview\n",
		HTML: "<!DOCTYPE html><html lang=\"en\"><body><p>Hello Jane Roe,</p></body></html>",
	}
}
