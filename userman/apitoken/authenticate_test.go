package apitoken_test

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
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// apiClient is a program that uses the token of jane, who has the extensions 1001
// and 1002, from 192.0.2.7.
type apiClient struct {
	*env

	t       testing.TB
	request apitoken.Request
}

func newAPIClient(t testing.TB, h *env, tok apitoken.Token) *apiClient {
	t.Helper()
	jane := newUser("jane", "1001", "1002")
	jane.Permissions = permission.Permissions{permission.RESTUse: permission.On()}
	h.createUser(t, jane)
	created, key := h.createToken(t, "jane", tok)
	return &apiClient{h, t, apitoken.Request{
		TokenID: created.ID, Key: key, Module: "call_forward", Extension: "1001", RemoteAddr: netip.MustParseAddr("192.0.2.7"),
	}}
}

// updateToken changes the token of the caller.
func (c *apiClient) updateToken(change func(token *apitoken.Token)) {
	c.t.Helper()
	_, err := c.Update(c.t.Context(), c.request.TokenID, func(token *apitoken.Token) error {
		change(token)
		return nil
	})
	require.NoError(c.t, err)
}

// authorize asks with the request as change leaves it.
func (c *apiClient) authorize(ctx context.Context, change func(r *apitoken.Request)) (*userman.User, error) {
	r := c.request
	if change != nil {
		change(&r)
	}
	return c.Authenticate(ctx, r)
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
	reasonBadKey        = "the ID or the key of the API token is wrong; check both, or ask for a new key"
	reasonModule        = "this API token has no access to this module; ask your administrator to add the module"
	reasonExtension     = "this API token has no access to this extension; a token can access only extensions of its user"
	reasonPermission    = "the user of this API token does not have the permission rest.use; ask your administrator for it"
	reasonRemoteAddr    = "this API token cannot be used from this address; ask your administrator to add the address"
	reasonUserDisabled  = "the user of this API token is disabled; ask your administrator to enable the user"
	reasonTokenDisabled = "this API token is disabled; ask your administrator to enable it"
	reasonTokenExpired  = "this API token has expired; ask your administrator for a new one"
)

func TestService_Authenticate_returnsTokenOwner(t *testing.T) {
	t.Parallel()
	c := newAPIClient(t, newService(t), apitoken.Token{Modules: []string{"call_forward"}})
	u, err := c.authorize(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, c.getUser(t, "jane"), u, "as everybody whom the service returns: without credentials")
	for _, extension := range []string{"1002", ""} {
		_, err = c.authorize(t.Context(), func(r *apitoken.Request) { r.Extension = extension })
		require.NoError(t, err)
	}
}

func TestService_Authenticate_sameErrorForUnknownIDAndWrongKey(t *testing.T) {
	t.Parallel()
	c := newAPIClient(t, newService(t), apitoken.Token{Modules: []string{"all"}})
	_, other := c.createToken(t, "jane", apitoken.Token{})
	c.updateToken(func(token *apitoken.Token) { token.Disabled = true })
	for name, change := range map[string]func(r *apitoken.Request){
		"unknown ID":         func(r *apitoken.Request) { r.TokenID = "aaaaaaaaaaaaaaaa" },
		"no ID":              func(r *apitoken.Request) { r.TokenID = "" },
		"ID in capitals":     func(r *apitoken.Request) { r.TokenID = "AAAAAAAAAAAAAAAA" },
		"no key":             func(r *apitoken.Request) { r.Key = store.Secret{} },
		"key of another one": func(r *apitoken.Request) { r.Key = other },
		"key with a blank":   func(r *apitoken.Request) { r.Key = secret(r.Key.Reveal() + " ") },
	} {
		_, err := c.authorize(t.Context(), change)
		requireForbidden(t, err, reasonBadKey)
		require.NotContains(t, name+err.Error(), c.request.Key.Reveal())
	}
	_, err := c.authorize(t.Context(), nil)
	requireForbidden(t, err, reasonTokenDisabled)
}

