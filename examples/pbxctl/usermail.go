package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/userman"
)

func (a *cli) userWelcome() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "welcome [USERNAME]",
		Short: "Mail a person a link to set a password with, and what is needed to begin",
		Long: "Mail a person a link to set a password with, and what is needed to begin.\n" +
			"With --all the mail goes to everybody enabled who was never sent one and has no password. It can be run again at any time,\n" +
			"also after it was stopped: nobody is sent a second one. Needs --smtp, --smtp-from and --base-url, best in the file of settings.",
		Example:           "  pbxctl user welcome jane.roe\n  pbxctl user welcome --all",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: a.completeUsers,
	}
	cmd.Flags().BoolVar(&all, "all", false, "mail everybody new")
	// Before the work begins, so that it is a mistake in the command line.
	cmd.PreRunE = func(_ *cobra.Command, args []string) error {
		if all == (len(args) == 1) {
			return errors.New("name one person, or say --all")
		}
		return nil
	}
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		if all {
			return a.welcomeAll(cmd.Context(), s)
		}
		return a.sendMail(cmd.Context(), s, args[0], (*userman.Service).SendWelcome)
	})
	return cmd
}

func (a *cli) userReset() *cobra.Command {
	const short = "Mail a person a link to set a forgotten password anew"
	return a.recordCommand("reset USERNAME", short, a.completeUsers, func(ctx context.Context, s *app.App, username string) error {
		return a.sendMail(ctx, s, username, (*userman.Service).SendReset)
	})
}

// sendMail sends a mail to one person, and fails when it was not delivered.
func (a *cli) sendMail(ctx context.Context, s *app.App, username string, send func(*userman.Service, context.Context, string) (*userman.Delivery, error)) error {
	delivery, err := send(s.Users, ctx, username)
	if err != nil {
		return err
	}
	if delivery.Status != userman.DeliverySent {
		if a.json {
			err = a.print(delivery, nil)
		}
		return errors.Join(err, fmt.Errorf("no mail was sent (%s): %s", delivery.Status, delivery.Message))
	}
	return a.print(delivery, func() string {
		text := "Sent: " + delivery.Message + ".\n"
		if !delivery.ExpiresAt.IsZero() {
			text += "The link in it works until " + localTime(delivery.ExpiresAt) + ".\n"
		}
		return text
	})
}

// welcomeAll mails everybody new, and fails when somebody was left out whom
// another try, or another setting, would reach.
func (a *cli) welcomeAll(ctx context.Context, s *app.App) error {
	report, err := s.Users.SendPendingWelcomes(ctx, func(p userman.WelcomeProgress) {
		a.printProgress(fmt.Sprintf("%d of %d: %s: %s\n", p.Done, p.Total, cell(p.Last.Username), p.Last.Message))
	})
	if report != nil {
		err = errors.Join(err, a.print(report, func() string { return welcomesText(report) }))
	}
	if err != nil {
		return err
	}
	if failed := report.Remaining + report.Counts[userman.DeliveryFailed] + report.Counts[userman.DeliveryRejected] + report.Counts[userman.DeliveryNotConfigured]; failed > 0 {
		return fmt.Errorf("%d were not sent the mail; mend what is said of them, and run it again", failed)
	}
	return nil
}

func welcomesText(r *userman.WelcomeReport) string {
	if len(r.Counts) == 0 {
		return "Nobody is new: everybody was sent the mail, or has a password.\n"
	}
	counts := make([]string, 0, len(r.Counts))
	for _, status := range slices.Sorted(maps.Keys(r.Counts)) {
		counts = append(counts, fmt.Sprintf("%s: %d", strings.ReplaceAll(string(status), "_", " "), r.Counts[status]))
	}
	text := strings.Join(counts, ", ") + ".\n"
	if r.Remaining > 0 {
		text += fmt.Sprintf("It was stopped early: %d were not tried.\n", r.Remaining)
	}
	return text
}
