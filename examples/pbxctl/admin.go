package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/store/scope"
)

func (a *cli) administrators() *noun[ampusers.Administrator] {
	return &noun[ampusers.Administrator]{
		cli: a, article: "an administrator", argument: "USERNAME", fold: ampusers.FoldUsername,
		declare: func(s *app.App) *resource.Type[ampusers.Administrator] {
			return resource.Administrators(func(context.Context) *ampusers.Service { return administratorService(s) }, func() string { return a.settings.BaseURL })
		},
		joined:    []string{"extensions", "dids"},
		extra:     []extraFlag[ampusers.Administrator]{{name: "sections", complete: cobra.FixedCompletions(sectionIDs(), cobra.ShellCompDirectiveNoFileComp)}},
		prepare:   clearFullAccess,
		columns:   []string{"username", "display_name", "access", "sections", "has_password", "has_second_factor", "disabled", "last_login_at"},
		unlimited: []string{"extensions", "dids", "teams"},
		text: map[string]func(*ampusers.Administrator) []string{
			"teams": func(a *ampusers.Administrator) []string { return []string{teamsText(a.Teams)} },
		},
		noSecret: "a link to set one is created",
		lost: func(username string) string {
			return "The link is lost. Run 'pbxctl admin password " + username + " --invite' for a new one."
		},
		empty:   "No administrators. Create the first one: pbxctl admin recover USERNAME",
		created: a.createdAdministrator,
		edited:  "Changed.", deleted: "Deleted.",
	}
}

func administratorService(s *app.App) *ampusers.Service { return s.Administrators }

func (a *cli) adminCommand() *cobra.Command {
	n := a.administrators()
	parent := newNoun("admin", "Manage administrators, who log in to the web pages and the API of the server")
	parent.AddCommand(
		n.add("add USERNAME", "Create an administrator; without a password, the link to set one is shown only once",
			"  pbxctl admin add jane.admin --sections users,apply --extensions 100-199,205\n"+
				"  pbxctl admin add root --access full --password-file -", a.openOrCreate),
		n.list("List administrators, sorted by username by default", nil), a.adminShow(),
		n.edit("  pbxctl admin edit jane.admin --extensions 100-199,205 --teams acme\n  pbxctl admin edit jane.admin --extensions ''", "", nil),
		a.adminPassword(),
		action(n, administratorService, "disable", "Prevent an administrator from logging in, and end all sessions", (*ampusers.Service).Disable),
		action(n, administratorService, "enable", "Let a disabled administrator log in again", (*ampusers.Service).Enable),
		n.delete("Delete an administrator, and end all sessions"), a.adminRecover(),
	)
	return parent
}

// createdAdministrator says what is left to do.
func (a *cli) createdAdministrator(r resource.Result[ampusers.Administrator]) string {
	if r.Link == nil {
		return "Created."
	}
	return linkText("The link sets a password once", "/set-password/", a.settings.BaseURL, r.Link.ExpiresAt)
}

// clearFullAccess empties the lists of an administrator with full access. Lists that
// are given are rejected by the service.
func clearFullAccess(admin *ampusers.Administrator, values map[string]field.Value) []store.FieldError {
	if access, given := values["access"]; given && access.Text() == string(ampusers.Full) {
		admin.Sections, admin.Teams = nil, nil
		admin.Extensions, admin.DIDs = scope.Ranges{}, scope.Ranges{}
	}
	return nil
}

func sectionIDs() []string {
	ids := convert(app.Sections(), func(s ampusers.Section) string { return s.ID })
	return append(ids, ampusers.SectionApply)
}

// teamsText names the default team, which has no name.
func teamsText(teams []string) string {
	return strings.Join(convert(teams, func(team string) string { return cmp.Or(team, "(default)") }), ",")
}

func (a *cli) adminShow() *cobra.Command {
	var queries []string
	n := a.administrators()
	cmd := n.verb("show", "Show an administrator, and explain what is allowed", func(ctx context.Context, s *app.App, username string) error {
		result, err := n.declare(s).Get(ctx, username)
		if err != nil {
			return err
		}
		explanations, err := result.Record.ExplainQueries(queries...)
		if err != nil {
			return err
		}
		return n.printView(s, result, explainedAdministrator{result.Record, explanations}, "", convert(explanations, explanationText)...)
	})
	cmd.Example = "  pbxctl admin show jane.admin --explain section:users --explain extension:1001 --explain did:+4930100 --explain team:acme"
	cmd.Flags().StringArrayVar(&queries, "explain", nil, "explain access to `RESOURCE`: section:ID, extension:NUMBER, did:NUMBER or team:NAME; may be repeated")
	return cmd
}

// explainedAdministrator is an administrator as 'show' prints it.
type explainedAdministrator struct {
	*ampusers.Administrator
	Explanations []ampusers.ResourceExplanation `json:"explanations,omitempty"`
}

func explanationText(e ampusers.ResourceExplanation) string {
	result := "denied"
	if e.Allowed {
		result = "allowed"
	}
	return fmt.Sprintf("%s %s: %s: %s", e.Subject, cell(e.Key), result, e.Reason)
}

func (a *cli) adminPassword() *cobra.Command {
	var invite bool
	var password secretFlags
	n := a.administrators()
	cmd := n.verb("password", "Set the password of an administrator, or show a link to set one", func(ctx context.Context, s *app.App, username string) error {
		given, err := n.readSecret(ctx, s, &password, "set password", username)
		if err != nil {
			return err
		}
		if given.IsZero() {
			link, err := s.Administrators.Invite(ctx, username)
			return a.printInvitation(ctx, s, link, err)
		}
		changed, err := s.Administrators.SetPassword(ctx, username, given, nil)
		return n.printRecord(s, resource.Result[ampusers.Administrator]{Record: changed}, err, "Password changed. All sessions have ended.")
	})
	cmd.Long = "Set the password of an administrator, which ends all sessions, or show a link that sets a new one. The link works once."
	cmd.Example = "  pbxctl admin password jane.admin --invite\n  pbxctl admin password jane.admin --password-file -"
	cmd.PreRunE = requireTrue("invite")
	password.register(cmd, "password", "use --invite")
	cmd.Flags().BoolVar(&invite, "invite", false, "show a link to set a password; the current one works until then")
	cmd.MarkFlagsOneRequired("password", "password-file", "invite")
	cmd.MarkFlagsMutuallyExclusive("password", "invite")
	cmd.MarkFlagsMutuallyExclusive("password-file", "invite")
	return cmd
}

func (a *cli) adminRecover() *cobra.Command {
	cmd := a.administrators().verb("recover", "Restore full access to an administrator, who is created if missing", func(ctx context.Context, s *app.App, username string) error {
		link, err := s.Administrators.RestoreAccess(ctx, username)
		return a.printInvitation(ctx, s, link, err)
	})
	cmd.Long = "Give an administrator full access, enable the account, remove its second factor, and show a link to set a password.\n" +
		"If there is no such administrator, the command creates one. Use it if nobody can log in any more. The audit log records it."
	return cmd
}

// printInvitation prints an administrator with the link to set a password.
func (a *cli) printInvitation(ctx context.Context, s *app.App, link *credential.Link, err error) error {
	if err != nil {
		return err
	}
	n := a.administrators()
	result, err := n.declare(s).Get(ctx, link.Username)
	if err != nil {
		return app.WithHint(err, n.lost(link.Username))
	}
	result.Link = resource.NewLink(link, a.settings.BaseURL)
	return n.printRecord(s, result, nil, a.createdAdministrator(result))
}
