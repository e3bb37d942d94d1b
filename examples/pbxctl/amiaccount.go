package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/manager"
)

// amiAccountView is an AMI account as it is printed: with the secret only where it is
// shown once.
type amiAccountView struct {
	*manager.Account
	Secret   string            `json:"secret,omitempty"`
	Warnings []manager.Warning `json:"warnings"`
}

// newAMIAccountView is the account without its secret.
func newAMIAccountView(u *manager.Account) amiAccountView {
	shown := amiAccountView{Account: u, Warnings: u.Lint()}
	if shown.Warnings == nil {
		shown.Warnings = []manager.Warning{}
	}
	return shown
}

// printAMIAccount prints an account, what is doubtful about it, and what to do
// after.
func (a *cli) printAMIAccount(shown amiAccountView, footer string) error {
	err := a.print(shown, func() string {
		var b strings.Builder
		shown.writeTable(&b)
		for _, warning := range shown.Warnings {
			fmt.Fprintf(&b, "warning: %s: %s\n", warning.Field, warning.Message)
		}
		if footer != "" {
			b.WriteString(footer + "\n")
		}
		return b.String()
	})
	if err != nil && shown.Secret != "" {
		return app.WithHint(err, "Nobody knows the generated secret: 'pbxctl manager rotate' makes another one.")
	}
	return err
}

func (shown amiAccountView) writeTable(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(label string, value any) { _, _ = fmt.Fprintf(w, "%s\t%s\n", label, cell(value)) }
	row("name", shown.Name)
	if shown.Secret != "" {
		row("secret", shown.Secret+"   (shown this once)")
	}
	row("deny", joinNetworks(shown.Deny))
	row("permit", joinNetworks(shown.Permit))
	row("named_acl", shown.NamedACL)
	row("read", shown.Read)
	row("write", shown.Write)
	for _, f := range shown.EventFilters {
		row("event_filters", filterText(f))
	}
	row("display_connects", shown.DisplayConnects)
	row("allow_multiple_login", shown.AllowMultipleLogin)
	row("write_timeout", fmt.Sprintf("%d ms", shown.WriteTimeout))
	row("disabled", shown.Disabled)
	row("owner", shown.Owner)
	row("note", shown.Note)
	_ = w.Flush()
}

func joinNetworks(networks []manager.Network) string {
	texts := make([]string, len(networks))
	for i, n := range networks {
		texts[i] = n.String()
	}
	return strings.Join(texts, " ")
}
