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

// office tells the SIP accounts of extensions.
type office struct{ technology string }

func (o office) SIPAccount(_ context.Context, extension string) (*userman.SIPAccount, error) {
	return &userman.SIPAccount{Technology: o.technology, Username: extension, Secret: store.NewSecret("sip-secret"), Domain: "pbx.example.com"}, nil
}

// startSoftphone starts a server with somebody who has a link for a softphone.
func startSoftphone(t *testing.T) (b *browser, link string, at *clock) {
	t.Helper()
	at = &clock{now: time.Now().UTC()}
	b = start(t, &servertest.Options{
		Clock: at.time, People: func(o *userman.Options) { o.SIPAccounts = office{"PJSIP"} },
	})
	b.addPerson(userman.User{Username: "alice", DefaultExtension: "1001"})
	made, err := b.server.Site.People.InviteSoftphone(t.Context(), "alice")
	require.NoError(t, err)
	return b, userman.ActivationPath + made.Token.Reveal(), at
}

func TestTheLinkOfASoftphoneIsSpentByTheSoftphoneOnly(t *testing.T) {
	t.Parallel()
	b, link, _ := startSoftphone(t)
	phone := b.stranger()
	page := phone.get(link, http.StatusOK)
	require.Equal(t, b.server.URL+link+"/linphone.xml", shown(page, "provisioning"))
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

func TestASoftphoneOfTheProductsOwnIsGivenJSON(t *testing.T) {
	t.Parallel()
	b, link, _ := startSoftphone(t)
	response, document := b.server.Get(t, b.stranger().client, link+"/account.json")
	require.Equal(t, "application/json", response.Header.Get("Content-Type"))
	require.Contains(t, document, `"secret":"sip-secret"`)
}

func TestALinkOfASoftphoneExpiresAndIsRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	b, link, at := startSoftphone(t)
	_, err := b.server.Site.People.Update(t.Context(), "alice", func(u *userman.User) error {
		u.DefaultExtension = ""
		return nil
	})
	require.NoError(t, err)
	require.Contains(t, b.stranger().get(link+"/linphone.xml", http.StatusConflict), "default extension")
	require.Contains(t, b.stranger().get(link, http.StatusOK), "Set up your softphone", "what was refused does not spend the link")
	at.add(8 * 24 * time.Hour)
	require.Contains(t, b.stranger().get(link, http.StatusNotFound), "This link has expired")
}
