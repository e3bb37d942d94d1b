package web

import (
	"context"
	"errors"
	"slices"

	"github.com/pbxusers/pbxusers/examples/server/jobs"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// welcomeAllPage is the page /users/welcome.
type welcomeAllPage struct {
	Job *jobPage
	// New are how many people are new; Many says that there are more.
	New  int
	Many bool
	// Missing says what is missing to send mails; empty when nothing is.
	Missing string
	Counts  []deliveryCount
	// Undelivered are those whose mail did not arrive. Hidden says that they
	// are not shown: they may be out of the visitor's reach.
	Undelivered []undelivered
	Hidden      bool
}

// deliveryCount is how many mails came to the same.
type deliveryCount struct {
	Count int
	Text  string
}

// undelivered is somebody whose mail did not arrive.
type undelivered struct {
	userman.Delivery

	Href string
}

// maxUndelivered bounds the people that the page names.
const maxUndelivered = 200

func (u *userPages) welcomeAll(ctx context.Context, r *request) (response, error) {
	const path = "/users/welcome"
	state := u.jobs.State(jobs.KindWelcome, "")
	if answer := pollJob(r, state); answer != nil {
		return answer, nil
	}
	body := welcomeAllPage{Job: newJobPage(state, path, jobTitles{"Sending welcome emails", "Sending welcome emails failed", "Welcome emails sent"})}
	if mail := u.site.MailStatus(); !mail.Configured {
		body.Missing = mail.Missing
	}
	var err error
	if body.New, body.Many, err = u.countUnwelcomed(ctx); err != nil {
		return nil, err
	}
	if state != nil && state.Welcome != nil {
		body.Counts = deliveryCounts(state.Welcome.Counts)
		body.Hidden = !u.isUnrestricted(ctx) && state.Actor != r.admin.Username
		if !body.Hidden {
			body.Undelivered = undeliveredOf(state.Welcome.Undelivered)
		}
	}
	return page{Name: "welcomeall", Title: "Send welcome emails", Header: jobHeader(r, state), Body: body}, nil
}

// countUnwelcomed returns how many people are to be welcomed; many says that there may
// be more.
func (u *userPages) countUnwelcomed(ctx context.Context) (count int, many bool, err error) {
	list, err := u.users(ctx).List(ctx, userman.Query{
		Status: userman.StatusEnabled, NotWelcomed: true, PageRequest: store.PageRequest{Limit: store.MaxPageLimit},
	})
	if err != nil {
		return 0, false, err
	}
	for _, one := range list.Items {
		if !one.HasPassword {
			count++
		}
	}
	return count, list.Next != "", nil
}

func (u *userPages) startWelcomeAll(ctx context.Context, _ *request) (response, error) {
	const path = "/users/welcome"
	_, err := u.jobs.StartWelcome(ctx, u.users(ctx))
	if errors.Is(err, store.ErrConflict) {
		return redirect{Path: path, Warning: sentence(err.Error())}, nil
	}
	return redirect{Path: path}, err
}

func deliveryCounts(counts map[userman.DeliveryStatus]int) []deliveryCount {
	var all []deliveryCount
	for _, status := range []userman.DeliveryStatus{
		userman.DeliverySent, userman.DeliveryNoAddress, userman.DeliveryNotConfigured, userman.DeliveryRejected, userman.DeliveryFailed, userman.DeliverySkipped,
	} {
		if counts[status] > 0 {
			all = append(all, deliveryCount{counts[status], deliveryText(status)})
		}
	}
	return all
}

// deliveryText say what came of a mail.
func deliveryText(status userman.DeliveryStatus) string {
	words, ok := map[userman.DeliveryStatus]string{
		userman.DeliverySent:          "sent",
		userman.DeliveryNoAddress:     "without an email address",
		userman.DeliveryNotConfigured: "not sent because mail is not configured",
		userman.DeliveryRejected:      "rejected by the mail server",
		userman.DeliveryFailed:        "failed; try again",
		userman.DeliverySkipped:       "skipped",
	}[status]
	if !ok {
		return string(status)
	}
	return words
}

func undeliveredOf(deliveries []userman.Delivery) []undelivered {
	deliveries = slices.Clone(deliveries[:min(len(deliveries), maxUndelivered)])
	all := make([]undelivered, len(deliveries))
	for i, d := range deliveries {
		all[i] = undelivered{d, userPath(d.Username)}
	}
	return all
}
