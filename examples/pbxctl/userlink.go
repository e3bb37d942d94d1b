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
	return a.userLink("invite", "Create a link to set a password and show it once; to mail it, use 'pbxctl user welcome'",
		"The link sets a password once", userman.SetPasswordPath, (*userman.Service).Invite)
}

func (a *cli) userSoftphone() *cobra.Command {
	return a.userLink("softphone", "Create a link to set up a softphone, shown only once",
		"The link sets up a softphone once", userman.ActivationPath, (*userman.Service).InviteSoftphone)
}

// userLink is a command that creates a link for a user.
func (a *cli) userLink(use, short, purpose, path string, act func(*userman.Service, context.Context, string) (*credential.Link, error)) *cobra.Command {
	return a.users().verb(use, short, func(ctx context.Context, s *app.App, username string) error {
		l, err := act(s.Users, ctx, username)
		if err != nil {
			return err
		}
		printed := link{UserID: l.UserID, Username: l.Username, Secret: l.Token.Reveal(), URL: l.URL.Reveal(), ExpiresAt: l.ExpiresAt}
		if err := a.print(printed, printed.text()+linkText(purpose, path, printed.URL, l.ExpiresAt)+"\n"); err != nil {
			return app.WithHint(err, "The link is lost. Run 'pbxctl user "+use+" USERNAME' for a new one.")
		}
		return nil
	})
}

// linkText says what a link is for, and where its page is if its URL is unknown.
func linkText(purpose, path, url string, expires time.Time) string {
	text := purpose + ", until " + localTime(expires) + "."
	if url == "" {
		text += " Its URL is the address of the server, " + path + " and the secret; set --base-url to print it."
	}
	return text
}

// link is a link of a user as it is printed.
type link struct {
	UserID    string    `json:"user_id"`
	Username  string    `json:"username"`
	Secret    string    `json:"secret"`
	URL       string    `json:"url,omitempty"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (l link) text() string {
	rows := [][]any{{"username", l.Username}, {"secret", l.Secret + shownOnce}}
	if l.URL != "" {
		rows = append(rows, []any{"url", l.URL})
	}
	return tableText(append(rows, []any{"expires_at", l.ExpiresAt}))
}
