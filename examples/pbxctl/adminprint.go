package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
)

// administrator is one as it is printed: with the token of the link to set a
// password only where it is shown once.
type administrator struct {
	*ampusers.Administrator
	Secret string `json:"secret,omitempty"`
	// Link holds the token, when it is known where the pages are.
	Link         string        `json:"link,omitempty"`
	Explanations []explanation `json:"explanations,omitempty"`
}

// printAdministrator prints an administrator, and what was done.
func (a *cli) printAdministrator(shown administrator, footer string) error {
	err := a.print(shown, func() string {
		var b strings.Builder
		shown.writeTable(&b)
		for _, e := range shown.Explanations {
			fmt.Fprintf(&b, "%s\n", e)
		}
		if footer != "" {
			b.WriteString(footer + "\n")
		}
		return b.String()
	})
	if err != nil && shown.Secret != "" {
		return app.WithHint(err, lostLinkHint)
	}
	return err
}

func (shown administrator) writeTable(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(label string, value any) { _, _ = fmt.Fprintf(w, "%s\t%s\n", label, cell(value)) }
	row("username", shown.Username)
	if shown.Secret != "" {
		row("secret", shown.Secret+"   (shown this once)")
	}
	if shown.Link != "" {
		row("link", shown.Link)
	}
	row("display_name", shown.DisplayName)
	row("access", shown.Access)
	row("sections", strings.Join(shown.Sections, ","))
	row("extensions", orAll(shown.Extensions.String()))
	row("dids", orAll(shown.DIDs.String()))
	row("teams", orAll(teamsText(shown.Teams)))
	row("disabled", shown.Disabled)
	row("has_password", shown.HasPassword)
	row("has_second_factor", shown.HasSecondFactor)
	row("invitation_expires_at", localTime(shown.InvitationExpiresAt))
	row("last_login_at", localTime(shown.LastLoginAt))
	_ = w.Flush()
}

// teamsText gives the default team, which has no name, one.
func teamsText(teams []string) string {
	names := make([]string, len(teams))
	for i, team := range teams {
		names[i] = cmp.Or(team, "(default)")
	}
	return strings.Join(names, ",")
}

// orAll spells out what none means.
func orAll(list string) string {
	return cmp.Or(list, "all")
}

// localTime is for a person at this host; nothing for never.
func localTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(time.DateTime) //nolint:gosmopolitan // for a person at this host
}
