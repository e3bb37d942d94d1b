package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

func (a *cli) userInvite() *cobra.Command {
	return a.userLink("invite", "Make a link to set a password with, shown this once; 'pbxctl user welcome' mails one",
		"The link sets a password once", userman.SetPasswordPath, (*userman.Service).Invite)
}

func (a *cli) userSoftphone() *cobra.Command {
	return a.userLink("softphone", "Make a link to set up a softphone with, shown this once",
		"The link sets up a softphone once", userman.ActivationPath, (*userman.Service).InviteSoftphone)
}

// userLink is a command that makes a link for a person.
func (a *cli) userLink(use, short, footer, path string, act func(*userman.Service, context.Context, string) (*credential.Link, error)) *cobra.Command {
	return a.recordCommand(use+" USERNAME", short, a.completeUsers, func(ctx context.Context, s *app.App, username string) error {
		created, err := act(s.Users, ctx, username)
		if err != nil {
			return err
		}
		footer := footer + ", until " + localTime(created.ExpiresAt) + "."
		if created.URL.IsZero() {
			footer += " It is " + path + " and the secret, below the address of the server; with --base-url it is shown whole."
		}
		return a.printLink(newLink(created), footer, "pbxctl user "+use)
	})
}

// link is one as it is printed.
type link struct {
	UserID    string    `json:"user_id"`
	Username  string    `json:"username"`
	Secret    string    `json:"secret"`
	URL       string    `json:"url,omitempty"`
	ExpiresAt time.Time `json:"expires_at"`
}

func newLink(l *credential.Link) link {
	return link{UserID: l.UserID, Username: l.Username, Secret: l.Token.Reveal(), URL: l.URL.Reveal(), ExpiresAt: l.ExpiresAt}
}

// printLink prints a link; again makes another one.
func (a *cli) printLink(shown link, footer, retryCommand string) error {
	err := a.print(shown, func() string {
		var b strings.Builder
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		row := func(label, value string) { _, _ = fmt.Fprintf(w, "%s\t%s\n", label, cell(value)) }
		row("username", shown.Username)
		row("secret", shown.Secret+"   (shown this once)")
		if shown.URL != "" {
			row("url", shown.URL)
		}
		row("expires_at", localTime(shown.ExpiresAt))
		_ = w.Flush()
		return b.String() + footer + "\n"
	})
	if err != nil {
		return app.WithHint(err, "Nobody knows the link: '"+retryCommand+" USERNAME' makes another one.")
	}
	return nil
}
