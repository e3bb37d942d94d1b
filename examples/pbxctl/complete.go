package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// completeUsers completes the username that a command begins with.
func (a *cli) completeUsers(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.completeMembers(cmd, nil, toComplete)
}

// completeMembers completes the usernames behind the name of a group.
func (a *cli) completeMembers(cmd *cobra.Command, _ []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	return a.completeFrom(cmd, toComplete, userman.FoldUsername, func(ctx context.Context, s *app.App, page store.PageRequest) (names []string, next string, err error) {
		list, err := s.Users.List(ctx, userman.Query{Search: toComplete, PageRequest: page})
		if err != nil {
			return nil, "", err
		}
		for _, u := range list.Items {
			names = append(names, u.Username)
		}
		return names, list.Next, nil
	})
}

// completeDeleted completes the IDs of deleted people.
func (a *cli) completeDeleted(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.completeFrom(cmd, toComplete, verbatim, func(ctx context.Context, s *app.App, page store.PageRequest) (ids []string, next string, err error) {
		list, err := s.Users.List(ctx, userman.Query{Status: userman.StatusDeleted, PageRequest: page})
		if err != nil {
			return nil, "", err
		}
		for _, u := range list.Items {
			ids = append(ids, u.ID)
		}
		return ids, list.Next, nil
	})
}

// completeGroups completes the names of groups.
func (a *cli) completeGroups(cmd *cobra.Command, _ []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	return a.completeFrom(cmd, toComplete, userman.FoldGroupName, func(ctx context.Context, s *app.App, _ store.PageRequest) (names []string, next string, err error) {
		groups, err := s.Users.Groups(ctx)
		if err != nil {
			return nil, "", err
		}
		for _, g := range groups {
			names = append(names, g.Name)
		}
		return names, "", nil
	})
}

// completeGroup completes the name of the group that a command begins with.
func (a *cli) completeGroup(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.completeGroups(cmd, nil, toComplete)
}

// completeGroupAndMembers completes a group, and then usernames.
func (a *cli) completeGroupAndMembers(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return a.completeMembers(cmd, nil, toComplete)
	}
	return a.completeGroups(cmd, nil, toComplete)
}

// completeTokens completes the IDs of tokens.
func (a *cli) completeTokens(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.completeFrom(cmd, toComplete, verbatim, func(ctx context.Context, s *app.App, page store.PageRequest) (ids []string, next string, err error) {
		list, err := s.Users.Tokens(ctx, "", page)
		if err != nil {
			return nil, "", err
		}
		for _, t := range list.Items {
			ids = append(ids, t.ID)
		}
		return ids, list.Next, nil
	})
}

func verbatim(text string) string { return text }

// listFunc reads the words of a page of records, and what the next one begins
// after.
type listFunc func(ctx context.Context, s *app.App, page store.PageRequest) (words []string, next string, err error)

// completeFrom returns those of the words that begin as begun does, when both are
// folded, and that a shell can show. It reads on until they fill a page.
func (a *cli) completeFrom(cmd *cobra.Command, toComplete string, fold func(string) string, read listFunc) ([]string, cobra.ShellCompDirective) {
	defer a.close()
	s, err := a.openForCompletion(cmd)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var fitting []string
	for page := (store.PageRequest{Limit: store.MaxPageLimit}); ; {
		words, next, err := read(cmd.Context(), s, page)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		for _, word := range words {
			if strings.HasPrefix(fold(word), fold(toComplete)) && cell(word) == word {
				fitting = append(fitting, word)
			}
		}
		if page.After = next; next == "" || len(fitting) >= store.MaxPageLimit {
			return fitting, cobra.ShellCompDirectiveNoFileComp
		}
	}
}
