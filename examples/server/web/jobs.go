package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/jobs"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// jobRoutes are the pages of what concerns many users and takes a while.
func (u *userPages) jobRoutes() []route {
	const section, directory = app.SectionUsers, "/directories/{directory}"
	return []route{
		get(welcomePath, section, u.welcomeAll), post(welcomePath, section, u.startWelcomeAll),
		get(directory, section, u.forDirectory(u.directorySync)), post(directory, section, u.forDirectory(u.startDirectorySync)),
	}
}

// jobPage is the progress of a job, or the result of the last one.
type jobPage struct {
	*jobs.State

	// Path is the address of the page.
	Path string
	// Heading says how far the job is, and Progress counts what is done.
	Heading, Progress string
}

// newJobPage returns nil when there was no job yet.
func newJobPage(state *jobs.State, path string, titles jobTitles) *jobPage {
	if state == nil {
		return nil
	}
	page := &jobPage{State: state, Path: path, Heading: titles.done, Progress: strconv.Itoa(state.Done) + " done so far"}
	switch {
	case state.Running():
		page.Heading = titles.running
	case state.Problem != "":
		page.Heading = titles.failed
	}
	if state.Total > 0 {
		page.Progress = strconv.Itoa(state.Done) + " of " + strconv.Itoa(state.Total)
	}
	return page
}

// jobTitles are the headings of jobs of one kind.
type jobTitles struct{ running, failed, done string }

// Known is the progress when the page was drawn, for the next request.
func (p jobPage) Known() int { return p.Done }

// pollJob answers htmx, which asks for the progress of a job. It returns nil when
// the page has to be rendered.
func pollJob(r *request, state *jobs.State) response {
	known, err := strconv.Atoi(r.query("known"))
	if r.isHTMX() && state.Running() && err == nil && known == state.Done {
		return noContent()
	}
	return nil
}

// started shows a job that was started; a message if another one runs already.
func started(path string, err error) (response, error) {
	if errors.Is(err, store.ErrConflict) {
		return redirect{Path: path, Warning: sentence(err.Error())}, nil
	}
	return redirect{Path: path}, err
}

// jobHeader has htmx replace the whole part of the page when the job has ended.
func jobHeader(r *request, state *jobs.State) func(http.Header) {
	if !r.isHTMX() || state.Running() {
		return nil
	}
	return func(header http.Header) {
		header.Set("Hx-Retarget", "#job")
		header.Set("Hx-Reselect", "#job")
	}
}

// welcomePath is the page that sends welcome emails.
const welcomePath = "/users/welcome"

// welcomeAllPage is the page [welcomePath].
type welcomeAllPage struct {
	Job *jobPage
	// New counts the users without a welcome email; Many says that there are more.
	New  int
	Many bool
	// Missing says what is missing to send mails; empty when nothing is.
	Missing string
	Counts  []deliveryCount
	// Undelivered are the emails that did not arrive. Hidden says that they are not
	// shown: the users may be outside the scope of the administrator.
	Undelivered []undelivered
	Hidden      bool
}

// deliveryCount counts the mails of one status.
type deliveryCount struct {
	Count int
	Text  string
}

// undelivered is a mail that did not arrive.
type undelivered struct {
	userman.Delivery

	Href string
}

// maxUndelivered bounds the mails that the page shows.
const maxUndelivered = 200

func (u *userPages) welcomeAll(ctx context.Context, r *request) (response, error) {
	state := u.jobs.State(jobs.KindWelcome, "")
	if answer := pollJob(r, state); answer != nil {
		return answer, nil
	}
	body := welcomeAllPage{Job: newJobPage(state, welcomePath, jobTitles{"Sending welcome emails", "Sending welcome emails failed", "Welcome emails sent"})}
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

// countUnwelcomed counts the users to welcome; many says that there may be more.
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
	_, err := u.jobs.StartWelcome(ctx, u.users(ctx))
	return started(welcomePath, err)
}

// deliveryCounts counts the mails of each status.
func deliveryCounts(counts map[userman.DeliveryStatus]int) []deliveryCount {
	var all []deliveryCount
	for _, status := range []struct {
		userman.DeliveryStatus

		text string
	}{
		{userman.DeliverySent, "sent"},
		{userman.DeliveryNoAddress, "without an email address"},
		{userman.DeliveryNotConfigured, "not sent because mail is not configured"},
		{userman.DeliveryRejected, "rejected by the mail server"},
		{userman.DeliveryFailed, "failed; try again"},
		{userman.DeliverySkipped, "skipped"},
	} {
		if count := counts[status.DeliveryStatus]; count > 0 {
			all = append(all, deliveryCount{count, status.text})
		}
	}
	return all
}

func undeliveredOf(deliveries []userman.Delivery) []undelivered {
	deliveries = deliveries[:min(len(deliveries), maxUndelivered)]
	all := make([]undelivered, len(deliveries))
	for i, d := range deliveries {
		all[i] = undelivered{d, userPath(d.Username)}
	}
	return all
}
