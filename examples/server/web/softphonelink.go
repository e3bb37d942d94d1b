package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

// qrSize is the width of a QR code, in pixels.
const qrSize = 440

// softphonePage is what the link of a softphone leads to.
type softphonePage struct {
	Username string
	Expires  time.Time
	URL      copyable
	QR       string
}

// softphoneLanding shows how to set the softphone up. It spends nothing:
// programs that look at mails open links too.
func (v *pageHandler) softphoneLanding() error {
	link, err := v.site.Users.SoftphoneLink(v.r.Context(), v.linkToken())
	if errors.Is(err, store.ErrNotFound) {
		return v.renderInvalidSoftphoneLink(err)
	}
	if err != nil {
		return err
	}
	return v.render("softphone", "Set up your softphone", softphonePage{
		Username: link.Username, Expires: link.ExpiresAt, QR: v.r.URL.EscapedPath() + "/qr.png",
		URL: copyable{ID: "provisioning", Text: v.provisioningURL().Reveal(), What: "the URL"},
	})
}

// provisioningURL is what the softphone is given.
func (v *pageHandler) provisioningURL() store.Secret {
	return store.NewSecret(v.baseURL + userman.ActivationPath + v.r.PathValue("token") + "/linphone.xml")
}

func (v *pageHandler) renderInvalidSoftphoneLink(why error) error {
	title := "This link no longer works"
	_, expired := errors.AsType[*credential.LinkExpiredError](why)
	if expired {
		title = "This link has expired"
	}
	return v.renderStatus(http.StatusNotFound, "softphoneinvalid", title, struct{ Expired bool }{expired})
}

func (v *pageHandler) softphoneQR() error {
	if _, err := v.site.Users.SoftphoneLink(v.r.Context(), v.linkToken()); err != nil {
		return err
	}
	picture, err := userman.QR(v.provisioningURL(), qrSize)
	if err != nil {
		return err
	}
	return v.writeBody("image/png", picture)
}

// writeBody answers with what is no page.
func (v *pageHandler) writeBody(kind string, body []byte) error {
	v.w.Header().Set("Content-Type", kind)
	v.w.Header().Set("Cache-Control", "no-store")
	_, _ = v.w.Write(body)
	return nil
}

func (v *pageHandler) softphoneLinphone() error {
	return v.activate("application/xml; charset=utf-8", (*userman.Activation).Linphone)
}

func (v *pageHandler) softphoneAccount() error {
	return v.activate("application/json", (*userman.Activation).JSON)
}

// activate spends the link and answers with the account, once. Whoever only
// asks what the answer would look like, and a browser that loads what might be
// opened next, spend nothing.
func (v *pageHandler) activate(kind string, write func(*userman.Activation) ([]byte, error)) error {
	ctx := v.r.Context()
	if v.r.Method == http.MethodHead || v.r.Header.Get("Sec-Purpose") != "" {
		if _, err := v.site.Users.SoftphoneLink(ctx, v.linkToken()); err != nil {
			return v.renderActivationError(err)
		}
		v.w.Header().Set("Content-Type", kind)
		v.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	activation, err := v.site.Users.ActivateSoftphone(ctx, v.linkToken())
	if err != nil {
		return v.renderActivationError(err)
	}
	document, err := write(activation)
	if err != nil {
		return err
	}
	return v.writeBody(kind, document)
}

func (v *pageHandler) renderActivationError(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return v.renderInvalidSoftphoneLink(err)
	}
	return err
}
