package web_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// sipAccountStub returns the SIP accounts of extensions.
type sipAccountStub struct{ technology string }

func (o sipAccountStub) SIPAccount(_ context.Context, extension string) (*userman.SIPAccount, error) {
	return &userman.SIPAccount{Technology: o.technology, Username: extension, Secret: store.NewSecret("sip-secret"), Domain: "pbx.example.com"}, nil
}

// startSoftphone starts a server with a user who has a softphone link.
func startSoftphone(t *testing.T) (b *browser, link string, at *testClock) {
	t.Helper()
	at = &testClock{now: time.Now().UTC()}
	b = start(t, &servertest.Options{
		Clock: at.Now, Users: func(o *userman.Options) { o.SIPAccounts = sipAccountStub{"PJSIP"} },
	})
	b.createUser(userman.User{Username: "alice", DefaultExtension: "1001"})
	invited, err := b.server.Site.Users.Softphones().Invite(t.Context(), "alice")
	require.NoError(t, err)
	return b, userman.ActivationPath + invited.Token.Reveal(), at
}

func TestPages_softphoneLinkIsUsedOnlyByDownload(t *testing.T) {
	t.Parallel()
	b, link, _ := startSoftphone(t)
	phone := b.anonymous()
	page := phone.get(link, http.StatusOK)
	require.Equal(t, b.server.URL+link+"/linphone.xml", copyableText(page, "provisioning"))
	require.NotContains(t, page, `href="`+link, "nothing on the page spends the link by being clicked or loaded ahead")
	response, picture := b.server.Get(t, phone.client, link+"/qr.png")
	require.Equal(t, "image/png", response.Header.Get("Content-Type"))
	require.True(t, strings.HasPrefix(picture, "\x89PNG"))

	for _, ahead := range []func(*http.Request){
		func(r *http.Request) { r.Method = http.MethodHead },
		func(r *http.Request) { r.Header.Set("Sec-Purpose", "prefetch") },
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.server.URL+link+"/linphone.xml", http.NoBody)
		require.NoError(t, err)
		ahead(request)
		response, body := servertest.Do(t, phone.client, request)
		require.Equal(t, http.StatusNoContent, response.StatusCode)
		require.Empty(t, body)
	}

	response, document := b.server.Get(t, phone.client, link+"/linphone.xml")
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Contains(t, response.Header.Get("Content-Type"), "application/xml")
	require.Equal(t, "no-store", response.Header.Get("Cache-Control"))
	require.Contains(t, document, "sip-secret")
	for _, again := range []string{"/linphone.xml", "/account.json", "", "/qr.png"} {
		require.NotContains(t, phone.get(link+again, http.StatusNotFound), "sip-secret")
	}
}

func TestPages_softphoneAccountJSON(t *testing.T) {
	t.Parallel()
	b, link, _ := startSoftphone(t)
	response, document := b.server.Get(t, b.anonymous().client, link+"/account.json")
	require.Equal(t, "application/json", response.Header.Get("Content-Type"))
	require.Contains(t, document, `"secret":"sip-secret"`)
}

func TestPages_softphoneLinkExpires(t *testing.T) {
	t.Parallel()
	b, link, at := startSoftphone(t)
	_, err := b.server.Site.Users.Update(t.Context(), "alice", func(u *userman.User) error {
		u.DefaultExtension = ""
		return nil
	})
	require.NoError(t, err)
	require.Contains(t, b.anonymous().get(link+"/linphone.xml", http.StatusConflict), "default extension")
	require.Contains(t, b.anonymous().get(link, http.StatusOK), "Set up your softphone", "a failed activation does not use the link up")
	at.advance(8 * 24 * time.Hour)
	require.Contains(t, b.anonymous().get(link, http.StatusNotFound), "This link has expired")
}
