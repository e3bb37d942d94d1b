package web

import (
	"errors"
	"slices"

	"github.com/pbxusers/pbxusers/examples/server/jobs"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// welcomeAllPage is the page /people/welcome.
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
	Words string
}

// undelivered is somebody whose mail did not arrive.
type undelivered struct {
	userman.Delivery

	Href string
}

// maxUndelivered bounds the people that the page names.
const maxUndelivered = 200

func (v *visit) welcomeAll() error {
	const path = "/people/welcome"
	state := v.jobs.State(jobs.Welcome, "")
	if v.watched(state) {
		return nil
	}
	page := welcomeAllPage{Job: newJobPage(state, path, jobTitles{"Sending welcome mails", "Sending welcome mails failed", "Welcome mails are sent"})}
	if mail := v.site.Mail(); !mail.Configured {
		page.Missing = mail.Missing
	}
	var err error
	if page.New, page.Many, err = v.countNew(); err != nil {
		return err
	}
	if state != nil && state.Welcome != nil {
		page.Counts = deliveryCounts(state.Welcome.Counts)
		page.Hidden = !v.reachesEverybody() && state.Actor != v.visitor.Username
		if !page.Hidden {
			page.Undelivered = undeliveredOf(state.Welcome.Undelivered)
		}
	}
	return v.show("welcomeall", "Welcome mail to all new", page)
}

// countNew returns how many people are to be welcomed; many says that there may
// be more.
func (v *visit) countNew() (count int, many bool, err error) {
	list, err := v.people().List(v.r.Context(), userman.Query{
		Status: userman.Enabled, NotWelcomed: true, Page: store.Page{Limit: store.MaxPageLimit},
	})
	if err != nil {
		return 0, false, err
	}
	for _, u := range list.Items {
		if !u.HasPassword {
			count++
		}
	}
	return count, list.Next != "", nil
}

func (v *visit) welcomeAllStart() error {
	const path = "/people/welcome"
	_, err := v.jobs.StartWelcome(v.r.Context(), v.people())
	if errors.Is(err, store.ErrConflict) {
		return v.warn(path, sentence(err.Error()))
	}
	if err != nil {
		return err
	}
	return v.redirect(path)
}

func deliveryCounts(counts map[userman.DeliveryStatus]int) []deliveryCount {
	var all []deliveryCount
	for _, status := range []userman.DeliveryStatus{
		userman.Delivered, userman.NoAddress, userman.NotConfigured, userman.Refused, userman.Failed, userman.Skipped,
	} {
		if counts[status] > 0 {
			all = append(all, deliveryCount{counts[status], deliveryWords(status)})
		}
	}
	return all
}

// deliveryWords say what came of a mail.
func deliveryWords(status userman.DeliveryStatus) string {
	words, ok := map[userman.DeliveryStatus]string{
		userman.Delivered:     "taken by the mail server",
		userman.NoAddress:     "without an email address",
		userman.NotConfigured: "not sent, because mail is not set up",
		userman.Refused:       "refused by the mail server",
		userman.Failed:        "failed; try these again",
		userman.Skipped:       "skipped",
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
		all[i] = undelivered{d, personPath(d.Username)}
	}
	return all
}
