package api_test

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/internal/hashtest"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

const newPassword = "seventeen purple lanterns"

func TestAPI_hashesBeforeTransaction(t *testing.T) {
	t.Parallel()
	probe := &hashtest.Probe{}
	h := &harness{Server: servertest.Start(t, &servertest.Options{
		Administrators: func(o *ampusers.Options) { o.Random = probe },
		Users:          func(o *userman.Options) { o.Random = probe },
	})}
	h.addAdministrator(t, ampusers.Administrator{Username: "root", Access: ampusers.Full})
	v := h.logIn(t, "root")
	probe.Watch(h.Site.DB)
	for _, test := range []struct {
		method, path string
		body         map[string]any
		hashes       int
		headers      []string
	}{
		{http.MethodPost, "/users", map[string]any{"username": "ann", "password": newPassword}, 1, nil},
		{http.MethodPost, "/users", map[string]any{"username": "bob", "password": newPassword}, 1, []string{"Idempotency-Key", "k1"}},
		{http.MethodPost, "/users", map[string]any{"username": "bob", "password": newPassword}, 0, []string{"Idempotency-Key", "k1"}},
		{http.MethodPost, "/users", map[string]any{"username": "cid", "generate": true}, 1, []string{"Idempotency-Key", "k2"}},
		{http.MethodPut, "/users/ann/password", map[string]any{"password": "another good " + newPassword}, 1, nil},
		{http.MethodPut, "/users/ann/password", map[string]any{"generate": true, "disable_tokens": true}, 1, []string{"If-Match", "*"}},
		{http.MethodPost, "/administrators", map[string]any{"username": "jane", "password": newPassword}, 1, nil},
		{http.MethodPost, "/administrators", map[string]any{"username": "joan", "password": newPassword}, 1, []string{"Idempotency-Key", "k1"}},
		{http.MethodPost, "/administrators", map[string]any{"username": "june"}, 0, []string{"Idempotency-Key", "k2"}},
		{http.MethodPut, "/administrators/jane/password", map[string]any{"password": "another good " + newPassword}, 1, []string{"If-Match", "*"}},
		{http.MethodPut, "/account/password", map[string]any{"current_password": password, "password": newPassword}, 1, nil},
	} {
		probe.RequireHash(t, test.method+" "+test.path, test.hashes, func() error {
			if a := v.call(t, test.method, test.path, test.body, test.headers...); a.StatusCode >= http.StatusBadRequest {
				return errors.New(a.body)
			}
			return nil
		})
	}
}

func TestConcurrency_idempotencyKeyCreatesUserWithPasswordOnce(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	answers := runConcurrently(10, func(int) *apiResponse {
		return v.call(t, http.MethodPost, "/users", map[string]any{"username": "jane", "generate": true}, "Idempotency-Key", "k1")
	})
	secret, _ := answers[0].requireStatus(t, http.StatusCreated).decodeObject(t)["secret"].(string)
	require.NotEmpty(t, secret)
	for _, a := range answers {
		require.Equal(t, secret, a.requireStatus(t, http.StatusCreated).decodeObject(t)["secret"], "the password that counts")
	}
	entries, err := h.Site.AuditLog.List(t.Context(), audit.Query{Action: "create", Key: "jane"})
	require.NoError(t, err)
	require.Len(t, entries.Items, 1)
	_, err = h.Site.Users.Authenticate(t.Context(), credential.LoginAttempt{
		Username: "jane", Password: store.NewSecret(secret), RemoteAddr: netip.MustParseAddr("192.0.2.1"),
	})
	require.NoError(t, err)
}

// failingTTLStore fails to save a response, as if the process ended there.
type failingTTLStore struct {
	store.TTLStore

	failing *atomic.Bool
}

func (s failingTTLStore) Put(ctx context.Context, kind, key string, value []byte, expires time.Time) error {
	if kind == "idempotency" && s.failing.Load() {
		return errors.New("the disk is full")
	}
	return s.TTLStore.Put(ctx, kind, key, value, expires)
}

// The record and the saved response are one transaction: there is no moment at which
// a retry would create a second record, or find none.
func TestAPI_idempotencyKeySavesRecordAndResponseTogether(t *testing.T) {
	t.Parallel()
	h := start(t)
	failing := &atomic.Bool{}
	h.Site.TTLStore = failingTTLStore{h.Site.TTLStore, failing}
	v := h.withOptions(t, nil).logIn(t, "root")
	for path, body := range map[string]map[string]any{
		"/users": {"username": "jane", "password": newPassword}, "/administrators": {"username": "jane"}, "/ami-accounts": {"name": "jane"}, "/groups": {"name": "jane"},
	} {
		failing.Store(true)
		v.call(t, http.MethodPost, path, body, "Idempotency-Key", "k1").requireStatus(t, http.StatusInternalServerError)
		v.call(t, http.MethodGet, path+"/jane", nil).requireStatus(t, http.StatusNotFound)
		failing.Store(false)
		first := v.call(t, http.MethodPost, path, body, "Idempotency-Key", "k1").requireStatus(t, http.StatusCreated)
		again := v.call(t, http.MethodPost, path, body, "Idempotency-Key", "k1").requireStatus(t, http.StatusCreated)
		require.Equal(t, first.body, again.body)
	}
}

