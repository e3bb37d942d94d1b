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
)

// caller is a program that uses the token of jane, who has the extensions 1001
// and 1002, from 192.0.2.7.
type caller struct {
	*house

	t       testing.TB
	request userman.TokenRequest
}

func newCaller(t testing.TB, h *house, of userman.Token) *caller {
	t.Helper()
	jane := person("jane", "1001", "1002")
	jane.Permissions = userman.Permissions{userman.RESTUse: userman.On()}
	h.add(t, jane, "")
	made, key := h.token(t, "jane", of)
	return &caller{h, t, userman.TokenRequest{
		TokenID: made.ID, Key: key, Module: "call_forward", Extension: "1001", Source: netip.MustParseAddr("192.0.2.7"),
	}}
}

// edit changes the token of the caller.
func (c *caller) edit(change func(token *userman.Token)) {
	c.t.Helper()
	_, err := c.UpdateToken(c.t.Context(), c.request.TokenID, func(token *userman.Token) error {
		change(token)
		return nil
	})
	require.NoError(c.t, err)
}

// ask asks with the request as change leaves it.
func (c *caller) ask(ctx context.Context, change func(r *userman.TokenRequest)) (*userman.User, error) {
	r := c.request
	if change != nil {
		change(&r)
	}
	return c.Authorize(ctx, r)
}

// requireRefusal requires a ForbiddenError with exactly that sentence.
func requireRefusal(t testing.TB, err error, sentence string) {
	t.Helper()
	forbidden, ok := errors.AsType[*store.ForbiddenError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, sentence, forbidden.Reason)
}

// The refusals of Authorize.
const (
	unknownOrWrong = "there is no API token with this ID and this key; look at both, or ask for another key"
	noModule       = "this API token does not reach this module; ask your administrator to add it"
	noExtension    = "this API token does not reach this extension; it reaches those of its person only, all or some"
	noUse          = "the person of this API token may not use the API; ask your administrator to permit it"
	noAddress      = "this API token may not be used from this address; ask your administrator to add it"
	noPerson       = "the person of this API token is disabled; ask your administrator to enable them"
	noToken        = "this API token is disabled; ask your administrator to enable it"
	noTime         = "this API token has expired; ask your administrator for another one"
)

func TestATokenLetsAProgramActForItsPerson(t *testing.T) {
	t.Parallel()
	c := newCaller(t, newService(t), userman.Token{Modules: []string{"call_forward"}})
	u, err := c.ask(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, c.get(t, "jane"), u, "as everybody whom the service returns: without credentials")
	for _, extension := range []string{"1002", ""} {
		_, err = c.ask(t.Context(), func(r *userman.TokenRequest) { r.Extension = extension })
		require.NoError(t, err)
	}
}

func TestAnUnknownTokenAndAWrongKeyGetTheSameAnswer(t *testing.T) {
	t.Parallel()
	c := newCaller(t, newService(t), userman.Token{Modules: []string{"all"}})
	_, other := c.token(t, "jane", userman.Token{})
	c.edit(func(token *userman.Token) { token.Disabled = true })
	for name, wrong := range map[string]func(r *userman.TokenRequest){
		"unknown ID":         func(r *userman.TokenRequest) { r.TokenID = "aaaaaaaaaaaaaaaa" },
		"no ID":              func(r *userman.TokenRequest) { r.TokenID = "" },
		"ID in capitals":     func(r *userman.TokenRequest) { r.TokenID = "AAAAAAAAAAAAAAAA" },
		"no key":             func(r *userman.TokenRequest) { r.Key = store.Secret{} },
		"key of another one": func(r *userman.TokenRequest) { r.Key = other },
		"key with a blank":   func(r *userman.TokenRequest) { r.Key = secret(r.Key.Reveal() + " ") },
	} {
		_, err := c.ask(t.Context(), wrong)
		requireRefusal(t, err, unknownOrWrong)
		require.NotContains(t, name+err.Error(), c.request.Key.Reveal())
	}
	_, err := c.ask(t.Context(), nil)
	requireRefusal(t, err, noToken)
}

