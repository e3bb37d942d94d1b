package web_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// janeTokensPath is the page of the tokens of jane.roe.
const janeTokensPath = "/users/jane.roe/tokens"

func tokenForm() url.Values {
	return url.Values{
		"description": {"Wallboard"}, "extensions": {"ALL"}, "modules": {"voicemail, history"}, "requests_per_hour": {"60"},
		"addresses": {"10.0.0.0/8, 2001:db8::1"}, "expires_at": {"2099-12-31T23:59"},
	}
}

func TestPages_tokenCreateShowsKeyOnce(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe", DefaultExtension: "4001", Permissions: permission.Permissions{permission.RESTUse: permission.On()}})
	require.Contains(t, b.get(janeTokensPath, http.StatusOK), "There are no API tokens")
	page := b.postRedirect(janeTokensPath+"/new", tokenForm())
	id := strings.Split(page, "/")[4]
	text := b.get(page, http.StatusOK)
	key := copyableText(text, "key")
	require.Equal(t, id, copyableText(text, "token-id"))
	require.NotContains(t, b.get(page, http.StatusOK), key)
	u, err := b.server.Site.Tokens.Authenticate(t.Context(), apitoken.Request{
		TokenID: apitoken.ID(id), Key: store.NewSecret(key), Module: "voicemail", Extension: "4001", RemoteAddr: netip.MustParseAddr("10.1.2.3"),
	})
	require.NoError(t, err)
	require.Equal(t, "jane.roe", u.Username)
	require.NotContains(t, b.get(janeTokensPath, http.StatusOK), "Tokens do not work")

	next := b.postRedirect(janeTokensPath+"/"+id+"/rotate", nil)
	require.NotEqual(t, key, copyableText(b.get(next, http.StatusOK), "key"))
	require.Contains(t, b.get(janeTokensPath+"/"+id+"/delete", http.StatusOK), "This cannot be undone")
	require.Equal(t, janeTokensPath, b.postRedirect(janeTokensPath+"/"+id+"/delete", nil))
	b.get(janeTokensPath+"/"+id, http.StatusNotFound)
}

func TestPages_tokenEdit(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe"})
	expires := time.Date(2099, 1, 2, 3, 4, 5, 678_000, time.UTC)
	created, _, err := b.server.Site.Tokens.Create(t.Context(), "jane.roe", &apitoken.Token{ExpiresAt: expires})
	require.NoError(t, err)
	path := janeTokensPath + "/" + string(created.ID)
	require.Contains(t, b.get(janeTokensPath, http.StatusOK), "Tokens do not work")
	page := b.get(path, http.StatusOK)
	require.Contains(t, page, `value="2099-01-02T03:04"`)
	form := tokenForm()
	form.Set("version", b.hiddenValue(page, "version"))
	form.Set("expires_at", "2099-01-02T03:04")
	form.Set("disabled", "yes")
	b.postRedirect(path, form)
	token, err := b.server.Site.Tokens.Get(t.Context(), created.ID)
	require.NoError(t, err)
	require.True(t, token.Disabled)
	require.Equal(t, expires, token.ExpiresAt, "what was not typed stays, to the microsecond")
	require.Equal(t, []string{"all"}, token.Extensions)
	require.Len(t, token.Addresses, 2)
	require.Contains(t, b.get(path, http.StatusOK), `value="10.0.0.0/8, 2001:db8::1"`)
	require.Contains(t, b.post(path, form, http.StatusConflict), "Edit conflict")
}

func TestPages_tokenFieldErrors(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe"})
	form := tokenForm()
	form.Set("requests_per_hour", "many")
	form.Set("addresses", "nowhere")
	form.Set("expires_at", "never")
	page := b.post(janeTokensPath+"/new", form, http.StatusUnprocessableEntity)
	for _, name := range []string{"requests_per_hour", "addresses", "expires_at"} {
		b.requireFieldError(page, "field-"+name)
	}
	form = tokenForm()
	form.Set("extensions", "x")
	form.Set("requests_per_hour", "-7")
	form.Set("expires_at", "2001-01-01T00:00")
	page = b.post(janeTokensPath+"/new", form, http.StatusUnprocessableEntity)
	for _, name := range []string{"extensions", "requests_per_hour", "expires_at"} {
		b.requireFieldError(page, "field-"+name)
	}
}

func TestPages_tokenOnlyUnderItsUser(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe"})
	b.createUser(userman.User{Username: "john.roe"})
	created, _, err := b.server.Site.Tokens.Create(t.Context(), "john.roe", &apitoken.Token{})
	require.NoError(t, err)
	for _, page := range []string{"", "/key", "/rotate", "/delete"} {
		b.get(janeTokensPath+"/"+string(created.ID)+page, http.StatusNotFound)
	}
	b.post(janeTokensPath+"/"+string(created.ID)+"/delete", nil, http.StatusNotFound)
	_, err = b.server.Site.Tokens.Get(t.Context(), created.ID)
	require.NoError(t, err)
}
