package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

func (a *cli) userInvite() *cobra.Command {
	return a.userLink("invite", "Create a link to set a password, shown only once; 'pbxctl user welcome' mails one",
		"The link sets a password once", userman.SetPasswordPath, (*userman.Service).Invite)
}

func (a *cli) userSoftphone() *cobra.Command {
	return a.userLink("softphone", "Create a link to set up a softphone, shown only once",
		"The link sets up a softphone once", userman.ActivationPath, (*userman.Service).InviteSoftphone)
}

// userLink is a command that creates a link for a user.
func (a *cli) userLink(use, short, purpose, path string, act func(*userman.Service, context.Context, string) (*credential.Link, error)) *cobra.Command {
	return a.users().one(use, short, func(ctx context.Context, s *app.App, username string) error {
		l, err := act(s.Users, ctx, username)
		if err != nil {
			return err
		}
		v := linkView{UserID: l.UserID, Username: l.Username, Secret: l.Token.Reveal(), URL: l.URL.Reveal(), ExpiresAt: l.ExpiresAt, command: "pbxctl user " + use}
		return a.printView(v, linkText(purpose, path, v.URL, v.ExpiresAt))
	})
}

// linkText says what a link is for, and where its page is if url is unknown.
func linkText(purpose, path, url string, expires time.Time) string {
	text := purpose + ", until " + localTime(expires) + "."
	if url == "" {
		text += " Its URL is the address of the server, " + path + " and the secret; set --base-url to print it."
	}
	return text
}

// linkView is a link as it is printed.
type linkView struct {
	UserID    string    `json:"user_id"`
	Username  string    `json:"username"`
	Secret    string    `json:"secret"`
	URL       string    `json:"url,omitempty"`
	ExpiresAt time.Time `json:"expires_at"`

	command string
}

func (v linkView) rows() [][]any {
	rows := [][]any{{"username", v.Username}, {"secret", v.Secret + shownOnce}}
	if v.URL != "" {
		rows = append(rows, []any{"url", v.URL})
	}
	return append(rows, []any{"expires_at", v.ExpiresAt})
}

func (v linkView) notes() []string { return nil }
func (v linkView) lostHint() string {
	return "The link is lost. Run '" + v.command + " USERNAME' for a new one."
}
