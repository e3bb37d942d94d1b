package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// completePeople completes the username that a command begins with.
func (a *app) completePeople(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.completeMembers(cmd, nil, begun)
}

// completeMembers completes the usernames behind the name of a group.
func (a *app) completeMembers(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	return a.completed(cmd, begun, userman.FoldUsername, func(ctx context.Context, s *site.Site, page store.Page) (names []string, next string, err error) {
		list, err := s.People.List(ctx, userman.Query{Search: begun, Page: page})
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
func (a *app) completeDeleted(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.completed(cmd, begun, asItIs, func(ctx context.Context, s *site.Site, page store.Page) (ids []string, next string, err error) {
		list, err := s.People.List(ctx, userman.Query{Status: userman.Deleted, Page: page})
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
func (a *app) completeGroups(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	return a.completed(cmd, begun, userman.FoldGroupName, func(ctx context.Context, s *site.Site, _ store.Page) (names []string, next string, err error) {
		groups, err := s.People.Groups(ctx)
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
func (a *app) completeGroup(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.completeGroups(cmd, nil, begun)
}

// completeGroupAndMembers completes a group, and then usernames.
func (a *app) completeGroupAndMembers(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return a.completeMembers(cmd, nil, begun)
	}
	return a.completeGroups(cmd, nil, begun)
}

// completeTokens completes the IDs of tokens.
func (a *app) completeTokens(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.completed(cmd, begun, asItIs, func(ctx context.Context, s *site.Site, page store.Page) (ids []string, next string, err error) {
		list, err := s.People.Tokens(ctx, "", page)
		if err != nil {
			return nil, "", err
		}
		for _, t := range list.Items {
			ids = append(ids, t.ID)
		}
		return ids, list.Next, nil
	})
}

func asItIs(text string) string { return text }

// wordsOf reads the words of a page of records, and what the next one begins
// after.
type wordsOf func(ctx context.Context, s *site.Site, page store.Page) (words []string, next string, err error)

// completed returns those of the words that begin as begun does, when both are
// folded, and that a shell can show. It reads on until they fill a page.
func (a *app) completed(cmd *cobra.Command, begun string, fold func(string) string, read wordsOf) ([]string, cobra.ShellCompDirective) {
	defer a.close()
	s, err := a.openToComplete(cmd)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var fitting []string
	for page := (store.Page{Limit: store.MaxPageLimit}); ; {
		words, next, err := read(cmd.Context(), s, page)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		for _, word := range words {
			if strings.HasPrefix(fold(word), fold(begun)) && cell(word) == word {
				fitting = append(fitting, word)
			}
		}
		if page.After = next; next == "" || len(fitting) >= store.MaxPageLimit {
			return fitting, cobra.ShellCompDirectiveNoFileComp
		}
	}
}
