package web

import (
	"time"

	"github.com/pbxusers/pbxusers/userman"
)

// personLinkPage shows a link that works once.
type personLinkPage struct {
	Username string
	// What the link does, Again makes another one, and Back is the person.
	What, Again, Back string
	// Link is empty when it was shown before.
	Link copied
}

func (v *visit) personLink() error {
	u, err := v.person()
	if err != nil {
		return err
	}
	return v.linkPerson(u)
}

// linkPerson makes a link to set a password, and shows it on a page of its own.
func (v *visit) linkPerson(u *userman.User) error {
	link, err := v.people().Invite(v.r.Context(), u.Username)
	if err != nil {
		return v.refusedPerson(u, err)
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
	return v.show("personlink", "Link for "+u.Name(), personLinkPage{
		Username: u.Username, Back: back, Again: back + "/link", What: "set a password",
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
	return v.show("personlink", "Softphone link for "+u.Name(), personLinkPage{
		Username: u.Username, Back: back, Again: back + "/softphone", What: "set up a softphone",
		Link: copied{ID: "link", Text: v.shownOnce(softphoneKey, u.ID, time.Time{}), What: "the link"},
	})
}
