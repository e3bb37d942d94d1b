package userman_test

import (
	"context"
	"errors"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/sqlitetest"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// apiClient is a program that uses the token of jane, who has the extensions 1001
// and 1002, from 192.0.2.7.
type apiClient struct {
	*env

	t       testing.TB
	request userman.TokenRequest
}

func newAPIClient(t testing.TB, h *env, tok userman.Token) *apiClient {
	t.Helper()
	jane := newUser("jane", "1001", "1002")
	jane.Permissions = permission.Permissions{permission.RESTUse: permission.On()}
	h.createUser(t, jane, "")
	created, key := h.createToken(t, "jane", tok)
	return &apiClient{h, t, userman.TokenRequest{
		TokenID: created.ID, Key: key, Module: "call_forward", Extension: "1001", RemoteAddr: netip.MustParseAddr("192.0.2.7"),
	}}
}

// updateToken changes the token of the caller.
func (c *apiClient) updateToken(change func(token *userman.Token)) {
	c.t.Helper()
	_, err := c.UpdateToken(c.t.Context(), c.request.TokenID, func(token *userman.Token) error {
		change(token)
		return nil
	})
	require.NoError(c.t, err)
}

// authorize asks with the request as change leaves it.
func (c *apiClient) authorize(ctx context.Context, change func(r *userman.TokenRequest)) (*userman.User, error) {
	r := c.request
	if change != nil {
		change(&r)
	}
	return c.Authorize(ctx, r)
}

// requireForbidden requires a ForbiddenError with exactly that sentence.
func requireForbidden(t testing.TB, err error, reason string) {
	t.Helper()
	forbidden, ok := errors.AsType[*store.ForbiddenError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, reason, forbidden.Reason)
}

// The refusals of Authorize.
const (
	reasonBadKey        = "there is no API token with this ID and this key; look at both, or ask for another key"
	reasonModule        = "this API token does not reach this module; ask your administrator to add it"
	reasonExtension     = "this API token does not reach this extension; it reaches those of its person only, all or some"
	reasonPermission    = "the person of this API token may not use the API; ask your administrator to permit it"
	reasonRemoteAddr    = "this API token may not be used from this address; ask your administrator to add it"
	reasonUserDisabled  = "the person of this API token is disabled; ask your administrator to enable them"
	reasonTokenDisabled = "this API token is disabled; ask your administrator to enable it"
	reasonTokenExpired  = "this API token has expired; ask your administrator for another one"
)

func TestService_Authorize_returnsTokenOwner(t *testing.T) {
	t.Parallel()
	c := newAPIClient(t, newService(t), userman.Token{Modules: []string{"call_forward"}})
	u, err := c.authorize(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, c.get(t, "jane"), u, "as everybody whom the service returns: without credentials")
	for _, extension := range []string{"1002", ""} {
		_, err = c.authorize(t.Context(), func(r *userman.TokenRequest) { r.Extension = extension })
		require.NoError(t, err)
	}
}

func TestService_Authorize_sameErrorForUnknownIDAndWrongKey(t *testing.T) {
	t.Parallel()
	c := newAPIClient(t, newService(t), userman.Token{Modules: []string{"all"}})
	_, other := c.createToken(t, "jane", userman.Token{})
	c.updateToken(func(token *userman.Token) { token.Disabled = true })
	for name, change := range map[string]func(r *userman.TokenRequest){
		"unknown ID":         func(r *userman.TokenRequest) { r.TokenID = "aaaaaaaaaaaaaaaa" },
		"no ID":              func(r *userman.TokenRequest) { r.TokenID = "" },
		"ID in capitals":     func(r *userman.TokenRequest) { r.TokenID = "AAAAAAAAAAAAAAAA" },
		"no key":             func(r *userman.TokenRequest) { r.Key = store.Secret{} },
		"key of another one": func(r *userman.TokenRequest) { r.Key = other },
		"key with a blank":   func(r *userman.TokenRequest) { r.Key = secret(r.Key.Reveal() + " ") },
	} {
		_, err := c.authorize(t.Context(), change)
		requireForbidden(t, err, reasonBadKey)
		require.NotContains(t, name+err.Error(), c.request.Key.Reveal())
	}
	_, err := c.authorize(t.Context(), nil)
	requireForbidden(t, err, reasonTokenDisabled)
}

func TestService_Authorize_explainsDenial(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		by   func(c *apiClient)
		want string
	}{
		"disabled token": {func(c *apiClient) {
			c.updateToken(func(token *userman.Token) { token.Disabled = true })
		}, reasonTokenDisabled},
		"expired": {func(c *apiClient) {
			c.updateToken(func(token *userman.Token) { token.ExpiresAt = c.clock.Now().Add(time.Hour) })
			_, err := c.authorize(c.t.Context(), nil)
			require.NoError(c.t, err)
			c.clock.Advance(time.Hour)
		}, reasonTokenExpired},
		"other addresses": {func(c *apiClient) {
			c.updateToken(func(token *userman.Token) { token.Addresses = prefixes("192.0.2.8/31", "2001:db8::/32") })
		}, reasonRemoteAddr},
		"no address": {func(c *apiClient) {
			c.updateToken(func(token *userman.Token) { token.Addresses = prefixes("0.0.0.0/0", "::/0") })
			c.request.RemoteAddr = netip.Addr{}
		}, reasonRemoteAddr},
		"disabled person": {func(c *apiClient) {
			_, err := c.Disable(c.t.Context(), "jane")
			require.NoError(c.t, err)
		}, reasonUserDisabled},
		"deleted person": {func(c *apiClient) {
			require.NoError(c.t, c.Delete(c.t.Context(), "jane"))
		}, reasonUserDisabled},
		"REST is off": {func(c *apiClient) {
			c.update(c.t, "jane", func(u *userman.User) { u.Permissions[permission.RESTUse] = permission.Off() })
		}, reasonPermission},
		"other module":               {func(c *apiClient) { c.request.Module = "voicemail" }, reasonModule},
		"no module":                  {func(c *apiClient) { c.request.Module = "" }, reasonModule},
		"extension of somebody else": {func(c *apiClient) { c.request.Extension = "1003" }, reasonExtension},
		"word for an extension":      {func(c *apiClient) { c.request.Extension = "all" }, reasonExtension},
		"extension not listed": {func(c *apiClient) {
			c.updateToken(func(token *userman.Token) { token.Extensions = []string{"1002"} })
		}, reasonExtension},
		"listed, but not hers any more": {func(c *apiClient) {
			c.updateToken(func(token *userman.Token) { token.Extensions = []string{"1001"} })
			c.update(c.t, "jane", func(u *userman.User) { u.DefaultExtension = "1009" })
		}, reasonExtension},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newAPIClient(t, newService(t), userman.Token{Modules: []string{"call_forward"}})
			tc.by(c)
			before, err := c.store.Token(t.Context(), c.request.TokenID)
			require.NoError(t, err)
			_, err = c.authorize(t.Context(), nil)
			requireForbidden(t, err, tc.want)
			after, err := c.store.Token(t.Context(), c.request.TokenID)
			require.NoError(t, err)
			require.Equal(t, before, after, "what is refused does not count")
		})
	}
}

