package userman

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

const (
	// maxUndelivered bounds what is told of single people.
	maxUndelivered = 1000
	// maxConsecutiveFailures is after how many mails that failed one after the other the
	// mail server is left alone.
	maxConsecutiveFailures = 5
	// welcomePageSize is how many people are read at once.
	welcomePageSize = 200
)

// WelcomeProgress tells how far [Service.SendPendingWelcomes] is.
type WelcomeProgress struct {
	// Done of Total people were seen to.
	Done  int `json:"done"`
	Total int `json:"total"`
	// Last is what came of the last one.
	Last Delivery `json:"last"`
}

// WelcomeReport is what came of [Service.SendPendingWelcomes].
type WelcomeReport struct {
	Counts map[DeliveryStatus]int `json:"counts"`
	// Undelivered are the first 1000 that were not delivered.
	Undelivered []Delivery `json:"undelivered"`
	// Remaining is how many were left when it stopped early: nobody tried them.
	Remaining int `json:"remaining"`
}

// SendPendingWelcomes sends the welcome mail to everybody enabled who has not been
// sent one and does not have a password. It may be run again, also after it was
// killed and while another one runs: nobody who was welcomed is sent a second
// mail. Whoever was being sent one when it was killed is skipped for 10 minutes
// by others.
//
// It goes on after single failures, and stops when the mailer is not
// configured, when five mails in a row failed, and with ctx, whose error it
// returns with the report of what was done. progress may be nil.
func (s *Service) SendPendingWelcomes(ctx context.Context, progress func(WelcomeProgress)) (*WelcomeReport, error) {
	run := &welcomeRun{service: s, progress: progress, report: WelcomeReport{
		Counts: make(map[DeliveryStatus]int), Undelivered: []Delivery{},
	}}
	err := s.eachUnwelcomed(ctx, func(*User) error {
		run.total++
		return nil
	})
	if err == nil {
		err = s.eachUnwelcomed(ctx, func(u *User) error { return run.welcome(ctx, u) })
	}
	run.report.Remaining = max(run.total-run.done, 0)
	if errors.Is(err, errStopped) {
		err = nil
	}
	return &run.report, err
}

// errStopped ends a run early that did not fail.
var errStopped = errors.New("stopped")

// welcomeRun is one run of SendWelcomes.
type welcomeRun struct {
	service     *Service
	progress    func(WelcomeProgress)
	report      WelcomeReport
	done, total int
	// consecutiveFailures is how many failed in a row.
	consecutiveFailures int
}

// eachUnwelcomed calls visit for those who are to be welcomed, and stops at the first
// error. Those who come or go meanwhile may or may not be among them.
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

// welcome sees to one person.
func (w *welcomeRun) welcome(ctx context.Context, u *User) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m := w.service.newDeliveryJob(usermail.Welcome)
	m.onlyNew = true
	d, err := m.run(ctx, u.ID)
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrForbidden) {
		d, err = newDelivery(u, DeliverySkipped, "the person was deleted, or moved out of reach, meanwhile"), nil
	}
	if d != nil {
		w.recordDelivery(d)
	}
	switch {
	case err != nil:
		return err
	case d.Status == DeliveryNotConfigured || w.consecutiveFailures == maxConsecutiveFailures:
		return errStopped
	}
	return nil
}

// recordDelivery notes what came of one person, and tells it.
func (w *welcomeRun) recordDelivery(d *Delivery) {
	w.done++
	w.total = max(w.total, w.done)
	w.report.Counts[d.Status]++
	if d.Status != DeliverySent && len(w.report.Undelivered) < maxUndelivered {
		w.report.Undelivered = append(w.report.Undelivered, *d)
	}
	if w.consecutiveFailures++; d.Status != DeliveryFailed {
		w.consecutiveFailures = 0
	}
	if w.progress != nil {
		w.progress(WelcomeProgress{Done: w.done, Total: w.total, Last: *d})
	}
}
