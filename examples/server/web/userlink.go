package web

import (
	"time"

	"github.com/pbxusers/pbxusers/userman"
)

func (v *pageHandler) userLink() error {
	u, err := v.user()
	if err != nil {
		return err
	}
	if err := v.redirectToUserLink(u); err != nil {
		return v.renderUserErrors(u, err)
	}
	return nil
}

// redirectToUserLink makes a link to set a password, and shows it on a page of its own.
func (v *pageHandler) redirectToUserLink(u *userman.User) error {
	link, err := v.users().Invite(v.r.Context(), u.Username)
	if err != nil {
		return err
	}
	v.stashSecret(userLinkKey, u.ID, link.ExpiresAt, v.baseURL+userman.SetPasswordPath+link.Token.Reveal())
	return v.redirect(userPath(u.Username) + "/link")
}

func (v *pageHandler) userLinkPage() error {
	u, err := v.user()
	if err != nil {
		return err
	}
	back := userPath(u.Username)
	return v.render("link", "Password link for "+u.Name(), linkPage{
		UserID: u.ID, Username: u.Username, Back: back, Again: back + "/link", What: "set a password", Expires: u.InvitationExpiresAt,
		Link: copyable{ID: "link", Text: v.takeSecret(userLinkKey, u.ID, u.InvitationExpiresAt), What: "the link"},
	})
}

func (v *pageHandler) userSoftphone() error {
	u, err := v.user()
	if err != nil {
		return err
	}
	link, err := v.users().InviteSoftphone(v.r.Context(), u.Username)
	if err != nil {
		return v.renderUserErrors(u, err)
	}
	v.stashSecret(softphoneKey, u.ID, time.Time{}, v.baseURL+userman.ActivationPath+link.Token.Reveal())
	return v.redirect(userPath(u.Username) + "/softphone")
}

func (v *pageHandler) userSoftphoneLink() error {
	u, err := v.user()
	if err != nil {
		return err
	}
	back := userPath(u.Username)
	return v.render("link", "Softphone link for "+u.Name(), linkPage{
		UserID: u.ID, Username: u.Username, Back: back, Again: back + "/softphone", What: "set up a softphone",
		Link: copyable{ID: "link", Text: v.takeSecret(softphoneKey, u.ID, time.Time{}), What: "the link"},
	})
}
