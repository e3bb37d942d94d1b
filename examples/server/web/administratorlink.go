package web

import (
	"time"
)

// linkPage shows a link that works once.
type linkPage struct {
	// Person is the ID of the person whose it is; empty when it is somebody
	// else's.
	UserID, Username string
	// What the link does, Again makes another one, and Back is whose it is.
	What, Again, Back string
	// Link is empty when it was shown before.
	Link copyable
	// Expires is zero where it is not told.
	Expires time.Time
}

// copyable is a text with a button that copies it.
type copyable struct {
	ID, Text string
	// What names it, for the button.
	What string
}

func (v *pageHandler) administratorInvite() error {
	a, err := v.administrator()
	if err != nil {
		return err
	}
	return v.inviteAdministrator(a.Username)
}

// inviteAdministrator makes a link, and shows it on a page of its own.
func (v *pageHandler) inviteAdministrator(username string) error {
	link, err := v.administrators().Invite(v.r.Context(), username)
	if err != nil {
		return err
	}
	v.stashSecret(linkKey, link.Username, link.ExpiresAt, v.baseURL+"/set-password/"+link.Token.Reveal())
	return v.redirect(administratorPath(link.Username) + "/invite")
}

func (v *pageHandler) administratorInviteLink() error {
	a, err := v.administrator()
	if err != nil {
		return err
	}
	back := administratorPath(a.Username)
	return v.render("link", "Password link for "+a.Username, linkPage{
		Username: a.Username, Back: back, Again: back + "/invite", What: "set a password", Expires: a.InvitationExpiresAt,
		Link: copyable{ID: "link", Text: v.takeSecret(linkKey, a.Username, a.InvitationExpiresAt), What: "the link"},
	})
}
