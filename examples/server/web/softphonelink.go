package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// qrSize is the width of a QR code, in pixels.
const qrSize = 440

// softphonePage is what the link of a softphone leads to.
type softphonePage struct {
	Username string
	Expires  time.Time
	URL      copied
	QR       string
}

// softphoneLanding shows how to set the softphone up. It spends nothing:
// programs that look at mails open links too.
func (v *visit) softphoneLanding() error {
	link, err := v.site.People.SoftphoneLink(v.r.Context(), v.linkToken())
	if errors.Is(err, store.ErrNotFound) {
		return v.showDeadSoftphone(err)
	}
	if err != nil {
		return err
	}
	return v.show("softphone", "Set up your softphone", softphonePage{
		Username: link.Username, Expires: link.ExpiresAt, QR: v.r.URL.EscapedPath() + "/qr.png",
		URL: copied{ID: "provisioning", Text: v.provisioningURL().Reveal(), What: "the address"},
	})
}

// provisioningURL is what the softphone is given.
func (v *visit) provisioningURL() store.Secret {
	return store.NewSecret(v.baseURL + userman.ActivationPath + v.r.PathValue("token") + "/linphone.xml")
}

func (v *visit) showDeadSoftphone(why error) error {
	title := "This link does not work any more"
	_, expired := errors.AsType[*userman.LinkExpiredError](why)
	if expired {
		title = "This link has expired"
	}
	return v.showStatus(http.StatusNotFound, "softphonedead", title, struct{ Expired bool }{expired})
}

func (v *visit) softphoneQR() error {
	if _, err := v.site.People.SoftphoneLink(v.r.Context(), v.linkToken()); err != nil {
		return err
	}
	picture, err := userman.QR(v.provisioningURL(), qrSize)
	if err != nil {
		return err
	}
	return v.send("image/png", picture)
}

// send answers with what is no page.
func (v *visit) send(kind string, body []byte) error {
	v.w.Header().Set("Content-Type", kind)
	v.w.Header().Set("Cache-Control", "no-store")
	_, _ = v.w.Write(body)
	return nil
}

func (v *visit) softphoneLinphone() error {
	return v.activate("application/xml; charset=utf-8", (*userman.Activation).Linphone)
}

func (v *visit) softphoneAccount() error {
	return v.activate("application/json", (*userman.Activation).JSON)
}

// activate spends the link and answers with the account, once. Whoever only
// asks what the answer would look like, and a browser that loads what might be
// opened next, spend nothing.
func (v *visit) activate(kind string, write func(*userman.Activation) ([]byte, error)) error {
	ctx := v.r.Context()
	if v.r.Method == http.MethodHead || v.r.Header.Get("Sec-Purpose") != "" {
		if _, err := v.site.People.SoftphoneLink(ctx, v.linkToken()); err != nil {
			return v.refuseActivation(err)
		}
		v.w.Header().Set("Content-Type", kind)
		v.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	activation, err := v.site.People.ActivateSoftphone(ctx, v.linkToken())
	if err != nil {
		return v.refuseActivation(err)
	}
	document, err := write(activation)
	if err != nil {
		return err
	}
	return v.send(kind, document)
}

func (v *visit) refuseActivation(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return v.showDeadSoftphone(err)
	}
	return err
}
