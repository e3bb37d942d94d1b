package web

import (
	"time"

	"github.com/pbxusers/pbxusers/userman"
)

func (v *visit) personLink() error {
	u, err := v.person()
	if err != nil {
		return err
	}
	if err := v.linkPerson(u); err != nil {
		return v.refusedPerson(u, err)
	}
	return nil
}

// linkPerson makes a link to set a password, and shows it on a page of its own.
func (v *visit) linkPerson(u *userman.User) error {
	link, err := v.people().Invite(v.r.Context(), u.Username)
	if err != nil {
		return err
	}
	v.showOnce(personLinkKey, u.ID, link.ExpiresAt, v.baseURL+userman.SetPasswordPath+link.Token.Reveal())
	return v.redirect(personPath(u.Username) + "/link")
}

func (v *visit) personLinked() error {
	u, err := v.person()
	if err != nil {
		return err
	}
	back := personPath(u.Username)
	return v.show("link", "Link for "+u.Name(), linkPage{
		Person: u.ID, Username: u.Username, Back: back, Again: back + "/link", What: "set a password", Expires: u.InvitedUntil,
		Link: copied{ID: "link", Text: v.shownOnce(personLinkKey, u.ID, u.InvitedUntil), What: "the link"},
	})
}

func (v *visit) personSoftphone() error {
	u, err := v.person()
	if err != nil {
		return err
	}
	link, err := v.people().InviteSoftphone(v.r.Context(), u.Username)
	if err != nil {
		return v.refusedPerson(u, err)
	}
	v.showOnce(softphoneKey, u.ID, time.Time{}, v.baseURL+userman.ActivationPath+link.Token.Reveal())
	return v.redirect(personPath(u.Username) + "/softphone")
}

func (v *visit) personSoftphoneLinked() error {
	u, err := v.person()
	if err != nil {
		return err
	}
	back := personPath(u.Username)
	return v.show("link", "Softphone link for "+u.Name(), linkPage{
		Person: u.ID, Username: u.Username, Back: back, Again: back + "/softphone", What: "set up a softphone",
		Link: copied{ID: "link", Text: v.shownOnce(softphoneKey, u.ID, time.Time{}), What: "the link"},
	})
}
