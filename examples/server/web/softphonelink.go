package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

// qrSize is the width of a QR code, in pixels.
const qrSize = 440

// softphonePage is the page behind a softphone link.
type softphonePage struct {
	Username string
	Expires  time.Time
	URL      string
	QR       string
}

// softphone explains how to set the softphone up. It does not use the link up:
// mail scanners open links too.
func (p publicPages) softphone(ctx context.Context, r *request) (response, error) {
	link, err := p.site.Users.Softphones().Link(ctx, linkToken(r))
	if err != nil {
		return invalidSoftphoneLink(err)
	}
	return page{Name: "softphone", Title: "Set up your softphone", Body: softphonePage{
		Username: link.Username, Expires: link.ExpiresAt, QR: r.URL.EscapedPath() + "/qr.png",
		URL: p.provisioningURL(r).Reveal(),
	}}, nil
}

// provisioningURL is the URL that the softphone opens.
func (p publicPages) provisioningURL(r *request) store.Secret {
	return store.NewSecret(p.baseURL() + userman.ActivationPath + r.PathValue("token") + "/linphone.xml")
}

// invalidSoftphoneLink says why a link does not work.
func invalidSoftphoneLink(err error) (response, error) {
	if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	title := "This link no longer works"
	_, expired := errors.AsType[*credential.LinkExpiredError](err)
	if expired {
		title = "This link has expired"
	}
	return page{Status: http.StatusNotFound, Name: "softphoneinvalid", Title: title, Body: struct{ Expired bool }{expired}}, nil
}

func (p publicPages) softphoneQR(ctx context.Context, r *request) (response, error) {
	if _, err := p.site.Users.Softphones().Link(ctx, linkToken(r)); err != nil {
		return nil, err
	}
	picture, err := userman.QR(p.provisioningURL(r), qrSize)
	return file{ContentType: "image/png", Body: picture}, err
}

// activate returns the handler that uses the link up and answers with the account,
// once. HEAD and a browser that prefetches do not use it up.
func (p publicPages) activate(contentType string, write func(*userman.Activation) ([]byte, error)) handler {
	return func(ctx context.Context, r *request) (response, error) {
		if r.Method == http.MethodHead || r.Header.Get("Sec-Purpose") != "" {
			if _, err := p.site.Users.Softphones().Link(ctx, linkToken(r)); err != nil {
				return invalidSoftphoneLink(err)
			}
			return file{Status: http.StatusNoContent, ContentType: contentType}, nil
		}
		activation, err := p.site.Users.Softphones().Activate(ctx, linkToken(r))
		if err != nil {
			return invalidSoftphoneLink(err)
		}
		document, err := write(activation)
		return file{ContentType: contentType, Body: document}, err
	}
}
