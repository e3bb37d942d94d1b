package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/mailqueue"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

func (a *cli) userWelcome() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "welcome [USERNAME]",
		Short: "Mail a user a link to set a password and get started",
		Long: "Mail a user a link to set a password and get started.\n" +
			"--all mails every enabled user who has no password and was never sent this mail. If it is interrupted, run it again:\n" +
			"no user is mailed twice. The server tries deferred mails again. Set --smtp, --smtp-from and --base-url, preferably in the settings file.",
		Example:           "  pbxctl user welcome jane.roe\n  pbxctl user welcome --all",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: a.users().complete,
		PreRunE: func(_ *cobra.Command, args []string) error {
			if all == (len(args) == 1) {
				return errors.New("give either a username or --all")
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "mail all new users")
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		if all {
			return a.welcomeAll(cmd.Context(), s)
		}
		return a.sendMail(cmd.Context(), s, args[0], usermail.Welcome)
	})
	return cmd
}

func (a *cli) userReset() *cobra.Command {
	return a.users().verb("reset", "Mail a user a link to reset a forgotten password", func(ctx context.Context, s *app.App, username string) error {
		return a.sendMail(ctx, s, username, usermail.Reset)
	})
}

// sendMail sends a mail to one user, and fails if it is neither sent nor waiting.
func (a *cli) sendMail(ctx context.Context, s *app.App, username string, kind usermail.Kind) error {
	delivery, err := s.Users.Mails().Send(ctx, kind, username)
	if err != nil {
		return err
	}
	switch delivery.Status {
	case userman.DeliverySent:
	case userman.DeliveryDeferred:
		return a.print(delivery, "Not sent yet: "+delivery.Message+".\nThe server tries again"+atTime(delivery.NextAttemptAt)+".\n")
	default:
		if a.json {
			err = a.print(delivery, "")
		}
		return errors.Join(err, fmt.Errorf("no mail was sent (%s): %s", delivery.Status, delivery.Message))
	}
	text := "Sent: " + delivery.Message + ".\n"
	if !delivery.ExpiresAt.IsZero() {
		text += "The link in the mail expires at " + localTime(delivery.ExpiresAt) + ".\n"
	}
	return a.print(delivery, text)
}

// atTime returns the time of the next attempt; empty without one.
func atTime(t time.Time) string {
	if t.IsZero() {
		return " when the mail server accepts mails"
	}
	return " at " + localTime(t)
}

// welcomeAll mails all new users, and fails if one was left out who can be mailed
// in another run or with other settings.
func (a *cli) welcomeAll(ctx context.Context, s *app.App) error {
	report, err := s.Users.Mails().SendPendingWelcomes(ctx, func(p userman.WelcomeProgress) {
		a.printProgress(fmt.Sprintf("%d of %d: %s: %s\n", p.Done, p.Total, cell(p.Last.Username), p.Last.Message))
	})
	if report != nil {
		err = errors.Join(err, a.print(report, welcomesText(report)))
	}
	if err != nil {
		return err
	}
	if failed := report.Remaining + report.Counts[userman.DeliveryFailed] + report.Counts[userman.DeliveryRejected] + report.Counts[userman.DeliveryNotConfigured]; failed > 0 {
		return fmt.Errorf("%d mails were not sent; fix the reported problems and run the command again", failed)
	}
	return nil
}

func welcomesText(r *userman.WelcomeReport) string {
	if len(r.Counts) == 0 {
		return "No new users: all were sent the mail or have a password.\n"
	}
	counts := make([]string, 0, len(r.Counts))
	for _, status := range slices.Sorted(maps.Keys(r.Counts)) {
		counts = append(counts, fmt.Sprintf("%s: %d", strings.ReplaceAll(string(status), "_", " "), r.Counts[status]))
	}
	text := strings.Join(counts, ", ") + ".\n"
	if r.Remaining > 0 {
		text += fmt.Sprintf("Stopped early: %d users were not tried.\n", r.Remaining)
	}
	return text
}

func (a *cli) userMail() *cobra.Command {
	parent := newNoun("mail", "Show the mails to users")
	var kind string
	cmd := a.users().verb("preview", "Show a mail as 'pbxctl user welcome' or 'reset' would send it; its links do not work",
		func(ctx context.Context, s *app.App, username string) error {
			message, err := s.Users.Mails().Preview(ctx, usermail.Kind(kind), username)
			return printResult(a, message, err, func(m *usermail.Mail) string {
				return fmt.Sprintf("To: %s <%s>\nSubject: %s\n\n%s", cell(m.ToName), cell(m.To), cell(m.Subject), m.Text)
			})
		})
	cmd.Flags().StringVar(&kind, "kind", string(usermail.Welcome), "`KIND` of mail: welcome or reset")
	completeWords(cmd, "kind", string(usermail.Welcome), string(usermail.Reset))
	parent.AddCommand(cmd, a.users().verb("list", "List the last mail of each kind to a user, and when it is tried again",
		func(ctx context.Context, s *app.App, username string) error {
			mails, err := s.Users.Mails().List(ctx, username)
			return printResult(a, mails, err, mailsText)
		}))
	return parent
}

func mailsText(mails []*mailqueue.Mail) string {
	var text strings.Builder
	for _, mail := range mails {
		fmt.Fprintf(&text, "%s: %s since %s: %s\n", mail.Kind, mail.Status, localTime(mail.UpdatedAt), cell(mail.Message))
		if !mail.NextAttemptAt.IsZero() {
			fmt.Fprintf(&text, "  next attempt at %s\n", localTime(mail.NextAttemptAt))
		}
	}
	if text.Len() == 0 {
		return "No mails were sent to this user.\n"
	}
	return text.String()
}