func TestWhoeverHasTheKeyIsToldWhatIsInTheWay(t *testing.T) {
	t.Parallel()
	for name, hinder := range map[string]struct {
		by   func(c *caller)
		want string
	}{
		"disabled token": {func(c *caller) {
			c.edit(func(token *userman.Token) { token.Disabled = true })
		}, noToken},
		"expired": {func(c *caller) {
			c.edit(func(token *userman.Token) { token.ExpiresAt = c.clock.Now().Add(time.Hour) })
			_, err := c.ask(c.t.Context(), nil)
			require.NoError(c.t, err)
			c.clock.Pass(time.Hour)
		}, noTime},
		"other addresses": {func(c *caller) {
			c.edit(func(token *userman.Token) { token.Addresses = prefixes("192.0.2.8/31", "2001:db8::/32") })
		}, noAddress},
		"no address": {func(c *caller) {
			c.edit(func(token *userman.Token) { token.Addresses = prefixes("0.0.0.0/0", "::/0") })
			c.request.Source = netip.Addr{}
		}, noAddress},
		"disabled person": {func(c *caller) {
			_, err := c.Disable(c.t.Context(), "jane")
			require.NoError(c.t, err)
		}, noPerson},
		"deleted person": {func(c *caller) {
			require.NoError(c.t, c.Delete(c.t.Context(), "jane"))
		}, noPerson},
		"REST is off": {func(c *caller) {
			c.update(c.t, "jane", func(u *userman.User) { u.Permissions[userman.RESTUse] = userman.Off() })
		}, noUse},
		"other module":               {func(c *caller) { c.request.Module = "voicemail" }, noModule},
		"no module":                  {func(c *caller) { c.request.Module = "" }, noModule},
		"extension of somebody else": {func(c *caller) { c.request.Extension = "1003" }, noExtension},
		"word for an extension":      {func(c *caller) { c.request.Extension = "all" }, noExtension},
		"extension not listed": {func(c *caller) {
			c.edit(func(token *userman.Token) { token.Extensions = []string{"1002"} })
		}, noExtension},
		"listed, but not hers any more": {func(c *caller) {
			c.edit(func(token *userman.Token) { token.Extensions = []string{"1001"} })
			c.update(c.t, "jane", func(u *userman.User) { u.DefaultExtension = "1009" })
		}, noExtension},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCaller(t, newService(t), userman.Token{Modules: []string{"call_forward"}})
			hinder.by(c)
			before, err := c.store.Token(t.Context(), c.request.TokenID)
			require.NoError(t, err)
			_, err = c.ask(t.Context(), nil)
			requireRefusal(t, err, hinder.want)
			after, err := c.store.Token(t.Context(), c.request.TokenID)
			require.NoError(t, err)
			require.Equal(t, before, after, "what is refused does not count")
		})
	}
}

func TestATokenWorksFromItsAddresses(t *testing.T) {
	t.Parallel()
	c := newCaller(t, newService(t), userman.Token{Modules: []string{"all"}, Addresses: prefixes("192.0.2.0/24", "fe80::/10")})
	for source, works := range map[string]bool{
		"192.0.2.7": true, "::ffff:192.0.2.7": true, "fe80::1%eth0": true, "192.0.3.7": false, "2001:db8::1": false,
	} {
		_, err := c.ask(t.Context(), func(r *userman.TokenRequest) { r.Source = netip.MustParseAddr(source) })
		require.Equal(t, works, err == nil, source)
	}
}

func TestAGroupMayPermitREST(t *testing.T) {
	t.Parallel()
	c := newCaller(t, newService(t), userman.Token{Modules: []string{"all"}})
	c.group(t, "Programmers", userman.Permissions{userman.RESTUse: userman.On()})
	c.update(t, "jane", func(u *userman.User) { u.Permissions = nil })
	_, err := c.ask(t.Context(), nil)
	requireRefusal(t, err, noUse)
	require.NoError(t, c.AddMembers(t.Context(), "Programmers", "jane"))
	_, err = c.ask(t.Context(), nil)
	require.NoError(t, err)
	_, err = c.UpdateGroup(t.Context(), "Programmers", func(g *userman.Group) error {
		g.Permissions = nil
		return nil
	})
	require.NoError(t, err)
	_, err = c.ask(t.Context(), nil)
	requireRefusal(t, err, noUse)
}

func TestRequestsAreBoundedByTheHour(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCaller(t, newServiceOver(t, open(t), ""), userman.Token{Modules: []string{"call_forward"}, RequestsPerHour: 3})
			for range 3 {
				_, err := c.ask(t.Context(), nil)
				require.NoError(t, err)
				c.clock.Pass(10 * time.Minute)
				_, err = c.ask(t.Context(), func(r *userman.TokenRequest) { r.Module = "voicemail" })
				requireRefusal(t, err, noModule)
			}
			_, err := c.ask(t.Context(), nil)
			throttled, ok := errors.AsType[*store.ThrottledError](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, 30*time.Minute, throttled.RetryAfter, "until the hour of the first one ends")
			c.clock.Pass(throttled.RetryAfter)
			_, err = c.ask(t.Context(), nil)
			require.NoError(t, err, "it is counted then, as it was told")

			c.edit(func(token *userman.Token) { token.RequestsPerHour = 1 })
			_, err = c.ask(t.Context(), nil)
			require.ErrorIs(t, err, store.ErrThrottled, "a lower limit counts at once, and an update does not forget the count")
			c.edit(func(token *userman.Token) { token.RequestsPerHour = 2 })
			_, err = c.ask(t.Context(), nil)
			require.NoError(t, err)
			c.requireProven(t)
		})
	}
}

func TestALimitRacedByFiftyClientsLetsInExactlyTheLimit(t *testing.T) {
	t.Parallel()
	const limit = 17
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCaller(t, newServiceOver(t, open(t), ""), userman.Token{Modules: []string{"all"}, RequestsPerHour: limit})
			require.Equal(t, limit, letIn(t, c))
		})
	}
}