func TestService_Authorize_restrictsRemoteAddr(t *testing.T) {
	t.Parallel()
	c := newAPIClient(t, newService(t), userman.Token{Modules: []string{"all"}, Addresses: prefixes("192.0.2.0/24", "fe80::/10")})
	for remoteAddr, want := range map[string]bool{
		"192.0.2.7": true, "::ffff:192.0.2.7": true, "fe80::1%eth0": true, "192.0.3.7": false, "2001:db8::1": false,
	} {
		_, err := c.authorize(t.Context(), func(r *userman.TokenRequest) { r.RemoteAddr = netip.MustParseAddr(remoteAddr) })
		require.Equal(t, want, err == nil, remoteAddr)
	}
}

func TestService_Authorize_acceptsGroupPermission(t *testing.T) {
	t.Parallel()
	c := newAPIClient(t, newService(t), userman.Token{Modules: []string{"all"}})
	c.createGroup(t, "Programmers", permission.Permissions{permission.RESTUse: permission.On()})
	c.update(t, "jane", func(u *userman.User) { u.Permissions = nil })
	_, err := c.authorize(t.Context(), nil)
	requireForbidden(t, err, reasonPermission)
	require.NoError(t, c.AddMembers(t.Context(), "Programmers", "jane"))
	_, err = c.authorize(t.Context(), nil)
	require.NoError(t, err)
	_, err = c.UpdateGroup(t.Context(), "Programmers", func(g *userman.Group) error {
		g.Permissions = nil
		return nil
	})
	require.NoError(t, err)
	_, err = c.authorize(t.Context(), nil)
	requireForbidden(t, err, reasonPermission)
}

