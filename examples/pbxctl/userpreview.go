package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

func (a *cli) userPreview() *cobra.Command {
	var kind string
	const short = "Show the mail that 'pbxctl user welcome', or 'reset', would send; its links do nothing"
	cmd := a.recordCommand("preview USERNAME", short, a.completeUsers, func(ctx context.Context, s *app.App, username string) error {
		message, err := s.Users.PreviewMail(ctx, usermail.Kind(kind), username)
		if err != nil {
			return err
		}
		m := mail{To: message.To, ToName: message.ToName, Subject: message.Subject, Text: message.Text, HTML: message.HTML}
		return a.print(m, m.text)
	})
	cmd.Flags().StringVar(&kind, "kind", string(usermail.Welcome), "`KIND` of the mail: welcome or reset")
	_ = cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(
		[]string{string(usermail.Welcome), string(usermail.Reset)}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// mail is one as it is printed.
type mail struct {
	To      string `json:"to"`
	ToName  string `json:"to_name"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html"`
}

// text is the mail as people read it who are shown no HTML.
func (m mail) text() string {
	return fmt.Sprintf("To: %s <%s>\nSubject: %s\n\n%s", cell(m.ToName), cell(m.To), cell(m.Subject), m.Text)
}
