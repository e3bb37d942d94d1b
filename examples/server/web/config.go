package web

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/jobs"
	"github.com/pbxusers/pbxusers/store/audit"
)

// configPages are the pages of the area Apply.
type configPages struct{ *pages }

func (p configPages) routes() []route {
	const section, config = ampusers.SectionApply, "/config"
	return []route{
		get(config, section, p.plan), post(config+"/apply", section, p.start(jobs.KindApply)),
		get(config+"/rollback", section, p.askRollback), post(config+"/rollback", section, p.start(jobs.KindRollback)),
		post(config+"/recover", section, p.start(jobs.KindRecover)), get(config+"/run", section, p.run), get(config+"/banner", "", p.banner),
	}
}

// configPage is the page /config.
type configPage struct {
	// Changes are the changes of records, the dangerous ones first. Count counts them, and
	// More those that are left out.
	Changes []plannedChange
	// Summary counts the changes in words.
	Summary     string
	Count, More int
	// Dangerous counts the changes with dangers.
	Dangerous int
	// Files are the files to write; State says why they are unknown, see [configState].
	Files  []asteriskconf.FilePlan
	Issues []asteriskconf.Issue
	State  string
	Err    error
	Status *asteriskconf.Status
	// Offline says that files are written but nothing is reloaded.
	Offline bool
	Last    *jobs.State
}

// maxPlannedSections bounds the sections of a plan that the page shows: a first apply
// may bring very many accounts.
const maxPlannedSections = 200

// maxShownEntries bounds the entries of the audit log beside a change.
const maxShownEntries = 5

// plannedChange is a change of one record.
type plannedChange struct {
	asteriskconf.SectionPlan

	// Path is the page of the record, and AuditPath the page of its entries in the audit
	// log; empty if the administrator cannot see them.
	Path, AuditPath string
	// Entries are the changes since the last apply, newest first. Others are the
	// authors who are not the administrator.
	Entries []*audit.Entry
	Others  []string
}

// IsRed reports whether the change makes an account equivalent to root, or is one by
// others.
func (c plannedChange) IsRed() bool { return c.rank() < 2 }

// rank orders changes: those equivalent to root, then changes by others, then other
// dangers, then the rest.
func (c plannedChange) rank() int {
	switch {
	case c.isRootLike():
		return 0
	case len(c.Others) > 0:
		return 1
	case len(c.Dangers) > 0:
		return 2
	}
	return 3
}

func (c plannedChange) isRootLike() bool {
	return slices.ContainsFunc(c.Dangers, func(d asteriskconf.Danger) bool { return d.Code == "root_like" })
}

// Details is the summary without what the badge and the dangers say.
func (c plannedChange) Details() []string {
	opens := slices.ContainsFunc(c.Dangers, func(d asteriskconf.Danger) bool { return d.Code != "root_like" })
	return slices.DeleteFunc(slices.Clone(c.Summary), func(text string) bool {
		return text == "new account" || opens && strings.HasPrefix(text, "may connect from ")
	})
}

// Verb says what an entry of the audit log did.
func (plannedChange) Verb(e *audit.Entry) string {
	return cmp.Or(map[string]string{
		"create": "Created", "update": "Changed", "delete": "Deleted", "enable": "Enabled", "disable": "Disabled", "rotate": "Secret replaced",
	}[e.Action], capitalized(e.Action))
}

// changesText counts changes in a sentence.
func changesText(changes []plannedChange) string {
	count := func(matches func(c plannedChange) bool) (n int) {
		for _, c := range changes {
			if matches(c) {
				n++
			}
		}
		return n
	}
	var parts []string
	for _, action := range []struct{ name, label string }{{"add", "new"}, {"modify", "changed"}, {"remove", "removed"}} {
		switch n := count(func(c plannedChange) bool { return c.Action == action.name }); n {
		case 0:
		case 1:
			parts = append(parts, "1 "+action.label+" AMI account")
		default:
			parts = append(parts, strconv.Itoa(n)+" "+action.label+" AMI accounts")
		}
	}
	return strings.Join(parts, ", ")
}

// plannedChanges are the changes of all files, the dangerous ones first.
func (p configPages) plannedChanges(admin *ampusers.Administrator, review *jobs.Review) []plannedChange {
	var changes []plannedChange
	for _, file := range review.Files {
		for _, section := range file.Sections {
			entries := review.Changes(file.RecordKind, section.Name)
			change := plannedChange{SectionPlan: section}
			change.Entries, _ = firstOf(entries, maxShownEntries)
			change.Others = slices.DeleteFunc(jobs.Authors(entries), func(name string) bool { return name == admin.Username })
			if admin.Can(app.SectionAudit) && len(entries) > 0 {
				change.AuditPath = listAddress("/audit", "kind", file.RecordKind, "key", entries[0].Key)
			}
			if file.RecordKind == p.site.AMIAccounts.AuditSource().Kind && admin.Can(app.SectionAMIAccounts) && section.Action != "remove" {
				change.Path = amiAccountPath(section.Name)
			}
			changes = append(changes, change)
		}
	}
	slices.SortStableFunc(changes, func(a, b plannedChange) int { return cmp.Compare(a.rank(), b.rank()) })
	return changes
}

