package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// userView is one as it is printed: with a generated password only where it is
// shown once.
type userView struct {
	*userman.User

	Secret string `json:"secret,omitempty"`
}

// printUser prints a person, and what was done.
func (a *cli) printUser(shown userView, footer string) error {
	err := a.print(shown, func() string {
		var b strings.Builder
		shown.writeTable(&b)
		if footer != "" {
			b.WriteString(footer + "\n")
		}
		return b.String()
	})
	if err != nil && shown.Secret != "" {
		return app.WithHint(err, "Nobody knows the generated password: 'pbxctl user password USERNAME --generate' makes another one.")
	}
	return err
}

func (shown userView) writeTable(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(label string, value any) { _, _ = fmt.Fprintf(w, "%s\t%s\n", label, cell(value)) }
	row("username", shown.Username)
	if shown.Secret != "" {
		row("secret", shown.Secret+"   (shown this once)")
	}
	row("id", shown.ID)
	texts := userTextFields(shown.User)
	for _, flag := range []string{
		"display-name", "first-name", "last-name", "default-extension", "email", "description", "title", "company", "department",
		"cell-phone", "home-phone", "work-phone", "fax", "language", "time-zone", "external-id",
	} {
		row(strings.ReplaceAll(flag, "-", "_"), *texts[flag])
	}
	row("other_emails", strings.Join(shown.OtherEmails, ","))
	row("linked_extensions", strings.Join(shown.LinkedExtensions, ","))
	row("groups", strings.Join(shown.Groups, ","))
	writePermissions(row, shown.Permissions)
	row("directory", shown.Directory)
	row("picture", shown.Picture != "")
	row("disabled", shown.Disabled)
	row("must_change_password", shown.MustChangePassword)
	row("has_password", shown.HasPassword)
	row("password_elsewhere", shown.ExternalPassword)
	row("has_second_factor", shown.HasSecondFactor)
	row("invitation_expires_at", localTime(shown.InvitationExpiresAt))
	row("password_expires_at", localTime(shown.PasswordExpiresAt))
	row("welcomed_at", localTime(shown.WelcomedAt))
	row("last_login_at", localTime(shown.LastLoginAt))
	if !shown.DeletedAt.IsZero() {
		row("deleted_at", localTime(shown.DeletedAt))
	}
	_ = w.Flush()
}

// writePermissions writes a row for each that something is said of.
func writePermissions(row func(label string, value any), grants permission.Permissions) {
	if len(grants) == 0 {
		row("permissions", "")
	}
	for _, id := range slices.Sorted(maps.Keys(grants)) {
		row("permissions", id+"="+grants[id].String())
	}
}
