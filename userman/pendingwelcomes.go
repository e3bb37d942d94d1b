package userman

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

const (
	// maxUndelivered is the number of undelivered mails in a report.
	maxUndelivered = 1000
	// maxConsecutiveFaults is the number of faults of the mail server in a row after
	// which a run makes no further attempts.
	maxConsecutiveFaults = 5
	// welcomePageSize is the number of users read at once.
	welcomePageSize = 200
)

// WelcomeProgress is the progress of [MailService.SendPendingWelcomes].
type WelcomeProgress struct {
	// Done is the number of processed users, out of Total.
	Done  int `json:"done"`
	Total int `json:"total"`
	// Last is the latest result.
	Last Delivery `json:"last"`
}

// WelcomeReport is the result of [MailService.SendPendingWelcomes].
type WelcomeReport struct {
	Counts map[DeliveryStatus]int `json:"counts"`
	// Undelivered are the first 1000 mails that were not delivered.
	Undelivered []Delivery `json:"undelivered"`
	// Remaining is the number of users that a stopped run did not process.
	Remaining int `json:"remaining"`
}

// SendPendingWelcomes sends the welcome mail to every enabled user who has no password
// and has not received this mail. You can call it again, even after the process was
// killed or while another run is active. No user receives a second mail. If the process
// is killed while it sends a mail, later runs skip this user for 10 minutes.
//
// A single failure does not stop the run, nor does a server that defers mails. After
// five connection failures in a row, or if the mail server rejects the settings, the
// other mails wait without an attempt, see [MailService.Run]. The run stops if the
// mailer is not configured. It also stops when ctx ends. Then SendPendingWelcomes
// returns the error of ctx together with the report so far. progress may be nil.
func (ms *MailService) SendPendingWelcomes(ctx context.Context, progress func(WelcomeProgress)) (*WelcomeReport, error) {
	run := &welcomeRun{service: ms.s, progress: progress, report: WelcomeReport{
		Counts: make(map[DeliveryStatus]int), Undelivered: []Delivery{},
	}}
	err := ms.s.eachUnwelcomed(ctx, func(*User) error {
		run.total++
		return nil
	})
	if err == nil {
		err = ms.s.eachUnwelcomed(ctx, func(u *User) error { return run.welcome(ctx, u) })
	}
	run.report.Remaining = max(run.total-run.done, 0)
	if errors.Is(err, errStopped) {
		err = nil
	}
	return &run.report, err
}

// errStopped ends a run early without an error.
var errStopped = errors.New("stopped")

// welcomeRun is one run of SendPendingWelcomes.
type welcomeRun struct {
	service     *Service
	progress    func(WelcomeProgress)
	report      WelcomeReport
	done, total int
	// consecutiveFaults counts the faults of the mail server in a row.
	consecutiveFaults int
	// queueOnly reports that the other mails wait without an attempt.
	queueOnly bool
}

// eachUnwelcomed calls visit for the users to welcome and stops at the first error.
// Users who change during the run may or may not be visited.
func (s *Service) eachUnwelcomed(ctx context.Context, visit func(u *User) error) error {
	q := Query{Status: StatusEnabled, NotWelcomed: true, PageRequest: store.PageRequest{Limit: welcomePageSize}}
	for {
		page, err := s.List(ctx, q)
		if err != nil {
			return err
		}
		for _, u := range page.Items {
			if u.HasPassword {
				continue
			}
			if err := visit(u); err != nil {
				return err
			}
		}
		if q.After = page.Next; q.After == "" {
			return nil
		}
	}
}

// welcome processes one user.
func (w *welcomeRun) welcome(ctx context.Context, u *User) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m := w.service.newDeliveryJob(usermail.Welcome)
	m.onlyNew, m.queueOnly = true, w.queueOnly
	d, err := m.run(ctx, u.ID)
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrForbidden) {
		d, err = newDelivery(u, DeliverySkipped, "the user was deleted or moved out of your scope during the run"), nil
	}
	if d != nil {
		w.recordDelivery(d)
	}
	if err == nil && d.Status == DeliveryNotConfigured {
		return errStopped
	}
	return err
}

// recordDelivery adds the result for one user to the report and calls progress.
func (w *welcomeRun) recordDelivery(d *Delivery) {
	w.done++
	w.total = max(w.total, w.done)
	w.report.Counts[d.Status]++
	if d.Status != DeliverySent && len(w.report.Undelivered) < maxUndelivered {
		w.report.Undelivered = append(w.report.Undelivered, *d)
	}
	if w.consecutiveFaults++; !d.fault {
		w.consecutiveFaults = 0
	}
	w.queueOnly = w.queueOnly || w.consecutiveFaults == maxConsecutiveFaults || w.service.mailFault() != nil
	if w.progress != nil {
		w.progress(WelcomeProgress{Done: w.done, Total: w.total, Last: *d})
	}
}
