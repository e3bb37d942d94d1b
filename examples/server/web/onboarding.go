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
		Name: "begin", Legend: userLabels()["begin"], One: true, Errors: errs.forField("begin"),
		Choices: []choice{
			{Value: onboardMail, Label: "Send a welcome mail", Hint: "With a link to choose a password.", Chosen: chosen == onboardMail},
			{Value: onboardLink, Label: "Show me a link", Hint: "To pass on; with it the person chooses a password.", Chosen: chosen == onboardLink},
			{Value: onboardPassword, Label: "Set the password below", Hint: "You will know it, then.", Chosen: chosen == onboardPassword},
			{Value: onboardLater, Label: "Nothing yet", Hint: "Nobody can log in as this person until you send a welcome mail.", Chosen: chosen == onboardLater},
		},
	}
}

// validateOnboarding refuses a password that is not to be set, and none that is.
func validateOnboarding(begin string, password store.Secret) error {
	switch {
	case begin != onboardMail && begin != onboardLink && begin != onboardPassword && begin != onboardLater:
		return store.NewInvalidError(store.FieldError{Field: "begin", Code: "oneof", Message: "choose one of these"})
	case begin == onboardPassword && password.IsZero():
		return store.NewInvalidError(store.FieldError{Field: "password", Code: "required", Message: "type a password, or choose another way to begin"})
	case begin != onboardPassword && !password.IsZero():
		return store.NewInvalidError(store.FieldError{Field: "begin", Code: "conflict", Message: "choose to set the password, or leave it empty"})
	}
	return nil
}

// onboardUser does with somebody who was just made what was chosen.
func (v *pageHandler) onboardUser(u *userman.User, begin string) error {
	added := u.Username + " is added"
	switch begin {
	case onboardMail:
		delivery, err := v.users().SendWelcome(v.r.Context(), u.Username)
		if err != nil {
			return v.warnOnboardingFailed(u, "No mail was sent", err)
		}
		return v.redirectWithDelivery(u, added+". ", delivery)
	case onboardLink:
		if err := v.redirectToUserLink(u); err != nil {
			return v.warnOnboardingFailed(u, "No link was made", err)
		}
		return nil
	case onboardPassword:
		return v.redirectWithFlash(userPath(u.Username), added+" and can log in with the password that you chose.")
	default:
		return v.redirectWithFlash(userPath(u.Username), added+".")
	}
}

// warnOnboardingFailed says on the page of u, who was just made, that what was to follow
// failed: a page that only says so would be taken for that of nobody made.
func (v *pageHandler) warnOnboardingFailed(u *userman.User, failed string, err error) error {
	return v.redirectWithWarning(userPath(u.Username), u.Username+" is added. "+failed+": "+v.errorPage(err).Reason)
}