func TestService_Authorize_limitsRequestsPerHour(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newAPIClient(t, newServiceWithDB(t, open(t), ""), userman.Token{Modules: []string{"call_forward"}, RequestsPerHour: 3})
			for range 3 {
				_, err := c.authorize(t.Context(), nil)
				require.NoError(t, err)
				c.clock.Advance(10 * time.Minute)
				_, err = c.authorize(t.Context(), func(r *userman.TokenRequest) { r.Module = "voicemail" })
				requireForbidden(t, err, reasonModule)
			}
			_, err := c.authorize(t.Context(), nil)
			rateErr, ok := errors.AsType[*store.RateLimitedError](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, 30*time.Minute, rateErr.RetryAfter, "until the hour of the first one ends")
			c.clock.Advance(rateErr.RetryAfter)
			_, err = c.authorize(t.Context(), nil)
			require.NoError(t, err, "it is counted then, as it was told")

			c.updateToken(func(token *userman.Token) { token.RequestsPerHour = 1 })
			_, err = c.authorize(t.Context(), nil)
			require.ErrorIs(t, err, store.ErrRateLimited, "a lower limit counts at once, and an update does not forget the count")
			c.updateToken(func(token *userman.Token) { token.RequestsPerHour = 2 })
			_, err = c.authorize(t.Context(), nil)
			require.NoError(t, err)
			c.requireAuditIntact(t)
		})
	}
}

func TestService_Authorize_enforcesRateLimitConcurrently(t *testing.T) {
	t.Parallel()
	const limit = 17
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newAPIClient(t, newServiceWithDB(t, open(t), ""), userman.Token{Modules: []string{"all"}, RequestsPerHour: limit})
			require.Equal(t, limit, countAuthorized(t, c))
		})
	}
}

func TestService_Authorize_enforcesRateLimitAcrossServers(t *testing.T) {
	t.Parallel()
	const limit = 17
	path, keyring := filepath.Join(t.TempDir(), "pbxusers.db"), newKeyring(t)
	one := newServiceWithDB(t, sqlitetest.Open(t, path, keyring), "")
	other := newServiceWithDB(t, sqlitetest.Open(t, path, keyring), "")
	c := newAPIClient(t, one, userman.Token{Modules: []string{"all"}, RequestsPerHour: limit})
	require.Equal(t, limit, countAuthorized(t, c, &apiClient{other, t, c.request}))
}

// countAuthorized has fifty clients ask at once, of the servers in turn, and returns how
// many were let in.
func countAuthorized(t testing.TB, clients ...*apiClient) int {
	t.Helper()
	n := 0
	for _, err := range runConcurrently(50, func(i int) error {
		_, err := clients[i%len(clients)].authorize(context.Background(), nil)
		return err
	}) {
		if err == nil {
			n++
		} else {
			require.ErrorIs(t, err, store.ErrRateLimited)
		}
	}
	return n
}

