package ldapdir_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/ldapdir"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shortTimeout is a timeout for which a test waits.
func shortTimeout(o *ldapdir.Options) { o.Timeout = 300 * time.Millisecond }

func TestDirectory_Each_failsOnIncompleteResponse(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(c *client, op ber.Tag){
		"closes at once":      func(c *client, _ ber.Tag) { _ = c.Close() },
		"closes after some":   func(c *client, _ ber.Tag) { c.entry("uid=a", userEntry("1", "a")); _ = c.Close() },
		"stalls":              func(*client, ber.Tag) {},
		"stalls after some":   func(c *client, _ ber.Tag) { c.entry("uid=a", userEntry("1", "a")) },
		"sends nonsense":      func(c *client, _ ber.Tag) { _, _ = c.Write([]byte("HTTP/1.1 200 OK\r\n\r\nhello")); _ = c.Close() },
		"sends half a packet": func(c *client, _ ber.Tag) { _, _ = c.Write([]byte{0x30, 0x7f, 0x02}); _ = c.Close() },
		"promises two gigabytes": func(c *client, _ ber.Tag) {
			_, _ = c.Write([]byte{0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 0x02, 0x01, 0x01})
		},
		"has a limit":         func(c *client, _ ber.Tag) { c.entry("uid=a", userEntry("1", "a")); c.result(5, 4) },
		"has no time":         func(c *client, _ ber.Tag) { c.result(5, 3) },
		"refers elsewhere":    func(c *client, _ ber.Tag) { c.result(5, 10) },
		"has no such base":    func(c *client, _ ber.Tag) { c.result(5, 32) },
		"has an unknown code": func(c *client, _ ber.Tag) { c.result(5, 117) },
		"has a code of ours":  func(c *client, _ ber.Tag) { c.result(5, ldap.ErrorNetwork) },
		"sends more than a page": func(c *client, _ ber.Tag) {
			c.entry("uid=a", nil)
			c.entry("uid=b", nil)
			c.entry("uid=c", nil)
			c.searchDone("")
		},
		"sends pages of nothing": func(c *client, _ ber.Tag) { c.searchDone("more") },
		"sends an entry of a lot": func(c *client, _ ber.Tag) {
			_, _ = c.Write([]byte{0x30, 0x84, 0x7f, 0, 0, 0, 0x04, 0x84, 0x7e, 0, 0, 0}) // a sequence, and a text in it
			_, _ = c.Write(make([]byte, 17<<20))
		},
		"does not say whether the second page is the last": func(c *client, _ ber.Tag) {
			c.entry("uid=a", userEntry("1", "a"))
			if c.id == 1 {
				c.searchDone("more")
			} else {
				c.result(ldap.ApplicationSearchResultDone, 0)
			}
		},
		"fails on the second page": func(c *client, _ ber.Tag) {
			c.entry("uid=a", userEntry("1", "a"))
			c.searchDone("more")
			_ = c.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFakeServer(t, answer)
			d := f.directory(t, shortTimeout, func(o *ldapdir.Options) { o.PageSize = 2 })
			_, err := readAll(t, d)
			require.Error(t, err)
			require.ErrorContains(t, err, "ldapdir: ldap://127.0.0.1")
			require.NotContains(t, err.Error(), secretMarker, "what the server says is not repeated")
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestDirectory_Each_limitsHandshakeResponse(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t, func(c *client, _ ber.Tag) {
		answer := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationBindResponse, nil, "")
		answer.AppendChild(octetString(strings.Repeat("x", 2<<20)))
		c.send(answer)
	})
	_, err := readAll(t, f.directory(t, withReader))
	require.ErrorContains(t, err, "too large")
}

func TestDirectory_stopsOnContextCancel(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	f := newFakeServer(t, func(*client, ber.Tag) { close(asked) })
	d := f.directory(t, func(o *ldapdir.Options) { o.Timeout = time.Hour })
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	err := d.Each(ctx, func(userman.DirectoryEntry) error { return nil })
	require.ErrorIs(t, err, context.Canceled)
	_, err = d.Authenticate(ctx, "1", store.NewSecret("x"))
	require.ErrorIs(t, err, context.Canceled)
	_, err = d.Test(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

func TestDirectory_Each_stopsOnVisitError(t *testing.T) {
	t.Parallel()
	d := newFakeServer(t, serveEntries(userEntry("1", "a"), userEntry("2", "b"))).directory(t)
	visits := 0
	require.Equal(t, errStop, d.Each(t.Context(), func(userman.DirectoryEntry) error { visits++; return errStop }))
	require.Equal(t, 1, visits)
}

func TestDirectory_Each_returnsDuplicateEntries(t *testing.T) {
	t.Parallel()
	d := newFakeServer(t, serveEntries(userEntry("1", "a"), userEntry("1", "a"))).directory(t)
	all, err := readAll(t, d)
	require.NoError(t, err)
	require.Len(t, all, 2, "a sync takes neither, see userman.Service.Sync")
}

func TestDirectory_Each_ignoresReferrals(t *testing.T) {
	t.Parallel()
	d := newFakeServer(t, func(c *client, _ ber.Tag) {
		reference := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationSearchResultReference, nil, "")
		reference.AppendChild(octetString("ldap://127.0.0.1:1/dc=elsewhere"))
		c.send(reference)
		c.entry("uid=a,dc=example,dc=com", userEntry("1", "a"))
		c.searchDone("")
	}).directory(t)
	all, err := readAll(t, d)
	require.NoError(t, err)
	require.Len(t, all, 1)
}

func TestDirectory_Each_requiresStartTLSBeforeBind(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(c *client, op ber.Tag){
		"rejected": func(c *client, _ ber.Tag) { c.result(ldap.ApplicationExtendedResponse, 2) },
		"taken, and no TLS follows": func(c *client, _ ber.Tag) {
			c.result(ldap.ApplicationExtendedResponse, 0)
			c.bindSuccess()
		},
		"never answered": func(*client, ber.Tag) {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFakeServer(t, answer)
			d := f.directory(t, shortTimeout, withReader, func(o *ldapdir.Options) { o.StartTLS = true })
			_, err := readAll(t, d)
			require.Error(t, err)
			require.NotContains(t, err.Error(), "secret")
			require.Equal(t, []ber.Tag{ldap.ApplicationExtendedRequest}, f.requests()[:1])
			require.NotContains(t, f.requests(), ber.Tag(ldap.ApplicationBindRequest))
		})
	}
}

func TestDirectory_Test_timesOutStalledTLSHandshake(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() }) // connections wait in its queue without a response
	d, err := ldapdir.New(ldapdir.Options{
		Name: "stalls", URLs: []string{"ldaps://" + listener.Addr().String()}, BaseDN: "dc=example,dc=com", Timeout: 300 * time.Millisecond,
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS13},
	})
	require.NoError(t, err)
	_, err = d.Test(t.Context())
	timeout, ok := errors.AsType[net.Error](err)
	require.True(t, ok && timeout.Timeout(), "%v", err)
}

