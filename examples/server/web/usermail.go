package web

import (
	"net/http"
	"strings"

	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// redirectWithDelivery says on the page of u what came of a mail, after what was done before.
func (v *pageHandler) redirectWithDelivery(u *userman.User, before string, d *userman.Delivery) error {
	if d.Status == userman.DeliverySent {
		return v.redirectWithFlash(userPath(u.Username), before+"Email sent to "+u.Email+": "+d.Message+".")
	}
	return v.redirectWithWarning(userPath(u.Username), before+"Email not delivered: "+sentence(d.Message))
}

func (v *pageHandler) userWelcome() error {
	u, err := v.user()
	if err != nil {
		return err
	}
	delivery, err := v.users().SendWelcome(v.r.Context(), u.Username)
	if err != nil {
		return v.renderUserErrors(u, err)
	}
	return v.redirectWithDelivery(u, "", delivery)
}

func (v *pageHandler) userReset() error {
	u, err := v.user()
	if err != nil {
		return err
	}
	delivery, err := v.users().SendReset(v.r.Context(), u.Username)
	if err != nil {
		return v.renderUserErrors(u, err)
	}
	return v.redirectWithDelivery(u, "", delivery)
}

// mailPage shows a mail before it is sent.
type mailPage struct {
	*usermail.Mail

	ID, Username string
	// Kind names the mail for people; Send is where it is sent.
	Kind, Send string
}

func (v *pageHandler) userMail() error {
	kind := usermail.Kind(v.r.PathValue("kind"))
	names := map[usermail.Kind]string{usermail.Welcome: "Welcome email", usermail.Reset: "Password reset email"}
	if names[kind] == "" {
		return &statusError{status: http.StatusNotFound}
	}
	u, err := v.user()
	if err != nil {
		return err
	}
	message, err := v.users().PreviewMail(v.r.Context(), kind, u.Username)
	if err != nil {
		return err
	}
	// The mail is shown in a frame of its own, without scripts; the policy of
	// this page holds in it as well, and mails carry their styles with them.
	policy := v.w.Header().Get("Content-Security-Policy")
	v.w.Header().Set("Content-Security-Policy", strings.Replace(policy, "style-src 'self'", "style-src 'self' 'unsafe-inline'", 1))
	return v.render("usermail", names[kind]+" to "+u.Name(), mailPage{
		Mail: message, ID: u.ID, Username: u.Username, Kind: names[kind], Send: userPath(u.Username) + "/" + string(kind),
	})
}