func TestService_Authorize_updatesLastUsedAtOncePerMinute(t *testing.T) {
	t.Parallel()
	c := newAPIClient(t, newService(t), userman.Token{Modules: []string{"all"}, RequestsPerHour: -1})
	start := c.clock.Now()
	usedAt := func() time.Duration {
		token, err := c.Token(t.Context(), c.request.TokenID)
		require.NoError(t, err)
		return token.LastUsedAt.Sub(start)
	}
	for _, step := range []struct{ pass, want time.Duration }{
		{0, 0}, {59 * time.Second, 0}, {time.Second, time.Minute}, {30 * time.Second, time.Minute},
		{time.Hour, time.Hour + 90*time.Second}, {-30 * time.Minute, 31*time.Minute + 30*time.Second},
	} {
		c.clock.Advance(step.pass)
		_, err := c.authorize(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, step.want, usedAt(), "also where the clock was set back")
	}
}

func TestService_Authorize_recordsNoAuditEntry(t *testing.T) {
	t.Parallel()
	c := newAPIClient(t, newService(t), userman.Token{Modules: []string{"all"}, RequestsPerHour: 1})
	before := len(c.entries(t, audit.Query{}))
	for range 2 {
		_, _ = c.authorize(t.Context(), nil)
		_, _ = c.authorize(t.Context(), func(r *userman.TokenRequest) { r.Key = store.Secret{} })
	}
	require.Len(t, c.entries(t, audit.Query{}), before)
	c.requireAuditIntact(t)
}

func TestService_Authorize_rejectsOutOfScopeUser(t *testing.T) {
	t.Parallel()
	c := newAPIClient(t, newService(t), userman.Token{Modules: []string{"all"}})
	scoped := &apiClient{c.scoped(inScope("1001")), t, c.request}
	_, err := scoped.authorize(t.Context(), nil)
	require.ErrorIs(t, err, store.ErrForbidden, "jane has 1002 as well")
}

func TestService_Authorize_respectsContext(t *testing.T) {
	t.Parallel()
	c := newAPIClient(t, newService(t), userman.Token{Modules: []string{"all"}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.authorize(ctx, nil)
	require.ErrorIs(t, err, context.Canceled)
	_, err = c.AuthorizePhone(ctx, "1001", "call_forward")
	require.ErrorIs(t, err, context.Canceled)
}

// As in the guide: the phone of extension 4001 shows call forwarding when the
// person whose default extension that is has the module, or all of them.
func TestService_AuthorizePhone_checksModulesOfDefaultExtensionUser(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := newUser("jane", "4001", "4002")
	jane.Permissions = permission.Permissions{permission.PhoneAppsModules: permission.Set("call_forward")}
	h.createUser(t, jane, "")
	john := newUser("john", "4003")
	john.Permissions = permission.Permissions{permission.PhoneAppsModules: permission.Set("all")}
	h.createUser(t, john, "")
	h.createUser(t, newUser("joan", "4004"), "")

	u, err := h.AuthorizePhone(t.Context(), "4001", "call_forward")
	require.NoError(t, err)
	require.Equal(t, h.get(t, "jane"), u)
	_, err = h.AuthorizePhone(t.Context(), "4003", "call_forward")
	require.NoError(t, err, "all modules")

	const notPermitted = "the person of this extension may not use this app on the telephone; ask your administrator to permit it"
	const nobody = "this extension is nobody's default extension; ask your administrator to give it to a person"
	for _, tc := range []struct{ extension, module, reason string }{
		{"4001", "voicemail", notPermitted},
		{"4001", "", notPermitted},
		{"4003", "", notPermitted},
		{"4004", "call_forward", notPermitted},
		{"4002", "call_forward", nobody}, // a linked one is not the default one
		{"4009", "call_forward", nobody},
		{"", "call_forward", nobody},
		{"all", "call_forward", nobody},
	} {
		_, err := h.AuthorizePhone(t.Context(), tc.extension, tc.module)
		requireForbidden(t, err, tc.reason)
	}
	_, err = h.Disable(t.Context(), "john")
	require.NoError(t, err)
	_, err = h.AuthorizePhone(t.Context(), "4003", "call_forward")
	requireForbidden(t, err, "the person of this extension is disabled; ask your administrator to enable them")
}
