package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// createPasswordLink creates a link that sets the password, and shows it on its
// own page.
func (u *userPages) createPasswordLink(ctx context.Context, _ *request, now *userman.User) (response, error) {
	link, err := u.users(ctx).Invite(ctx, now.Username)
	if err != nil {
		return nil, err
	}
	return u.showOnce(ctx, now, "/link", link.ExpiresAt, store.NewSecret(u.baseURL()+userman.SetPasswordPath+link.Token.Reveal())), nil
}

func (u *userPages) passwordLink(_ context.Context, r *request, now *userman.User) (response, error) {
	link := u.takeOnce(r, now, "/link", now.InvitationExpiresAt)
	return linkOnce(r, "Password link for "+now.Name(), "set a password", link, now.InvitationExpiresAt, u.user(now), u.path(now)), nil
}

func (u *userPages) createSoftphoneLink(ctx context.Context, _ *request, now *userman.User) (response, error) {
	link, err := u.users(ctx).Softphones().Invite(ctx, now.Username)
	if err != nil {
		return nil, err
	}
	return u.showOnce(ctx, now, "/softphone", time.Time{}, store.NewSecret(u.baseURL()+userman.ActivationPath+link.Token.Reveal())), nil
}

func (u *userPages) softphoneLink(_ context.Context, r *request, now *userman.User) (response, error) {
	link := u.takeOnce(r, now, "/softphone", time.Time{})
	return linkOnce(r, "Softphone link for "+now.Name(), "set up a softphone", link, time.Time{}, u.user(now), u.path(now)), nil
}

// delivered shows on the page of a user whether a mail was sent. before is the
// result of an earlier step.
func (u *userPages) delivered(now *userman.User, before string, d *userman.Delivery) response {
	if d.Status == userman.DeliverySent {
		return redirect{Path: u.path(now), Flash: before + "Email sent to " + now.Email + ": " + d.Message + "."}
	}
	if d.Status == userman.DeliveryDeferred {
		return redirect{Path: u.path(now), Warning: before + "Email not sent yet; it is tried again automatically: " + sentence(d.Message)}
	}
	return redirect{Path: u.path(now), Warning: before + "Email not delivered: " + sentence(d.Message)}
}

// send returns the handler that sends a mail to a user.
func (u *userPages) send(kind usermail.Kind) handler {
	return u.acting(func(ctx context.Context, _ *request, now *userman.User) (response, error) {
		delivery, err := u.users(ctx).Mails().Send(ctx, kind, now.Username)
		if err != nil {
			return nil, err
		}
		return u.delivered(now, "", delivery), nil
	})
}

// mailPage shows a mail before it is sent.
type mailPage struct {
	*usermail.Mail

	ID, Username string
	// Kind names the mail; Send is the address that sends it.
	Kind, Send string
}

func (u *userPages) previewMail(ctx context.Context, r *request, now *userman.User) (response, error) {
	kind := usermail.Kind(r.PathValue("kind"))
	names := map[usermail.Kind]string{usermail.Welcome: "Welcome email", usermail.Reset: "Password reset email"}
	if names[kind] == "" {
		return nil, errNoPage
	}
	message, err := u.users(ctx).Mails().Preview(ctx, kind, now.Username)
	if err != nil {
		return nil, err
	}
	return page{Name: "usermail", Title: names[kind] + " to " + now.Name(), Header: allowMailStyles, Body: mailPage{
		Mail: message, ID: string(now.ID), Username: now.Username, Kind: names[kind], Send: u.path(now) + "/" + string(kind),
	}}, nil
}

// allowMailStyles lets a mail use its own styles. It is shown in a frame without
// scripts, in which the policy of the page holds as well.
func allowMailStyles(header http.Header) {
	const name, styles = "Content-Security-Policy", "style-src 'self'"
	header.Set(name, strings.Replace(header.Get(name), styles, styles+" 'unsafe-inline'", 1))
}

// How a new password is chosen.
const (
	passwordGenerated = "generate"
	passwordTyped     = "typed"
)

// askPassword asks for the password of a user. The form is shown as it was sent.
func (u *userPages) askPassword(_ context.Context, r *request, _ *userman.User, c *confirmation) error {
	options := []string{"must_change"}
	if r.PostForm != nil {
		options = r.PostForm["options"]
	}
	password := newPassword("New password")
	password.Required = false
	c.Controls = []formField{
		{Name: "how", Label: "Password", Type: "radio", Choices: chosenOf([]choice{
			{Value: passwordGenerated, Label: "Generate a password", Hint: "It is shown only once."},
			{Value: passwordTyped, Label: "Set the password below"},
		}, cmp.Or(r.form("how"), passwordGenerated))},
		password,
		{Name: "options", Label: "Options", Type: "checkbox", Choices: []choice{
			{
				Value: "must_change", Label: "Require a new password at the next login", Hint: "After that only the user knows the password.",
				Chosen: slices.Contains(options, "must_change"),
			},
			{
				Value: "disable_tokens", Label: "Disable all API tokens of this user", Hint: "Otherwise the tokens keep working, because they have their own keys.",
				Chosen: slices.Contains(options, "disable_tokens"),
			},
		}},
	}
	return nil
}

func (u *userPages) setPassword(ctx context.Context, r *request, now *userman.User) (response, error) {
	how, options := r.form("how"), r.PostForm["options"]
	password, err := u.passwordFromForm(ctx, r, how)
	if err != nil {
		return nil, err
	}
	now, err = u.users(ctx).SetPassword(ctx, now.Username, password, &userman.PasswordOptions{
		MustChange: slices.Contains(options, "must_change"), DisableTokens: slices.Contains(options, "disable_tokens"),
	})
	if err != nil {
		return nil, err
	}
	if how != passwordGenerated {
		return redirect{Path: u.path(now), Flash: "Password set. All sessions ended."}, nil
	}
	return u.showOnce(ctx, now, "/password/generated", now.PasswordChangedAt, password), nil
}

// passwordFromForm returns the typed password, or a generated one.
func (u *userPages) passwordFromForm(ctx context.Context, r *request, how string) (store.Secret, error) {
	typed := store.NewSecret(r.form("password"))
	switch {
	case how == passwordTyped:
		return typed, nil
	case how != passwordGenerated:
		return typed, invalidField("how", store.CodeOneOf, "select an option")
	case !typed.IsZero():
		return typed, invalidField("how", store.CodeConflict, "select the typed password, or leave the password empty")
	}
	return u.users(ctx).GeneratePassword()
}

func (u *userPages) generatedPassword(_ context.Context, r *request, now *userman.User) (response, error) {
	password := u.takeOnce(r, now, "/password/generated", now.PasswordChangedAt)
	return page{Name: "once", Title: "Password of " + now.Name(), Body: oncePage{
		Kind: "password", To: now.Name(), Secret: password,
		Again: u.path(now) + "/password", Back: pageLink{u.path(now), now.Name()},
	}}, nil
}