func TestService_Authenticate_explainsDenial(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		by   func(c *apiClient)
		want string
	}{
		"disabled token": {func(c *apiClient) {
			c.updateToken(func(token *apitoken.Token) { token.Disabled = true })
		}, reasonTokenDisabled},
		"expired": {func(c *apiClient) {
			c.updateToken(func(token *apitoken.Token) { token.ExpiresAt = c.clock.Now().Add(time.Hour) })
			_, err := c.authorize(c.t.Context(), nil)
			require.NoError(c.t, err)
			c.clock.Advance(time.Hour)
		}, reasonTokenExpired},
		"other addresses": {func(c *apiClient) {
			c.updateToken(func(token *apitoken.Token) { token.Addresses = prefixes("192.0.2.8/31", "2001:db8::/32") })
		}, reasonRemoteAddr},
		"no address": {func(c *apiClient) {
			c.updateToken(func(token *apitoken.Token) { token.Addresses = prefixes("0.0.0.0/0", "::/0") })
			c.request.RemoteAddr = netip.Addr{}
		}, reasonRemoteAddr},
		"disabled person": {func(c *apiClient) {
			_, err := c.users.Disable(c.t.Context(), "jane")
			require.NoError(c.t, err)
		}, reasonUserDisabled},
		"deleted person": {func(c *apiClient) {
			require.NoError(c.t, c.users.Delete(c.t.Context(), "jane"))
		}, reasonUserDisabled},
		"REST is off": {func(c *apiClient) {
			c.updateUser(c.t, "jane", func(u *userman.User) { u.Permissions[permission.RESTUse] = permission.Off() })
		}, reasonPermission},
		"other module":               {func(c *apiClient) { c.request.Module = "voicemail" }, reasonModule},
		"no module":                  {func(c *apiClient) { c.request.Module = "" }, reasonModule},
		"extension of somebody else": {func(c *apiClient) { c.request.Extension = "1003" }, reasonExtension},
		"word for an extension":      {func(c *apiClient) { c.request.Extension = "all" }, reasonExtension},
		"extension not listed": {func(c *apiClient) {
			c.updateToken(func(token *apitoken.Token) { token.Extensions = []string{"1002"} })
		}, reasonExtension},
		"listed, but not hers any more": {func(c *apiClient) {
			c.updateToken(func(token *apitoken.Token) { token.Extensions = []string{"1001"} })
			c.updateUser(c.t, "jane", func(u *userman.User) { u.DefaultExtension = "1009" })
		}, reasonExtension},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newAPIClient(t, newService(t), apitoken.Token{Modules: []string{"call_forward"}})
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

func TestService_Authenticate_restrictsRemoteAddr(t *testing.T) {
	t.Parallel()
	c := newAPIClient(t, newService(t), apitoken.Token{Modules: []string{"all"}, Addresses: prefixes("192.0.2.0/24", "fe80::/10")})
	for remoteAddr, want := range map[string]bool{
		"192.0.2.7": true, "::ffff:192.0.2.7": true, "fe80::1%eth0": true, "192.0.3.7": false, "2001:db8::1": false,
	} {
		_, err := c.authorize(t.Context(), func(r *apitoken.Request) { r.RemoteAddr = netip.MustParseAddr(remoteAddr) })
		require.Equal(t, want, err == nil, remoteAddr)
	}
}

func TestService_Authenticate_acceptsGroupPermission(t *testing.T) {
	t.Parallel()
	c := newAPIClient(t, newService(t), apitoken.Token{Modules: []string{"all"}})
	_, err := c.users.Groups().Create(t.Context(), &userman.Group{Name: "Programmers", Permissions: permission.Permissions{permission.RESTUse: permission.On()}})
	require.NoError(t, err)
	c.updateUser(t, "jane", func(u *userman.User) { u.Permissions = nil })
	_, err = c.authorize(t.Context(), nil)
	requireForbidden(t, err, reasonPermission)
	require.NoError(t, c.users.Groups().AddMembers(t.Context(), "Programmers", "jane"))
	_, err = c.authorize(t.Context(), nil)
	require.NoError(t, err)
	_, err = c.users.Groups().Update(t.Context(), "Programmers", func(g *userman.Group) error {
		g.Permissions = nil
		return nil
	})
	require.NoError(t, err)
	_, err = c.authorize(t.Context(), nil)
	requireForbidden(t, err, reasonPermission)
}

func TestService_Authenticate_limitsRequestsPerHour(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newAPIClient(t, newServiceWithDB(t, open(t), ""), apitoken.Token{Modules: []string{"call_forward"}, RequestsPerHour: 3})
			for range 3 {
				_, err := c.authorize(t.Context(), nil)
				require.NoError(t, err)
				c.clock.Advance(10 * time.Minute)
				_, err = c.authorize(t.Context(), func(r *apitoken.Request) { r.Module = "voicemail" })
				requireForbidden(t, err, reasonModule)
			}
			_, err := c.authorize(t.Context(), nil)
			rateErr, ok := errors.AsType[*store.RateLimitedError](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, 30*time.Minute, rateErr.RetryAfter, "until the hour of the first one ends")
			c.clock.Advance(rateErr.RetryAfter)
			_, err = c.authorize(t.Context(), nil)
			require.NoError(t, err, "it is counted then, as it was told")

			c.updateToken(func(token *apitoken.Token) { token.RequestsPerHour = 1 })
			_, err = c.authorize(t.Context(), nil)
			require.ErrorIs(t, err, store.ErrRateLimited, "a lower limit counts at once, and an update does not forget the count")
			c.updateToken(func(token *apitoken.Token) { token.RequestsPerHour = 2 })
			_, err = c.authorize(t.Context(), nil)
			require.NoError(t, err)
			c.requireAuditIntact(t)
		})
	}
}