func TestAPI_setPasswordRejectsStaleIfMatch(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	withJane(t, h, v)
	withUser(t, h, v)
	for _, path := range []string{"/administrators/jane.admin", "/users/jane.admin"} {
		before := v.call(t, http.MethodGet, path, nil).requireStatus(t, http.StatusOK).Header.Get("ETag")
		body := map[string]any{"password": newPassword}
		v.call(t, http.MethodPut, path+"/password", body, "If-Match", `"x"`).requireStatus(t, http.StatusPreconditionFailed)
		require.Equal(t, before, v.call(t, http.MethodGet, path, nil).Header.Get("ETag"), "nothing was changed")
		v.call(t, http.MethodPut, path+"/password", body, "If-Match", before).requireStatus(t, http.StatusOK)
		v.call(t, http.MethodPut, path+"/password", body, "If-Match", before).requireStatus(t, http.StatusPreconditionFailed)
	}
	entries, err := h.Site.AuditLog.List(t.Context(), audit.Query{Action: "set password", Key: "jane.admin"})
	require.NoError(t, err)
	require.Len(t, entries.Items, 6, "each error is recorded once")
}

func TestAPI_reportsUnreadableAndInvalidFieldsTogether(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	withJane(t, h, v)
	withUser(t, h, v)
	withCRM(t, h, v)
	for _, test := range []struct {
		method, path string
		body         map[string]any
		fields       []string
	}{
		{
			http.MethodPost, "/users",
			map[string]any{"username": "-", "password": "short", "permissions": map[string]any{"xmpp.login": "perhaps"}},
			[]string{"body.username username", "body.password min", "body.permissions.xmpp.login value"},
		},
		{
			http.MethodPost, "/users",
			map[string]any{"username": "JANE.admin", "permissions": map[string]any{"xmpp.login": "perhaps"}},
			[]string{"body.username already_exists", "body.permissions.xmpp.login value"},
		},
		{
			http.MethodPatch, "/users/jane.admin",
			map[string]any{"email": "x", "permissions": map[string]any{"xmpp.login": "perhaps"}},
			[]string{"body.email email", "body.permissions.xmpp.login value"},
		},
		{
			http.MethodPost, "/administrators",
			map[string]any{"username": "-", "password": "short", "extensions": "9-1"},
			[]string{"body.username username", "body.password min", "body.extensions range"},
		},
		{
			http.MethodPatch, "/administrators/jane.admin",
			map[string]any{"sections": []string{"none-such"}, "extensions": "9-1"},
			[]string{"body.sections[0] unknown", "body.extensions range"},
		},
		{
			http.MethodPost, "/ami-accounts",
			map[string]any{"name": "CRMPRO_ami", "permit": []string{"nowhere"}},
			[]string{"body.name already_exists", "body.permit[0] network"},
		},
		{
			http.MethodPatch, "/ami-accounts/crmpro_ami",
			map[string]any{"write_timeout": 5, "permit": []string{"nowhere"}},
			[]string{"body.write_timeout min", "body.permit[0] network"},
		},
		{
			http.MethodPost, "/groups",
			map[string]any{"name": "!", "permissions": map[string]any{"xmpp.login": "perhaps"}},
			[]string{"body.name letter", "body.permissions.xmpp.login value"},
		},
		{
			http.MethodPost, "/users/jane.admin/tokens",
			map[string]any{"extensions": []string{"x"}, "addresses": []string{"nowhere"}},
			[]string{"body.extensions[0] extension", "body.addresses[0] network"},
		},
	} {
		before := h.countEntries(t)
		v.call(t, test.method, test.path, test.body).requireFieldErrors(t, http.StatusUnprocessableEntity, test.fields...)
		require.Equal(t, 1, h.countEntries(t)-before, "%s %s: the error is recorded once", test.method, test.path)
	}
}

// countEntries returns how many entries the audit log has.
func (h *harness) countEntries(t *testing.T) int {
	t.Helper()
	entries, err := h.Site.AuditLog.List(t.Context(), audit.Query{PageRequest: store.PageRequest{Limit: store.MaxPageLimit}})
	require.NoError(t, err)
	return len(entries.Items)
}