func TestALimitRacedOnTwoServersLetsInExactlyTheLimit(t *testing.T) {
	t.Parallel()
	const limit = 17
	path, keyring := filepath.Join(t.TempDir(), "pbxusers.db"), newKeyring(t)
	one := newServiceOver(t, sqlitetest.Open(t, path, keyring), "")
	other := newServiceOver(t, sqlitetest.Open(t, path, keyring), "")
	c := newCaller(t, one, userman.Token{Modules: []string{"all"}, RequestsPerHour: limit})
	require.Equal(t, limit, letIn(t, c, &caller{other, t, c.request}))
}

// letIn has fifty clients ask at once, of the servers in turn, and returns how
// many were let in.
func letIn(t testing.TB, servers ...*caller) int {
	t.Helper()
	n := 0
	for _, err := range together(50, func(i int) error {
		_, err := servers[i%len(servers)].ask(context.Background(), nil)
		return err
	}) {
		if err == nil {
			n++
		} else {
			require.ErrorIs(t, err, store.ErrThrottled)
		}
	}
	return n
}

func TestATokenWithoutALimitIsWrittenOnceAMinute(t *testing.T) {
	t.Parallel()
	c := newCaller(t, newService(t), userman.Token{Modules: []string{"all"}, RequestsPerHour: -1})
	began := c.clock.Now()
	usedAt := func() time.Duration {
		token, err := c.Token(t.Context(), c.request.TokenID)
		require.NoError(t, err)
		return token.LastUsedAt.Sub(began)
	}
	for _, step := range []struct{ pass, want time.Duration }{
		{0, 0}, {59 * time.Second, 0}, {time.Second, time.Minute}, {30 * time.Second, time.Minute},
		{time.Hour, time.Hour + 90*time.Second}, {-30 * time.Minute, 31*time.Minute + 30*time.Second},
	} {
		c.clock.Pass(step.pass)
		_, err := c.ask(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, step.want, usedAt(), "also where the clock was set back")
	}
}

func TestRequestsAreNotToldToTheTrail(t *testing.T) {
	t.Parallel()
	c := newCaller(t, newService(t), userman.Token{Modules: []string{"all"}, RequestsPerHour: 1})
	before := len(c.entries(t, audit.Query{}))
	for range 2 {
		_, _ = c.ask(t.Context(), nil)
		_, _ = c.ask(t.Context(), func(r *userman.TokenRequest) { r.Key = store.Secret{} })
	}
	require.Len(t, c.entries(t, audit.Query{}), before)
	c.requireProven(t)
}

func TestOnlyTokensOfPeopleInReachAreAuthorized(t *testing.T) {
	t.Parallel()
	c := newCaller(t, newService(t), userman.Token{Modules: []string{"all"}})
	elsewhere := &caller{c.within(func(extension string) bool { return extension == "1001" }), t, c.request}
	_, err := elsewhere.ask(t.Context(), nil)
	require.ErrorIs(t, err, store.ErrForbidden, "jane has 1002 as well")
}

func TestAnAuthorizationEndsWithItsContext(t *testing.T) {
	t.Parallel()
	c := newCaller(t, newService(t), userman.Token{Modules: []string{"all"}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.ask(ctx, nil)
	require.ErrorIs(t, err, context.Canceled)
	_, err = c.AuthorizePhone(ctx, "1001", "call_forward")
	require.ErrorIs(t, err, context.Canceled)
}

// As in the guide: the phone of extension 4001 shows call forwarding when the
// person whose default extension that is has the module, or all of them.
func TestAPhoneShowsAnAppToThePersonWhoseDefaultExtensionItIs(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := person("jane", "4001", "4002")
	jane.Permissions = userman.Permissions{userman.PhoneAppsModules: userman.Replace("call_forward")}
	h.add(t, jane, "")
	john := person("john", "4003")
	john.Permissions = userman.Permissions{userman.PhoneAppsModules: userman.Replace("all")}
	h.add(t, john, "")
	h.add(t, person("joan", "4004"), "")

	u, err := h.AuthorizePhone(t.Context(), "4001", "call_forward")
	require.NoError(t, err)
	require.Equal(t, h.get(t, "jane"), u)
	_, err = h.AuthorizePhone(t.Context(), "4003", "call_forward")
	require.NoError(t, err, "all modules")

	const notPermitted = "the person of this extension may not use this app on the telephone; ask your administrator to permit it"
	const nobody = "this extension is nobody's default extension; ask your administrator to give it to a person"
	for _, refused := range []struct{ extension, module, reason string }{
		{"4001", "voicemail", notPermitted},
		{"4001", "", notPermitted},
		{"4003", "", notPermitted},
		{"4004", "call_forward", notPermitted},
		{"4002", "call_forward", nobody}, // a linked one is not the default one
		{"4009", "call_forward", nobody},
		{"", "call_forward", nobody},
		{"all", "call_forward", nobody},
	} {
		_, err := h.AuthorizePhone(t.Context(), refused.extension, refused.module)
		requireRefusal(t, err, refused.reason)
	}
	_, err = h.Disable(t.Context(), "john")
	require.NoError(t, err)
	_, err = h.AuthorizePhone(t.Context(), "4003", "call_forward")
	requireRefusal(t, err, "the person of this extension is disabled; ask your administrator to enable them")
}
