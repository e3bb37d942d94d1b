package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/permission"
)

func (a *cli) userPermissions() *cobra.Command {
	var only []string
	cmd := &cobra.Command{
		Use:   "permissions [USERNAME]",
		Short: "Show what a person may do, and why; without a name, what people and groups can be permitted",
		Long: "Show what a person may do, and why: what is said of the person goes first, then the groups by priority and name,\n" +
			"then the default. Without a name, list what people and groups can be permitted.",
		Example:           "  pbxctl user permissions\n  pbxctl user permissions jane.roe --permission voicemail.extensions",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: a.completeUsers,
		PreRunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 && len(only) > 0 {
				return errors.New("name the person whose permission is to be explained")
			}
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&only, "permission", nil, "only the permission of this `ID`; may be repeated (default: all)")
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		if len(args) == 0 {
			permissions := s.Users.Permissions()
			return a.print(store.Page[permission.Permission]{Items: permissions}, func() string { return permissionsText(permissions) })
		}
		effective, err := s.Users.EffectivePermissions(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		explained, err := explainPermissions(effective, only)
		if err != nil {
			return err
		}
		return a.print(store.Page[*permission.Explanation]{Items: explained}, func() string { return explainedText(effective, explained) })
	})
	return cmd
}

func permissionsText(permissions []permission.Permission) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "PERMISSION\tKIND\tDEFAULT\tSENTENCE")
	for _, p := range permissions {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", p.ID, p.Kind, cell(p.Default), cell(p.Description))
	}
	_ = w.Flush()
	return b.String()
}

// explainPermissions explains those that are asked for, or all.
func explainPermissions(effective *permission.EffectiveSet, only []string) ([]*permission.Explanation, error) {
	if len(only) == 0 {
		return effective.ExplainAll(), nil
	}
	var explained []*permission.Explanation
	for _, id := range only {
		e, err := effective.Explain(id)
		if err != nil {
			return nil, err
		}
		explained = append(explained, e)
	}
	return explained, nil
}

func explainedText(effective *permission.EffectiveSet, explained []*permission.Explanation) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "PERMISSION\tVALUE\tWHY")
	for _, e := range explained {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", e.Permission.ID, cell(effective.Format(e.Permission.ID)), cell(e.Summary))
	}
	_ = w.Flush()
	return b.String()
}
