package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/jobs"
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

// jobPage is a job, running or ended, and the address of its page.
type jobPage struct {
	*jobs.State

	Path string
	// Left is the estimated time until the end, as a text; empty when it is unknown.
	Left string
}

// jobPage returns the page of a job.
func (p *pages) jobPage(state *jobs.State, path string) jobPage {
	return jobPage{state, path, timeLeft(state.Remaining(p.clock()))}
}

// timeLeft writes an estimated time.
func timeLeft(left time.Duration) string {
	switch minutes := int(left.Round(time.Minute) / time.Minute); {
	case left <= 0:
		return ""
	case left < time.Minute:
		return "Less than a minute left."
	case minutes < 2:
		return "About a minute left."
	case minutes < 120:
		return fmt.Sprintf("About %d minutes left.", minutes)
	default:
		return fmt.Sprintf("About %d hours left.", (minutes+30)/60)
	}
}

// answer returns the page of a job. htmx asks for its progress: it gets nothing
// when there is none, and replaces the whole part of the page when the job has
// ended.
func (j jobPage) answer(r *request, p page) response {
	if !r.isHTMX() {
		return p
	}
	if !j.Running() {
		p.Header = func(header http.Header) {
			header.Set("Hx-Retarget", "#job")
			header.Set("Hx-Reselect", "#job")
		}
	} else if known, err := strconv.Atoi(r.query("known")); err == nil && known == j.Done {
		return noContent()
	}
	return p
}

// started shows a job that was started; a message if another one runs already.
func started(path string, err error) (response, error) {
	if errors.Is(err, store.ErrConflict) {
		return redirect{Path: path, Warning: sentence(err.Error())}, nil
	}
	return redirect{Path: path}, err
}

// welcomePath is the page that sends welcome emails.
const welcomePath = "/users/welcome"

// welcomeAllPage is the page [welcomePath].
type welcomeAllPage struct {
	Job jobPage
	// New counts the users without a welcome email; Many says that there are more.
	New  int
	Many bool
	// Missing says what is missing to send mails; empty when nothing is.
	Missing string
	Counts  []deliveryCount
	// Undelivered are the emails to users in scope that did not arrive. Hidden says that
	// there are more, to users out of scope.
	Undelivered []userman.Delivery
	Hidden      bool
}

// deliveryCount counts the mails of one status.
type deliveryCount struct {
	Count int
	Text  string
}

// maxUndelivered bounds the mails that the page shows.
const maxUndelivered = 200

func (u *userPages) welcomeAll(ctx context.Context, r *request) (response, error) {
	state := u.jobs.LastWelcome()
	body := welcomeAllPage{Job: u.jobPage(state, welcomePath), Missing: u.site.MailStatus().Missing}
	if !state.Running() {
		var err error
		if body.New, body.Many, err = u.countUnwelcomed(ctx); err != nil {
			return nil, err
		}
	}
	if state != nil && state.Welcome != nil {
		shown, err := state.InScope(ctx, u.users(ctx))
		if err != nil {
			return nil, err
		}
		body.Counts = deliveryCounts(state.Welcome.Counts)
		body.Hidden = len(shown.Welcome.Undelivered) < len(state.Welcome.Undelivered)
		body.Undelivered, _ = firstOf(shown.Welcome.Undelivered, maxUndelivered)
	}
	return body.Job.answer(r, page{Name: "welcomeall", Title: "Send welcome emails", Body: body}), nil
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

// deliveryCounts counts the mails of each status that occurs.
func deliveryCounts(counts map[userman.DeliveryStatus]int) []deliveryCount {
	all := []deliveryCount{
		{counts[userman.DeliverySent], "sent"},
		{counts[userman.DeliveryDeferred], "not sent yet; tried again automatically"},
		{counts[userman.DeliveryNoAddress], "without an email address"},
		{counts[userman.DeliveryNotConfigured], "not sent because mail is not configured"},
		{counts[userman.DeliveryRejected], "rejected by the mail server"},
		{counts[userman.DeliveryFailed], "failed; try again"},
		{counts[userman.DeliverySkipped], "skipped"},
	}
	return slices.DeleteFunc(all, func(c deliveryCount) bool { return c.Count == 0 })
}
