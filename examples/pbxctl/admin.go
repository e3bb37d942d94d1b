package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/store/scope"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
)

// administrators declares the administrators for the commands that all records
// share.
func (a *cli) administrators() *resource[ampusers.Administrator] {
	return &resource[ampusers.Administrator]{
		cli: a, noun: "admin", article: "an administrator", argument: "USERNAME", kind: app.KindAdministrator, namesInAudit: true,
		fields: administratorFields(),
		extra: []extraFlag[ampusers.Administrator]{
			accessFlag(), sectionsFlag(),
			rangesFlag("extensions", "ranges of extensions, such as 100-199,205", func(a *ampusers.Administrator) *scope.Ranges { return &a.Extensions }),
			rangesFlag("dids", "ranges of DIDs, such as +4930100-+4930199", func(a *ampusers.Administrator) *scope.Ranges { return &a.DIDs }),
			teamsFlag(),
		},
		key:  func(admin *ampusers.Administrator) string { return admin.Username },
		fold: ampusers.FoldUsername,
		get: func(ctx context.Context, s *app.App, key string) (*ampusers.Administrator, error) {
			return s.Administrators.Get(ctx, key)
		},
		list: func(ctx context.Context, s *app.App, q listQuery) (*store.Page[*ampusers.Administrator], error) {
			return s.Administrators.List(ctx, ampusers.Query{Search: q.Search, Sort: q.Sort, PageRequest: q.PageRequest})
		},
		update: func(ctx context.Context, s *app.App, key string, edit func(*ampusers.Administrator) error) (*ampusers.Administrator, error) {
			return s.Administrators.Update(ctx, key, edit)
		},
		remove: func(ctx context.Context, s *app.App, key string) error { return s.Administrators.Delete(ctx, key) },
		view: func(_ context.Context, _ *app.App, admin *ampusers.Administrator) (view, error) {
			return administratorView{Administrator: admin}, nil
		},
		columns: []column[ampusers.Administrator]{
			{"USERNAME", func(a *ampusers.Administrator) any { return a.Username }},
			{"DISPLAY NAME", func(a *ampusers.Administrator) any { return a.DisplayName }},
			{"ACCESS", func(a *ampusers.Administrator) any { return a.Access }},
			{"SECTIONS", func(a *ampusers.Administrator) any { return a.Sections }},
			{"PASSWORD", func(a *ampusers.Administrator) any { return a.HasPassword }},
			{"SECOND FACTOR", func(a *ampusers.Administrator) any { return a.HasSecondFactor }},
			{"DISABLED", func(a *ampusers.Administrator) any { return a.Disabled }},
			{"LAST LOGIN", func(a *ampusers.Administrator) any { return a.LastLoginAt }},
		},
		empty:  "No administrators. Create the first one: pbxctl admin recover USERNAME",
		edited: "Changed.", deleted: "Deleted.",
	}
}

func (a *cli) adminCommand() *cobra.Command {
	r := a.administrators()
	parent := newNoun("admin", "Manage administrators, who log in to the web pages and the API of the server")
	parent.AddCommand(
		a.adminAdd(), r.listCommand("administrators", "the username or display name", ampusers.SortFields()), a.adminShow(),
		r.editCommand("  pbxctl admin edit jane.admin --extensions 100-199,205 --teams acme\n  pbxctl admin edit jane.admin --extensions ''", "", nil),
		a.adminPassword(),
		a.adminAction("disable", "Prevent an administrator from logging in, and end all sessions", (*ampusers.Service).Disable),
		a.adminAction("enable", "Let a disabled administrator log in again", (*ampusers.Service).Enable),
		r.deleteCommand("Delete an administrator, and end all sessions"), a.adminRecover(),
	)
	return parent
}

func (a *cli) adminAction(use, short string, act func(*ampusers.Service, context.Context, string) (*ampusers.Administrator, error)) *cobra.Command {
	return a.administrators().action(use, short, func(ctx context.Context, s *app.App, username string) (*ampusers.Administrator, error) {
		return act(s.Administrators, ctx, username)
	})
}

func accessFlag() extraFlag[ampusers.Administrator] {
	return extraFlag[ampusers.Administrator]{
		name: "access", placeholder: "ACCESS", first: true,
		usage:    "limited to the given sections and ranges (the default), or full, which clears them",
		complete: cobra.FixedCompletions([]string{string(ampusers.Full), string(ampusers.Limited)}, cobra.ShellCompDirectiveNoFileComp),
		parse: func(_ *app.App, given []string) (func(*ampusers.Administrator), []store.FieldError) {
			access := ampusers.AccessLevel(given[len(given)-1])
			return func(admin *ampusers.Administrator) {
				if admin.Access = access; access == ampusers.Full {
					admin.Sections, admin.Teams = nil, nil
					admin.Extensions, admin.DIDs = scope.Ranges{}, scope.Ranges{}
				}
			}, nil
		},
	}
}

