package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/userman"
)

func (a *cli) userSync() *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "sync [DIRECTORY]",
		Short: "Synchronize users from a directory",
		Long: "Synchronize users from the directory of --ldap-url: create new ones, disable missing ones, and delete those after --ldap-delete-after days.\n" +
			"A sync changes nothing if it would remove a larger share of the users than --ldap-max-removals.",
		Example: "  pbxctl user sync --dry-run\n  pbxctl user sync",
		Args:    cobra.MaximumNArgs(1),
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "show the changes without making them")
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		opts := s.Current().SyncOptions()
		opts.DryRun = dryRun
		return a.sync(cmd.Context(), s, strings.Join(args, ""), opts)
	})
	return cmd
}

func (a *cli) userDirectories() *cobra.Command {
	return &cobra.Command{
		Use:     "directories",
		Short:   "List the directories that users come from, with their settings",
		Example: "  pbxctl user directories\n  pbxctl user directories --ldap-kind active-directory",
		Args:    cobra.NoArgs,
		RunE: a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
			directories, err := s.Directories(cmd.Context())
			if err != nil {
				return err
			}
			var text strings.Builder
			for _, d := range directories {
				text.WriteString(tableText(directoryRows(d)))
			}
			return a.print(map[string]any{"items": directories}, cmp.Or(text.String(), "No directories. Set --ldap-url.\n"))
		}),
	}
}

// directoryRows are the settings of a directory, one per row.
func directoryRows(d app.DirectoryState) [][]any {
	rows := [][]any{
		{"name", d.Name}, {"users", d.Users}, {"kind", d.Kind}, {"url", d.URL}, {"base_dn", d.BaseDN}, {"filter", d.Filter}, {"external_id", d.ExternalID},
		{"group_base_dn", d.GroupBaseDN}, {"group_filter", d.GroupFilter}, {"nested_groups", d.NestedGroups},
	}
	for _, field := range slices.Sorted(maps.Keys(d.Attributes)) {
		rows = append(rows, []any{"attributes." + field, d.Attributes[field]})
	}
	return rows
}

func (a *cli) userAdopt() *cobra.Command {
	var adoption userman.Adoption
	var dryRun bool
	var directory string
	cmd := &cobra.Command{
		Use:   "adopt USERNAME EXTERNAL-ID",
		Short: "Link a user to an entry of a directory",
		Long: "Link a local user, or one who has left the directory, to an entry of the directory of --ldap-url. The user keeps the extensions, permissions and\n" +
			"local groups, and gets the username and other fields of the entry. All sessions and links end. Without --same-user, the password, the second\n" +
			"factor, the API tokens, the picture and the personal fields of the user end as well, because the entry may belong to another person.",
		Example: "  pbxctl user adopt jane.roe 6f1c2ad4-0e2f-4c5b-9e0b-3a1d5c7e9f10 --dry-run",
		Args:    cobra.ExactArgs(2),
	}
	cmd.Flags().BoolVar(&adoption.SameUser, "same-user", false, "the entry is another account of the same person")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "show the changes without making them")
	cmd.Flags().StringVar(&directory, "directory", "", "`NAME` of the directory (default: the only one)")
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		opts := s.Current().SyncOptions()
		adoption.Username, adoption.ExternalID = args[0], args[1]
		opts.DryRun, opts.Adoption = dryRun, &adoption
		return a.sync(cmd.Context(), s, directory, opts)
	})
	return cmd
}

// sync syncs the directory of that name; the only one if the name is empty. It fails if
// the report has problems, so that scripts notice.
func (a *cli) sync(ctx context.Context, s *app.App, name string, opts *userman.SyncOptions) error {
	if name == "" {
		directory, err := s.Users.Directories().Default()
		if err != nil {
			return err
		}
		name = directory.Name()
	}
	report, err := s.Users.Sync(ctx, name, opts)
	if report != nil {
		err = errors.Join(err, a.print(report, syncText(report, err == nil)))
	}
	if err == nil && len(report.Problems) > 0 {
		err = fmt.Errorf("%d users could not be synchronized; fix the reported problems and sync again", len(report.Problems))
	}
	return err
}

// syncText describes a sync; complete is false if it stopped early.
func syncText(r *userman.SyncReport, complete bool) string {
	var rows [][]any
	for _, step := range r.Steps {
		rows = append(rows, []any{step.Action, step.Username, step.Fields})
	}
	for _, name := range r.Groups {
		rows = append(rows, []any{"create group", name})
	}
	for _, problem := range r.Problems {
		rows = append(rows, []any{"problem", problemKey(problem), problem.Message})
		if problem.Adoptable {
			rows = append(rows, []any{"offer", problem.Username, "pbxctl user adopt " + problem.Username + " " + problem.ExternalID})
		}
	}
	for _, warning := range r.Warnings {
		rows = append(rows, []any{"warning", problemKey(warning), warning.Message})
	}
	text := tableText(rows)
	if r.MoreWarnings > 0 {
		text += fmt.Sprintf("%d more warnings are not shown.\n", r.MoreWarnings)
	}
	switch {
	case !complete:
		return text + "The sync stopped early; this is what was planned or done.\n"
	case r.DryRun:
		return text + fmt.Sprintf("Dry run: %d directory entries, %d unchanged.\n", r.Entries, r.Unchanged)
	}
	return text + fmt.Sprintf("Done: %d directory entries, %d unchanged.\n", r.Entries, r.Unchanged)
}

// problemKey names the user or the directory entry of a problem.
func problemKey(p userman.SyncProblem) string {
	if p.Username != "" {
		return p.Username
	}
	return p.ExternalID
}