func TestDirectory_failsOverToNextServer(t *testing.T) {
	t.Parallel()
	dead, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, dead.Close())
	busy := newFakeServer(t, func(c *client, _ ber.Tag) { c.result(ldap.ApplicationBindResponse, ldap.LDAPResultBusy) })
	healthy := newFakeServer(t, serveEntries(userEntry("1", "a")))
	d := healthy.directory(t, withReader, func(o *ldapdir.Options) {
		o.URLs = []string{"ldap://" + dead.Addr().String(), busy.url(), healthy.url()}
	})
	all, err := readAll(t, d)
	require.NoError(t, err)
	require.Len(t, all, 1)
	right, err := d.Authenticate(t.Context(), "1", store.NewSecret("password"))
	require.NoError(t, err)
	require.True(t, right)

	d = busy.directory(t, withReader, func(o *ldapdir.Options) { o.URLs = []string{"ldap://" + dead.Addr().String(), busy.url()} })
	_, err = d.Test(t.Context())
	require.ErrorContains(t, err, "nothing listens on this port")
	require.ErrorContains(t, err, `the server answered "Busy" (51)`)
}

func TestDirectory_doesNotRetryRejectedBind(t *testing.T) {
	t.Parallel()
	rejecting := newFakeServer(t, func(c *client, _ ber.Tag) { c.result(ldap.ApplicationBindResponse, ldap.LDAPResultInvalidCredentials) })
	other := newFakeServer(t, serveEntries())
	d := rejecting.directory(t, withReader, func(o *ldapdir.Options) { o.URLs = []string{rejecting.url(), other.url()} })
	right, err := d.Authenticate(t.Context(), "1", store.NewSecret("password"))
	require.False(t, right)
	require.EqualError(t, err, fmt.Sprintf(`ldapdir: %s: the server answered "Invalid Credentials" (49)`, rejecting.url()),
		"a rejected bind DN does not concern the user")
	require.Empty(t, other.requests())
}