func (p configPages) plan(ctx context.Context, r *request) (response, error) {
	body := configPage{Offline: p.site.Current().AMI == app.NoAsterisk, Last: p.jobs.LastConfig()}
	body.Status, body.Err = p.jobs.Status(ctx)
	if body.Err == nil {
		var review *jobs.Review
		if review, body.Err = p.jobs.Review(ctx); body.Err == nil {
			body.Files, body.Issues = review.Files, review.Issues
			all := p.plannedChanges(r.admin, review)
			body.Count, body.Summary = len(all), changesText(all)
			for _, change := range all {
				body.Dangerous += min(len(change.Dangers), 1)
			}
			body.Changes, body.More = firstOf(all, maxPlannedSections)
		}
	}
	if ctx.Err() != nil {
		return nil, body.Err
	}
	body.State = configState(body.Err)
	if body.State == "" && p.isNew(ctx, body.Status) {
		body.State = "not installed"
	}
	return page{Name: "config", Title: "Apply", Body: body}, nil
}

// configState names the state of a configuration that cannot be read: "absent"
// without a configuration folder, "not installed" when Asterisk does not read our
// files yet, and "unavailable" otherwise. It is "" for one that can be read.
func configState(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, fs.ErrNotExist):
		return "absent"
	case errors.As(err, new(*asteriskconf.NotInstalledError)):
		return "not installed"
	}
	return "unavailable"
}

// start returns the handler that starts a run, and shows its progress. If another
// run is in progress it shows that one.
func (p configPages) start(kind jobs.Kind) handler {
	return func(ctx context.Context, _ *request) (response, error) {
		_, err := p.jobs.StartConfig(ctx, kind)
		return started("/config/run", err)
	}
}

// run shows the progress of a run, or its result.
func (p configPages) run(_ context.Context, r *request) (response, error) {
	run := p.jobs.LastConfig()
	if run == nil {
		return redirect{Path: "/config"}, nil
	}
	if known, err := strconv.Atoi(r.query("known")); err == nil && r.isHTMX() && run.Running() && known == len(run.Steps) {
		return noContent(), nil // screen readers would read the same steps again
	}
	return page{Name: "applystatus", Body: run}, nil
}

func (p configPages) askRollback(context.Context, *request) (response, error) {
	return confirmation{Action: "/config/rollback", Back: "/config"}.response("configuration-rollback", formErrors{}), nil
}

// banner shows pending changes to an administrator, on each page. State is that of
// configState, or "running", "interrupted", "pending", or "" for nothing to show.
type banner struct {
	State string
	Admin *ampusers.Administrator
	// Count counts the pending changes; 0 if it is unknown or not for this
	// administrator. Authors names who made them.
	Count   int
	Authors string
}

func (p configPages) banner(ctx context.Context, r *request) (response, error) {
	body := banner{State: p.bannerState(ctx), Admin: r.admin}
	if body.State == "pending" && (r.admin.Can(ampusers.SectionApply) || r.admin.Can(app.SectionAMIAccounts)) {
		pending, err := p.jobs.Pending(ctx)
		if err != nil {
			return nil, err
		}
		body.Count, body.Authors = pending.Count, authorText(pending.Authors, r.admin.Username)
	}
	if r.isHTMX() {
		return fragment{"banner", body}, nil
	}
	return page{Name: "banner", Title: "Pending changes", Body: body}, nil
}

// authorText lists at most three authors, the administrator as "you".
func authorText(authors []string, self string) string {
	const most = 3
	names := slices.Clone(authors)
	if i := slices.Index(names, self); i >= 0 {
		names = append([]string{"you"}, slices.Delete(names, i, i+1)...)
	}
	if more := len(names) - most; more > 0 {
		names = append(names[:most], strconv.Itoa(more)+" more")
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

func (p configPages) bannerState(ctx context.Context) string {
	if p.jobs.LastConfig().Running() {
		return "running"
	}
	status, err := p.jobs.Status(ctx)
	state := configState(err)
	switch {
	case state == "unavailable": // the page says why, to administrators who can see it
		p.log.WarnContext(ctx, "status of the configuration failed", "error", err)
	case state == "" && status.Interrupted:
		return "interrupted"
	case state == "" && p.isNew(ctx, status):
		return "not installed"
	case state == "" && status.Pending:
		return "pending"
	}
	return state
}

// isNew reports whether Asterisk was never connected, although it reads our files because
// it reads all in their folder: an apply would not reach it. Without Asterisk that is so
// until the first change.
func (p configPages) isNew(ctx context.Context, status *asteriskconf.Status) bool {
	if status.Generation > 0 || status.Interrupted {
		return false
	}
	pending, err := p.jobs.Pending(ctx)
	return p.site.Current().AMI != app.NoAsterisk || err == nil && pending.Count == 0
}
