package api

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

func (a *api) registerUserActions(g operationGroup) {
	for _, act := range []struct {
		verb, summary string
		do            func(*userman.Service, context.Context, string) (*userman.User, error)
	}{
		{"enable", "Let a person log in again", (*userman.Service).Enable},
		{"disable", "Keep a person from logging in anywhere, and end all sessions", (*userman.Service).Disable},
	} {
		register(g, operation{
			id: act.verb + "User", method: http.MethodPost, path: "/users/{username}/" + act.verb, summary: act.summary,
			errors: []int{http.StatusConflict, http.StatusPreconditionFailed}, response: exampleUser(),
		}, func(ctx context.Context, input *UserTarget) (*userOutput, error) {
			return a.changeUser(ctx, input, act.verb, func(ctx context.Context, users *userman.Service) (shownUser, error) {
				return userResult(act.do(users, ctx, input.Username))
			})
		})
	}
	register(g, operation{
		id: "endUserSessions", method: http.MethodPost, path: "/users/{username}/end-sessions", summary: "End every session of a person",
		status: http.StatusNoContent,
	}, func(ctx context.Context, input *UserPath) (*noOutput, error) {
		return nil, a.users(ctx).EndSessions(ctx, input.Username)
	})
	a.registerUserLinks(g)
	a.registerUserMails(g)
	a.registerMailPreview(g)
}

// personLink is a link of a person, shown this once.
type personLink struct {
	UserID    string    `json:"user_id"`
	Username  string    `json:"username"`
	Secret    string    `json:"secret"`
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (a *api) registerUserLinks(g operationGroup) {
	for _, link := range []struct {
		id, verb, summary, description, path string
		do                                   func(*userman.Service, context.Context, string) (*credential.Link, error)
	}{
		{
			"inviteUser", "invite", "Make a link with which a person can set a password",
			"The link works once, and is shown this once. An earlier one stops to work. POST /users/{username}/welcome mails one instead.",
			userman.SetPasswordPath, (*userman.Service).Invite,
		},
		{
			"inviteSoftphone", "softphone", "Make a link with which a person sets up a softphone",
			"The link works once, and is shown this once. An earlier one stops to work. The person needs a default extension that is PJSIP.",
			userman.ActivationPath, (*userman.Service).InviteSoftphone,
		},
	} {
		register(g, operation{
			id: link.id, method: http.MethodPost, path: "/users/{username}/" + link.verb, summary: link.summary, description: link.description,
			status: http.StatusCreated, errors: []int{http.StatusConflict}, response: exampleLink(link.path),
		}, func(ctx context.Context, input *UserPath) (*struct{ Body personLink }, error) {
			created, err := link.do(a.users(ctx), ctx, input.Username)
			if err != nil {
				return nil, err
			}
			secret := created.Token.Reveal()
			return &struct{ Body personLink }{personLink{
				UserID: created.UserID, Username: created.Username, Secret: secret,
				URL: cmp.Or(created.URL.Reveal(), a.baseURL+link.path+secret), ExpiresAt: created.ExpiresAt,
			}}, nil
		})
	}
}

type deliveryOutput struct{ Body *userman.Delivery }

func (a *api) registerUserMails(g operationGroup) {
	for _, mail := range []struct {
		id, verb, summary, description string
		do                             func(*userman.Service, context.Context, string) (*userman.Delivery, error)
	}{
		{
			"sendWelcomeMail", "welcome", "Send a person the welcome mail",
			"It holds a link with which the password is set, and what the person needs to begin. It may be sent again to somebody who has lost it.",
			(*userman.Service).SendWelcome,
		},
		{
			"sendResetMail", "reset", "Send a person a mail with a link to set a forgotten password anew",
			"An earlier link stops to work.", (*userman.Service).SendReset,
		},
	} {
		register(g, operation{
			id: mail.id, method: http.MethodPost, path: "/users/{username}/" + mail.verb, summary: mail.summary,
			description: mail.description + " The status says what came of it, also when nothing was delivered.",
			errors:      []int{http.StatusConflict}, response: exampleDelivery(),
		}, func(ctx context.Context, input *UserPath) (*deliveryOutput, error) {
			delivery, err := mail.do(a.users(ctx), ctx, input.Username)
			if err != nil {
				return nil, err
			}
			return &deliveryOutput{delivery}, nil
		})
	}
}

func exampleLink(path string) personLink {
	const secret = "example-of-a-token-of-a-link-example-exampl"
	return personLink{
		UserID: exampleUser().ID, Username: "jane.roe", Secret: secret, URL: "https://pbx.example.com" + path + secret,
		ExpiresAt: time.Date(2026, 2, 7, 9, 0, 0, 0, time.UTC),
	}
}

func exampleDelivery() userman.Delivery {
	return userman.Delivery{
		Username: "jane.roe", Status: userman.DeliverySent, Message: "the mail server has taken the mail",
		ExpiresAt: time.Date(2026, 2, 7, 9, 0, 0, 0, time.UTC),
	}
}
