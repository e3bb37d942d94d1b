package web

import (
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// Ways in which somebody new begins.
const (
	onboardMail     = "mail"
	onboardLink     = "link"
	onboardPassword = "password"
	onboardLater    = "later"
)

// defaultOnboarding is the way that is offered first.
func (v *pageHandler) defaultOnboarding() string {
	if v.site.MailStatus().Configured {
		return onboardMail
	}
	return onboardLink
}

func onboardingGroup(chosen string, errs formErrors) group {
	return group{
		Name: "onboarding", Legend: userLabels()["onboarding"], One: true, Errors: errs.forField("onboarding"),
		Choices: []choice{
			{Value: onboardMail, Label: "Send a welcome email", Hint: "The email contains a link to set a password.", Chosen: chosen == onboardMail},
			{Value: onboardLink, Label: "Show a password link", Hint: "Pass the link on, so that the user can set a password.", Chosen: chosen == onboardLink},
			{Value: onboardPassword, Label: "Set the password below", Hint: "You will know the password.", Chosen: chosen == onboardPassword},
			{Value: onboardLater, Label: "Later", Hint: "The user cannot log in until you send a welcome email or set a password.", Chosen: chosen == onboardLater},
		},
	}
}

// validateOnboarding refuses a password that is not to be set, and none that is.
func validateOnboarding(begin string, password store.Secret) error {
	switch {
	case begin != onboardMail && begin != onboardLink && begin != onboardPassword && begin != onboardLater:
		return store.NewInvalidError(store.FieldError{Field: "onboarding", Code: "oneof", Message: "select an option"})
	case begin == onboardPassword && password.IsZero():
		return store.NewInvalidError(store.FieldError{Field: "password", Code: "required", Message: "enter a password, or select another option"})
	case begin != onboardPassword && !password.IsZero():
		return store.NewInvalidError(store.FieldError{Field: "onboarding", Code: "conflict", Message: "select \"Set the password below\", or leave the password empty"})
	}
	return nil
}

// onboardUser does with somebody who was just made what was chosen.
func (v *pageHandler) onboardUser(u *userman.User, begin string) error {
	added := u.Username + " was added"
	switch begin {
	case onboardMail:
		delivery, err := v.users().SendWelcome(v.r.Context(), u.Username)
		if err != nil {
			return v.warnOnboardingFailed(u, "No email was sent", err)
		}
		return v.redirectWithDelivery(u, added+". ", delivery)
	case onboardLink:
		if err := v.redirectToUserLink(u); err != nil {
			return v.warnOnboardingFailed(u, "No link was created", err)
		}
		return nil
	case onboardPassword:
		return v.redirectWithFlash(userPath(u.Username), added+" and can log in with the password that you set.")
	default:
		return v.redirectWithFlash(userPath(u.Username), added+".")
	}
}

// warnOnboardingFailed says on the page of u, who was just made, that what was to follow
// failed: a page that only says so would be taken for that of nobody made.
func (v *pageHandler) warnOnboardingFailed(u *userman.User, failed string, err error) error {
	return v.redirectWithWarning(userPath(u.Username), u.Username+" was added. "+failed+": "+v.errorPage(err).Reason)
}