func TestService_Authenticate_enforcesRateLimitConcurrently(t *testing.T) {
	t.Parallel()
	const limit = 17
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newAPIClient(t, newServiceWithDB(t, open(t), ""), apitoken.Token{Modules: []string{"all"}, RequestsPerHour: limit})
			require.Equal(t, limit, countAuthorized(t, c))
		})
	}
}

func TestService_Authenticate_enforcesRateLimitAcrossServers(t *testing.T) {
	t.Parallel()
	const limit = 17
	path, keyring := filepath.Join(t.TempDir(), "pbxusers.db"), newKeyring(t)
	one := newServiceWithDB(t, sqlitetest.Open(t, path, keyring), "")
	other := newServiceWithDB(t, sqlitetest.Open(t, path, keyring), "")
	c := newAPIClient(t, one, apitoken.Token{Modules: []string{"all"}, RequestsPerHour: limit})
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

func TestService_Authenticate_updatesLastUsedAtOncePerMinute(t *testing.T) {
	t.Parallel()
	c := newAPIClient(t, newService(t), apitoken.Token{Modules: []string{"all"}, RequestsPerHour: -1})
	start := c.clock.Now()
	usedAt := func() time.Duration {
		token, err := c.Get(t.Context(), c.request.TokenID)
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

func TestService_Authenticate_recordsNoAuditEntry(t *testing.T) {
	t.Parallel()
	c := newAPIClient(t, newService(t), apitoken.Token{Modules: []string{"all"}, RequestsPerHour: 1})
	before := len(c.entries(t, audit.Query{}))
	for range 2 {
		_, _ = c.authorize(t.Context(), nil)
		_, _ = c.authorize(t.Context(), func(r *apitoken.Request) { r.Key = store.Secret{} })
	}
	require.Len(t, c.entries(t, audit.Query{}), before)
	c.requireAuditIntact(t)
}

func TestService_Authenticate_rejectsOutOfScopeUser(t *testing.T) {
	t.Parallel()
	c := newAPIClient(t, newService(t), apitoken.Token{Modules: []string{"all"}})
	scoped := &apiClient{c.scoped(inScope("1001")), t, c.request}
	_, err := scoped.authorize(t.Context(), nil)
	require.ErrorIs(t, err, store.ErrForbidden, "jane has 1002 as well")
}

func TestService_Authenticate_respectsContext(t *testing.T) {
	t.Parallel()
	c := newAPIClient(t, newService(t), apitoken.Token{Modules: []string{"all"}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.authorize(ctx, nil)
	require.ErrorIs(t, err, context.Canceled)
}
