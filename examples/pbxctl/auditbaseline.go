package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
)

func (a *cli) auditBaseline() *cobra.Command {
	return &cobra.Command{
		Use:   "adopt",
		Short: "Vouch for the records that the audit trail was never told of, such as those from before it began",
		Long: "Vouch for the records that the audit trail was never told of, such as those from before it began.\n" +
			"'pbxctl audit verify' lists them: look at each first, since one that was put in by plain SQL looks the same.",
		Args: cobra.NoArgs,
		RunE: a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
			adopted, err := s.BaselineAudit(cmd.Context())
			if err != nil {
				return err
			}
			return a.print(map[string][]store.Reference{"adopted": adopted}, func() string { return baselineText(adopted) })
		}),
	}
}

func baselineText(adopted []store.Reference) string {
	if len(adopted) == 0 {
		return "Nothing to adopt: the audit trail was told of every record.\n"
	}
	var b strings.Builder
	for _, r := range adopted {
		fmt.Fprintf(&b, "adopted: %s %s\n", cell(r.Kind), cell(r.Key))
	}
	return b.String()
}
