package web

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// newPasswordLink creates a link that sets the password, and shows it on its own
// page.
func (u *userPages) newPasswordLink(ctx context.Context, now *userman.User) (response, error) {
	link, err := u.users(ctx).Invite(ctx, now.Username)
	if err != nil {
		return nil, err
	}
	u.stashSecret(ctx, userLinkKey, now.ID, link.ExpiresAt, u.baseURL+userman.SetPasswordPath+link.Token.Reveal())
	return redirect{Path: u.path(now) + "/link"}, nil
}

func (u *userPages) createPasswordLink(ctx context.Context, r *request) (response, error) {
	return u.respond(ctx, r, u.newPasswordLink)
}

// respond answers an action on a user. Its errors are shown on the page of the
// user.
func (u *userPages) respond(ctx context.Context, r *request, do func(ctx context.Context, now *userman.User) (response, error)) (response, error) {
	now, err := u.user(ctx, r)
	if err != nil {
		return nil, err
	}
	answer, err := do(ctx, now)
	if err != nil {
		return u.actionErrors(ctx, r, now, err)
	}
	return answer, nil
}

func (u *userPages) passwordLink(ctx context.Context, r *request) (response, error) {
	now, err := u.user(ctx, r)
	if err != nil {
		return nil, err
	}
	return u.linkPage(ctx, r, now, "Password link for ", "/link", "set a password", userLinkKey, now.InvitationExpiresAt), nil
}

func (u *userPages) linkPage(ctx context.Context, r *request, now *userman.User, title, path, what, key string, expires time.Time) response {
	back := u.path(now)
	return page{Name: "link", Title: title + now.Name(), Body: linkPage{
		UserID: now.ID, Username: now.Username, Back: back, Again: back + path, What: what, Expires: expires,
		Link: copyable{ID: "link", Text: u.takeSecret(ctx, r, key, now.ID, expires), What: "the link"},
	}}
}

func (u *userPages) createSoftphoneLink(ctx context.Context, r *request) (response, error) {
	return u.respond(ctx, r, func(ctx context.Context, now *userman.User) (response, error) {
		link, err := u.users(ctx).InviteSoftphone(ctx, now.Username)
		if err != nil {
			return nil, err
		}
		u.stashSecret(ctx, softphoneKey, now.ID, time.Time{}, u.baseURL+userman.ActivationPath+link.Token.Reveal())
		return redirect{Path: u.path(now) + "/softphone"}, nil
	})
}

func (u *userPages) softphoneLink(ctx context.Context, r *request) (response, error) {
	now, err := u.user(ctx, r)
	if err != nil {
		return nil, err
	}
	return u.linkPage(ctx, r, now, "Softphone link for ", "/softphone", "set up a softphone", softphoneKey, time.Time{}), nil
}

// delivered says on the page of a user whether a mail was sent, after what was
// done before.
func (u *userPages) delivered(now *userman.User, before string, d *userman.Delivery) response {
	if d.Status == userman.DeliverySent {
		return redirect{Path: u.path(now), Flash: before + "Email sent to " + now.Email + ": " + d.Message + "."}
	}
	return redirect{Path: u.path(now), Warning: before + "Email not delivered: " + sentence(d.Message)}
}

func (u *userPages) sendWelcome(ctx context.Context, r *request) (response, error) {
	return u.send(ctx, r, u.users(ctx).SendWelcome)
}

func (u *userPages) sendReset(ctx context.Context, r *request) (response, error) {
	return u.send(ctx, r, u.users(ctx).SendReset)
}

func (u *userPages) send(ctx context.Context, r *request, send func(ctx context.Context, username string) (*userman.Delivery, error)) (response, error) {
	return u.respond(ctx, r, func(ctx context.Context, now *userman.User) (response, error) {
		delivery, err := send(ctx, now.Username)
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

func (u *userPages) previewMail(ctx context.Context, r *request) (response, error) {
	kind := usermail.Kind(r.PathValue("kind"))
	names := map[usermail.Kind]string{usermail.Welcome: "Welcome email", usermail.Reset: "Password reset email"}
	if names[kind] == "" {
		return nil, &statusError{status: http.StatusNotFound}
	}
	now, err := u.user(ctx, r)
	if err != nil {
		return nil, err
	}
	message, err := u.users(ctx).PreviewMail(ctx, kind, now.Username)
	if err != nil {
		return nil, err
	}
	return page{Name: "usermail", Title: names[kind] + " to " + now.Name(), Header: allowMailStyles, Body: mailPage{
		Mail: message, ID: now.ID, Username: now.Username, Kind: names[kind], Send: u.path(now) + "/" + string(kind),
	}}, nil
}

// allowMailStyles lets a mail use its own styles. It is shown in a frame without
// scripts, in which the policy of the page holds as well.
func allowMailStyles(header http.Header) {
	const name, styles = "Content-Security-Policy", "style-src 'self'"
	header.Set(name, strings.Replace(header.Get(name), styles, styles+" 'unsafe-inline'", 1))
}
