package web

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/examples/server/web/locale"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// How a new user gets a password.
const (
	onboardMail     = "mail"
	onboardLink     = "link"
	onboardPassword = "password"
	onboardLater    = "later"
)

const onboardingLabel = "First sign-in"

// blankUser is in the default groups, and may have an extension already.
func (u *userPages) blankUser(ctx context.Context, r *request) (*userman.User, error) {
	groups, err := u.users(ctx).Groups().List(ctx)
	blank := &userman.User{DefaultExtension: r.query("extension")}
	for _, g := range groups {
		if g.Default {
			blank.Groups = append(blank.Groups, g.Name)
		}
	}
	return blank, err
}

func groupChoices(groups []*userman.Group, chosen []string) []choice {
	all := make([]choice, len(groups))
	for i, g := range groups {
		hint := "Priority " + strconv.Itoa(g.Priority)
		if g.Description != "" {
			hint += ": " + g.Description
		}
		if g.Directory != "" {
			hint += " (managed by the directory " + g.Directory + ")"
		}
		all[i] = choice{Value: g.Name, Label: g.Name, Hint: hint, Chosen: slices.Contains(chosen, g.Name)}
	}
	return all
}

// languageChoices are the languages of mails. The current one stays selectable.
func languageChoices(now string) []choice {
	all := []choice{{Label: "Language of the server"}}
	for _, l := range locale.Languages() {
		all = append(all, choice{Value: l.Tag, Label: l.Name + " (" + l.Tag + ")"})
	}
	return withChosen(all, now)
}

// timeZoneChoices are the time zones. The current one stays selectable.
func timeZoneChoices(now string) []choice {
	all := []choice{{Label: "UTC (default)"}}
	for _, name := range locale.TimeZones() {
		all = append(all, choice{Value: name, Label: strings.ReplaceAll(name, "_", " ")})
	}
	return withChosen(all, now)
}

// withChosen chooses the one of that value, which is added if it is missing.
func withChosen(all []choice, value string) []choice {
	if !slices.ContainsFunc(all, func(c choice) bool { return c.Value == value }) {
		all = append(all, choice{Value: value, Label: value})
	}
	return chosenOf(all, value)
}

// addOnboarding asks how the new user gets a password.
func (u *userPages) addOnboarding(f *form, r *request, errs formErrors) {
	chosen, byMail := r.form("onboarding"), "The email contains a link to set a password."
	configured := u.site.MailStatus().Configured
	if !configured {
		byMail = "No email can be sent yet: the mail settings are not complete."
	}
	switch {
	case chosen != "" || r.PostForm != nil:
	case configured:
		chosen = onboardMail
	default:
		chosen = onboardLink
	}
	f.add(formField{
		Name: "onboarding", Label: onboardingLabel, Type: "radio", Errors: errs.forField("onboarding"), Choices: chosenOf([]choice{
			{Value: onboardMail, Label: "Send a welcome email", Hint: byMail},
			{Value: onboardLink, Label: "Show a password link", Hint: "Pass the link on, so that the user can set a password."},
			{Value: onboardPassword, Label: "Set the password below", Hint: "You will know the password."},
			{Value: onboardLater, Label: "Later", Hint: "The user cannot log in until you send a welcome email or set a password."},
		}, chosen),
	})
	f.addSecret("", newPassword("Password"), r, errs, "Only if you set the password yourself. ")
	f.Sections[len(f.Sections)-1].Class = "typed-password"
	f.Permissions = nil
	f.Sections = slices.DeleteFunc(f.Sections, func(s formSection) bool { return s.Legend == linksSection })
	slices.SortStableFunc(f.Sections, func(a, b formSection) int {
		return strings.Compare(strconv.FormatBool(a.Collapsed), strconv.FormatBool(b.Collapsed))
	})
}

// validateOnboarding rejects a password that is not to be set, and what the first sign-in
// needs and is missing.
func validateOnboarding(chosen string, password store.Secret, email string) []store.FieldError {
	switch {
	case chosen == onboardMail && email == "":
		return []store.FieldError{{Field: "email", Code: store.CodeRequired, Message: "enter the address for the welcome email, or select another first sign-in"}}
	case !slices.Contains([]string{onboardMail, onboardLink, onboardPassword, onboardLater}, chosen):
		return []store.FieldError{{Field: "onboarding", Code: store.CodeOneOf, Message: "select an option"}}
	case chosen == onboardPassword && password.IsZero():
		return []store.FieldError{{Field: "password", Code: store.CodeRequired, Message: "enter a password, or select another option"}}
	case chosen != onboardPassword && !password.IsZero():
		return []store.FieldError{{Field: "onboarding", Code: store.CodeConflict, Message: "select \"Set the password below\", or leave the password empty"}}
	}
	return nil
}

// completeDraft adds the errors of the first login to those of the fields, suggests the
// username that was left empty, and decides about the default groups: the service adds a new user to them unless
// groups were chosen. A form that chose all of them leaves that as it is.
func (u *userPages) completeDraft(ctx context.Context, r *request, in input, d *resource.Draft[userman.User]) error {
	groups, err := u.users(ctx).Groups().List(ctx)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if g.Default && !slices.Contains(in.Texts["groups"], g.Name) {
			d.Given = []string{"groups"}
		}
	}
	if d.Record.Username == "" {
		d.Record.Username = userman.SuggestUsername(d.Record)
		in.Texts["username"] = []string{d.Record.Username}
		if d.Record.Username == "" {
			d.Errors = append(d.Errors, store.FieldError{Field: "username", Code: store.CodeRequired, Message: "enter a first and last name, or a username"})
		}
	}
	d.Errors = append(d.Errors, validateOnboarding(r.form("onboarding"), d.Secret, in.text("email"))...)
	return nil
}

// onboard does what was chosen for a new user. Its failure is shown on the page of
// the user: an error page would look as if the user was not created.
func (u *userPages) onboard(ctx context.Context, r *request, result resource.Result[userman.User]) (response, error) {
	one, added := result.Record, result.Record.Username+" was added"
	failed := func(what string, err error) response {
		return redirect{Path: u.path(one), Warning: added + ". " + what + ": " + u.errorPage(ctx, r, err).Reason}
	}
	switch r.form("onboarding") {
	case onboardMail:
		delivery, err := u.users(ctx).Mails().Send(ctx, usermail.Welcome, one.Username)
		if err != nil {
			return failed("No email was sent", err), nil
		}
		return u.delivered(one, added+". ", delivery), nil
	case onboardLink:
		link, err := u.createPasswordLink(ctx, r, one)
		if err != nil {
			return failed("No link was created", err), nil
		}
		if shown, ok := link.(redirect); ok {
			shown.Flash = added + "."
			return shown, nil
		}
		return link, nil
	case onboardPassword:
		added += " and can log in with the password that you set"
	}
	return redirect{Path: u.path(one), Flash: added + "."}, nil
}
