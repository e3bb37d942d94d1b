package userman

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/store"
)

const (
	// maxUndelivered bounds what is told of single people.
	maxUndelivered = 1000
	// failedInARow is after how many mails that failed one after the other the
	// mail server is left alone.
	failedInARow = 5
	// welcomesAtOnce is how many people are read at once.
	welcomesAtOnce = 200
)

// WelcomeProgress tells how far [Service.SendWelcomes] is.
type WelcomeProgress struct {
	// Done of Total people were seen to.
	Done  int `json:"done"`
	Total int `json:"total"`
	// Last is what came of the last one.
	Last Delivery `json:"last"`
}

// WelcomeReport is what came of [Service.SendWelcomes].
type WelcomeReport struct {
	Counts map[DeliveryStatus]int `json:"counts"`
	// Undelivered are the first 1000 that were not delivered.
	Undelivered []Delivery `json:"undelivered"`
	// Left is how many were left when it stopped early: nobody tried them.
	Left int `json:"left"`
}

// SendWelcomes sends the welcome mail to everybody enabled who has not been
// sent one and does not have a password. It may be run again, also after it was
// killed and while another one runs: nobody who was welcomed is sent a second
// mail. Whoever was being sent one when it was killed is skipped for 10 minutes
// by others.
//
// It goes on after single failures, and stops when the mailer is not
// configured, when five mails in a row failed, and with ctx, whose error it
// returns with the report of what was done. progress may be nil.
func (s *Service) SendWelcomes(ctx context.Context, progress func(WelcomeProgress)) (*WelcomeReport, error) {
	run := &welcomes{service: s, progress: progress, report: WelcomeReport{
		Counts: make(map[DeliveryStatus]int), Undelivered: []Delivery{},
	}}
	err := s.eachNew(ctx, func(*User) error {
		run.total++
		return nil
	})
	if err == nil {
		err = s.eachNew(ctx, func(u *User) error { return run.welcome(ctx, u) })
	}
	run.report.Left = max(run.total-run.done, 0)
	if errors.Is(err, errStopped) {
		err = nil
	}
	return &run.report, err
}

// errStopped ends a run early that did not fail.
var errStopped = errors.New("stopped")

// welcomes is one run of SendWelcomes.
type welcomes struct {
	service     *Service
	progress    func(WelcomeProgress)
	report      WelcomeReport
	done, total int
	// failed is how many failed in a row.
	failed int
}

// eachNew calls visit for those who are to be welcomed, and stops at the first
// error. Those who come or go meanwhile may or may not be among them.
func (s *Service) eachNew(ctx context.Context, visit func(u *User) error) error {
	q := Query{Status: Enabled, NotWelcomed: true, Page: store.Page{Limit: welcomesAtOnce}}
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
func (w *welcomes) welcome(ctx context.Context, u *User) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m := w.service.newMailing(WelcomeMail)
	m.fresh = true
	d, err := m.run(ctx, u.ID)
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrForbidden) {
		d, err = said(u, Skipped, "the person was deleted, or moved out of reach, meanwhile"), nil
	}
	if d != nil {
		w.count(d)
	}
	switch {
	case err != nil:
		return err
	case d.Status == NotConfigured || w.failed == failedInARow:
		return errStopped
	}
	return nil
}

// count notes what came of one person, and tells it.
func (w *welcomes) count(d *Delivery) {
	w.done++
	w.total = max(w.total, w.done)
	w.report.Counts[d.Status]++
	if d.Status != Delivered && len(w.report.Undelivered) < maxUndelivered {
		w.report.Undelivered = append(w.report.Undelivered, *d)
	}
	if w.failed++; d.Status != Failed {
		w.failed = 0
	}
	if w.progress != nil {
		w.progress(WelcomeProgress{Done: w.done, Total: w.total, Last: *d})
	}
}
