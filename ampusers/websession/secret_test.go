package websession_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
)

// take takes a secret of the kind "key" in a request of its own.
func (v *client) take(t *testing.T, method, record string, since time.Time) (secret string) {
	t.Helper()
	v.do(t, func(ctx context.Context) {
		secret = v.TakeSecret(httptest.NewRequestWithContext(ctx, method, "/", nil), "key", record, since).Reveal()
	})
	return secret
}

func TestManager_TakeSecret_returnsSecretOnce(t *testing.T) {
	t.Parallel()
	v, created := setup(t, nil).newClient(), time.Date(2030, 1, 2, 3, 4, 5, 6000, time.UTC)
	v.logIn(t, "root.admin")
	v.do(t, func(ctx context.Context) { v.PutSecret(ctx, "key", "crm", created, store.NewSecret("s3cr3t\nline")) })
	require.Empty(t, v.take(t, http.MethodGet, "dialer", created))
	require.Empty(t, v.take(t, http.MethodHead, "crm", created), "HEAD shows nothing")
	require.Equal(t, "s3cr3t\nline", v.take(t, http.MethodGet, "crm", created))
	require.Empty(t, v.take(t, http.MethodGet, "crm", created))
}

func TestManager_TakeSecret_ignoresReplacedSecret(t *testing.T) {
	t.Parallel()
	v, created := setup(t, nil).newClient(), time.Now()
	v.logIn(t, "root.admin")
	v.do(t, func(ctx context.Context) { v.PutSecret(ctx, "key", "crm", created, store.NewSecret("s3cr3t")) })
	require.Empty(t, v.take(t, http.MethodGet, "crm", created.Add(time.Second)))
	require.Empty(t, v.take(t, http.MethodGet, "crm", created), "it is removed")
}

func TestManager_PutSecret_boundsWaitingSecrets(t *testing.T) {
	t.Parallel()
	v := setup(t, nil).newClient()
	v.logIn(t, "root.admin")
	v.do(t, func(ctx context.Context) {
		v.PutSecret(ctx, "link", "other", time.Time{}, store.NewSecret("s3cr3t"))
		for i := range 15 {
			v.PutSecret(ctx, "key", strconv.Itoa(i), time.Time{}, store.NewSecret("s3cr3t"))
		}
	})
	found := 0
	for i := range 15 {
		if v.take(t, http.MethodGet, strconv.Itoa(i), time.Time{}) != "" {
			found++
		}
	}
	require.Equal(t, 10, found)
}

func TestManager_DeviceCookie_returnsWithNextRequest(t *testing.T) {
	t.Parallel()
	v := setup(t, nil)
	require.Nil(t, v.DeviceCookie(store.Secret{}))
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	require.True(t, v.DeviceToken(request).IsZero())
	cookie := v.DeviceCookie(store.NewSecret("t0ken"))
	require.True(t, cookie.HttpOnly)
	require.Equal(t, 90*24*60*60, cookie.MaxAge)
	request.AddCookie(cookie)
	require.Equal(t, "t0ken", v.DeviceToken(request).Reveal())
}