func sectionsFlag() extraFlag[ampusers.Administrator] {
	return extraFlag[ampusers.Administrator]{
		name: "sections", placeholder: "SECTIONS", usage: "sections that a limited administrator can view and change, such as users,apply; may be repeated",
		complete: cobra.FixedCompletions(sectionIDs(), cobra.ShellCompDirectiveNoFileComp),
		parse: func(_ *app.App, given []string) (func(*ampusers.Administrator), []store.FieldError) {
			return func(admin *ampusers.Administrator) { admin.Sections = splitValues(given) }, nil
		},
	}
}

func sectionIDs() []string {
	var ids []string
	for _, section := range app.Sections() {
		ids = append(ids, section.ID)
	}
	return append(ids, ampusers.SectionApply)
}

func teamsFlag() extraFlag[ampusers.Administrator] {
	return extraFlag[ampusers.Administrator]{
		name: "teams", placeholder: "TEAMS", usage: "teams, separated by commas, with an empty name for the default team; none means all; may be repeated",
		parse: func(_ *app.App, given []string) (func(*ampusers.Administrator), []store.FieldError) {
			return func(admin *ampusers.Administrator) { admin.Teams = splitValues(given) }, nil
		},
	}
}

func rangesFlag(name, usage string, at func(*ampusers.Administrator) *scope.Ranges) extraFlag[ampusers.Administrator] {
	return extraFlag[ampusers.Administrator]{
		name: name, placeholder: "RANGES", usage: usage + "; none means all; may be repeated",
		parse: func(_ *app.App, given []string) (func(*ampusers.Administrator), []store.FieldError) {
			ranges, err := scope.ParseRanges(strings.Join(splitValues(given), ","))
			errs := fieldErrors(err)
			for i := range errs {
				errs[i].Field = name
			}
			return func(admin *ampusers.Administrator) { *at(admin) = ranges.Clone() }, errs
		},
	}
}

func (a *cli) adminAdd() *cobra.Command {
	return a.administrators().addCommand(&addCommand[ampusers.Administrator]{
		Command: cobra.Command{
			Use:   "add USERNAME",
			Short: "Create an administrator; without a password, the link to set one is shown only once",
			Example: "  pbxctl admin add jane.admin --sections users,apply --extensions 100-199,205\n" +
				"  pbxctl admin add root --access full --password-file -",
		},
		secretField: "password", noSecret: "a link to set one is created",
		anyDatabase: true,
		fresh:       func(username string) *ampusers.Administrator { return &ampusers.Administrator{Username: username} },
		create: func(ctx context.Context, s *app.App, admin *ampusers.Administrator, password store.Secret) (*ampusers.Administrator, error) {
			return s.Administrators.Create(ctx, admin, password)
		},
		done: func(ctx context.Context, s *app.App, created *ampusers.Administrator, password store.Secret) error {
			if !password.IsZero() {
				return a.printView(administratorView{Administrator: created}, "Created.")
			}
			link, err := s.Administrators.Invite(ctx, created.Username)
			if err != nil {
				return app.WithHint(fmt.Errorf("the administrator was created, but not the link: %w", err), lostLinkHint)
			}
			return a.printInvitation(ctx, s.Administrators, link)
		},
	})
}

// administratorView is an administrator as it is printed: with the token of the
// link to set a password only once.
type administratorView struct {
	*ampusers.Administrator
	Secret string `json:"secret,omitempty"`
	// Link is the URL with the token, if the base URL is known.
	Link         string        `json:"link,omitempty"`
	Explanations []explanation `json:"explanations,omitempty"`
}

func (v administratorView) notes() []string {
	var notes []string
	for _, e := range v.Explanations {
		notes = append(notes, e.String())
	}
	return notes
}

func (v administratorView) lostHint() string {
	if v.Secret == "" {
		return ""
	}
	return lostLinkHint
}

func (v administratorView) rows() [][]any {
	rows := [][]any{{"username", v.Username}}
	if v.Secret != "" {
		rows = append(rows, []any{"secret", v.Secret + shownOnce})
	}
	if v.Link != "" {
		rows = append(rows, []any{"link", v.Link})
	}
	teams := slices.Clone(v.Teams)
	for i, team := range teams {
		teams[i] = cmp.Or(team, "(default)")
	}
	return append(
		rows,
		[]any{"display_name", v.DisplayName},
		[]any{"access", v.Access},
		[]any{"sections", v.Sections},
		[]any{"extensions", orAll(v.Extensions.String())},
		[]any{"dids", orAll(v.DIDs.String())},
		[]any{"teams", orAll(strings.Join(teams, ","))},
		[]any{"disabled", v.Disabled},
		[]any{"has_password", v.HasPassword},
		[]any{"has_second_factor", v.HasSecondFactor},
		[]any{"invitation_expires_at", v.InvitationExpiresAt},
		[]any{"last_login_at", v.LastLoginAt},
	)
}