func TestDirectory_Authenticate_rejectsInvalidCredentials(t *testing.T) {
	t.Parallel()
	bindings := func(code uint16, entries ...map[string][]string) func(c *client, op ber.Tag) {
		return func(c *client, op ber.Tag) {
			if op == ldap.ApplicationBindRequest {
				c.result(ldap.ApplicationBindResponse, code)
				return
			}
			serveEntries(entries...)(c, op)
		}
	}
	noDN := map[string][]string{"dn": {""}}
	for _, test := range []struct {
		name, externalID, password string
		answer                     func(c *client, op ber.Tag)
		right, fails, silent       bool
	}{
		{name: "right", answer: bindings(0, userEntry("1", "a")), right: true},
		{name: "wrong password", answer: bindings(49, userEntry("1", "a"))},
		{name: "empty password", password: "-", answer: bindings(0, userEntry("1", "a")), silent: true},
		{name: "endless password", password: strings.Repeat("x", 4097), answer: bindings(0, userEntry("1", "a")), silent: true},
		{name: "empty external ID", externalID: "-", answer: bindings(0, userEntry("1", "a")), silent: true},
		{name: "endless external ID", externalID: strings.Repeat("x", 751), answer: bindings(0, userEntry("1", "a")), silent: true},
		{name: "nobody", answer: bindings(0)},
		{name: "two users", answer: bindings(0, userEntry("1", "a"), userEntry("1", "b")), fails: true},
		{name: "no name to bind as", answer: bindings(0, noDN), fails: true},
		{name: "a name that is none", answer: bindings(0, map[string][]string{"dn": {"jane@example.com"}}), fails: true},
		{name: "unwilling", answer: bindings(53, userEntry("1", "a")), fails: true},
		{name: "busy", answer: bindings(51, userEntry("1", "a")), fails: true},
		{name: "a referral", answer: bindings(10, userEntry("1", "a")), fails: true},
		{name: "gone", answer: func(c *client, _ ber.Tag) { _ = c.Close() }, fails: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFakeServer(t, test.answer)
			given := func(text, fallback string) string {
				switch text {
				case "":
					return fallback
				case "-":
					return ""
				}
				return text
			}
			right, err := f.directory(t, shortTimeout).Authenticate(t.Context(), given(test.externalID, "1"), store.NewSecret(given(test.password, "secret of jane")))
			require.Equal(t, test.right, right)
			require.Equal(t, test.fails, err != nil, "%v", err)
			if err != nil {
				require.NotContains(t, err.Error(), "secret of jane")
				require.NotContains(t, err.Error(), secretMarker)
				require.NotContains(t, err.Error(), "uid=a")
			}
			require.Equal(t, test.silent, len(f.requests()) == 0)
		})
	}
}
