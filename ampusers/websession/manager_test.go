package websession_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/ampusers/websession"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/memstore"
)

func TestManager_LogIn_sessionLastsAcrossRequests(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v := b.newClient()
	require.Empty(t, v.username(t))
	response := v.logIn(t, "jane.admin")
	require.Equal(t, "jane.admin", v.username(t))
	require.Empty(t, b.newClient().username(t), "another browser")

	require.Len(t, response.Cookies(), 1)
	cookie := response.Cookies()[0]
	require.Equal(t, websession.CookieName, cookie.Name)
	require.True(t, cookie.HttpOnly)
	require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
	require.Equal(t, "/", cookie.Path)
	require.Zero(t, cookie.MaxAge, "it ends with the browser")
	require.True(t, cookie.Expires.IsZero(), "it ends with the browser")
	require.False(t, cookie.Secure)
	require.Contains(t, response.Header.Get("Vary"), "Cookie")
}

func TestManager_LogIn_setsSecureCookieWithTLS(t *testing.T) {
	t.Parallel()
	b := setup(t, &websession.Options{Secure: true})
	cookie := b.newClient().logIn(t, "jane.admin").Cookies()[0]
	require.True(t, cookie.Secure)
	require.Equal(t, "__Host-"+websession.CookieName, cookie.Name)
}

func TestManager_Handler_createsNoEmptySession(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v := b.newClient()
	response := v.do(t, func(ctx context.Context) { require.Nil(t, v.Administrator(ctx)) })
	require.Empty(t, response.Cookies())
	v.cookie = "invented"
	require.Empty(t, v.do(t, func(context.Context) {}).Cookies())
	require.Zero(t, b.ttlStore.writesTotal())
}

func TestManager_Handler_writesIdleSessionOncePerMinute(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v := b.newClient()
	v.logIn(t, "jane.admin")
	before := b.ttlStore.writesTotal()
	for range 10 {
		response := v.do(t, func(context.Context) {})
		require.Empty(t, response.Cookies(), "the browser has it already")
	}
	require.Equal(t, before, b.ttlStore.writesTotal())
	b.clock.Advance(time.Minute)
	for range 10 {
		v.do(t, func(context.Context) {})
	}
	require.Equal(t, before+1, b.ttlStore.writesTotal())
}

func TestManager_LogIn_renewsToken(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v := b.newClient()
	v.do(t, func(ctx context.Context) { v.SCS.Put(ctx, "web.draft", "of a stranger") })
	fixated := v.cookie
	require.NotEmpty(t, fixated)
	v.logIn(t, "jane.admin")
	require.NotEqual(t, fixated, v.cookie)

	attacker := b.newClient()
	attacker.cookie = fixated
	require.Empty(t, attacker.username(t))
	v.do(t, func(ctx context.Context) { require.Empty(t, v.SCS.GetString(ctx, "web.draft")) })
}

func TestManager_Handler_rejectsForeignToken(t *testing.T) {
	t.Parallel()
	v := setup(t, nil).newClient()
	v.cookie = "chosen-by-an-attacker"
	v.do(t, func(ctx context.Context) { v.SCS.Put(ctx, "web.draft", "x") })
	require.NotEqual(t, "chosen-by-an-attacker", v.cookie)
}

func TestManager_LogIn_storesOnlyTokenHash(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v := b.newClient()
	v.logIn(t, "jane.admin")
	_, err := b.ttlStore.Get(t.Context(), "session", v.cookie, b.clock.Now())
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestManager_LogOut_endsSession(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v := b.newClient()
	v.logIn(t, "jane.admin")
	stolen := *v
	response := v.do(t, func(ctx context.Context) {
		require.NoError(t, v.LogOut(ctx))
		require.Nil(t, v.Administrator(ctx))
	})
	require.Negative(t, response.Cookies()[0].MaxAge, "the browser forgets it")
	require.Empty(t, stolen.username(t))
}

func TestManager_LogOut_isNotUndoneByConcurrentRequest(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v := b.newClient()
	v.logIn(t, "jane.admin")
	other := *v
	v.do(t, func(ctx context.Context) {
		v.SCS.Put(ctx, "web.draft", "written later")
		other.do(t, func(inner context.Context) { require.NoError(t, other.LogOut(inner)) })
	})
	require.Empty(t, v.username(t))
}

func TestManager_Handler_mergesConcurrentChanges(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v := b.newClient()
	v.logIn(t, "jane.admin")
	v.do(t, func(ctx context.Context) {
		v.SCS.Put(ctx, "web.flash", "kept")
		v.SCS.Put(ctx, "web.secret", "shown once")
	})
	b.clock.Advance(time.Minute) // so that both update the last use
	other := *v
	v.do(t, func(ctx context.Context) {
		v.SCS.Put(ctx, "web.draft", "mine")
		other.do(t, func(inner context.Context) {
			require.Equal(t, "shown once", other.SCS.PopString(inner, "web.secret"))
			other.SCS.Put(inner, "web.link", "theirs")
		})
	})
	v.do(t, func(ctx context.Context) {
		require.Empty(t, v.SCS.GetString(ctx, "web.secret"))
		require.Equal(t, "theirs", v.SCS.GetString(ctx, "web.link"))
		require.Equal(t, "mine", v.SCS.GetString(ctx, "web.draft"))
		require.Equal(t, "kept", v.SCS.GetString(ctx, "web.flash"))
		require.Equal(t, "jane.admin", v.Administrator(ctx).Username)
	})
}

func TestManager_Handler_expiresSessions(t *testing.T) {
	t.Parallel()
	t.Run("idle", func(t *testing.T) {
		t.Parallel()
		b := setup(t, nil)
		v := b.newClient()
		v.logIn(t, "jane.admin")
		b.clock.Advance(time.Hour - time.Second)
		require.Equal(t, "jane.admin", v.username(t))
		b.clock.Advance(time.Hour)
		require.Empty(t, v.username(t))
	})
	t.Run("at the latest", func(t *testing.T) {
		t.Parallel()
		b := setup(t, nil)
		v := b.newClient()
		v.logIn(t, "jane.admin")
		for range 23 {
			b.clock.Advance(30 * time.Minute)
			require.Equal(t, "jane.admin", v.username(t))
		}
		b.clock.Advance(30 * time.Minute)
		require.Empty(t, v.username(t), "after 12 hours")
	})
	t.Run("and are forgotten", func(t *testing.T) {
		t.Parallel()
		b := setup(t, &websession.Options{Idle: 5 * time.Minute})
		b.newClient().logIn(t, "jane.admin")
		count, err := b.ttlStore.DeleteExpired(t.Context(), b.clock.Now().Add(5*time.Minute))
		require.NoError(t, err)
		require.Equal(t, 1, count)
	})
}

func TestManager_Handler_endsSessionsOfRevokedAdministrator(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(ctx context.Context, s *ampusers.Service) error{
		"a new password": func(ctx context.Context, s *ampusers.Service) error {
			_, err := s.SetPassword(ctx, "jane.admin", store.NewSecret("another-"+password), nil)
			return err
		},
		"disabled": func(ctx context.Context, s *ampusers.Service) error {
			_, err := s.Disable(ctx, "jane.admin")
			return err
		},
		"deleted": func(ctx context.Context, s *ampusers.Service) error { return s.Delete(ctx, "jane.admin") },
		"all ended": func(ctx context.Context, s *ampusers.Service) error {
			return s.EndSessions(ctx, "jane.admin")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			v, other := b.newClient(), b.newClient()
			v.logIn(t, "jane.admin")
			other.logIn(t, "root.admin")
			require.NoError(t, act(t.Context(), b.administrators))
			require.Empty(t, v.username(t))
			require.Equal(t, "root.admin", other.username(t))
			v.do(t, func(ctx context.Context) {
				_, err := v.Require(ctx, "")
				require.ErrorIs(t, err, websession.ErrLoginRequired)
				require.Equal(t, audit.Actor{Kind: audit.Anonymous, RemoteAddr: netip.MustParseAddr("192.0.2.7")}, audit.ActorFromContext(ctx))
			})
		})
	}
}

func TestManager_Refresh_keepsOnlyCurrentSession(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v, other := b.newClient(), b.newClient()
	v.logIn(t, "jane.admin")
	other.logIn(t, "jane.admin")
	before := v.cookie
	v.do(t, func(ctx context.Context) {
		changed, err := b.administrators.ChangePassword(ctx, "jane.admin", store.NewSecret(password), store.NewSecret("another-"+password))
		require.NoError(t, err)
		require.NoError(t, v.Refresh(ctx, changed))
	})
	require.NotEqual(t, before, v.cookie)
	require.Equal(t, "jane.admin", v.username(t))
	require.Empty(t, other.username(t))
}

func TestManager_Handler_hidesStoreErrors(t *testing.T) {
	t.Parallel()
	var reported []error
	b := setup(t, &websession.Options{HandleError: func(w http.ResponseWriter, _ *http.Request, err error) {
		reported = append(reported, err)
		http.Error(w, "no details", http.StatusInternalServerError)
	}})
	v := b.newClient()
	v.logIn(t, "jane.admin")
	broken := errors.New("the disk is full")

	b.ttlStore.setError(broken)
	response := v.do(t, func(context.Context) { t.Error("the handler must not run") })
	require.Equal(t, http.StatusInternalServerError, response.StatusCode)
	require.Len(t, reported, 1)
	require.ErrorIs(t, reported[0], broken)

	b.ttlStore.setError(nil)
	response = v.do(t, func(ctx context.Context) {
		v.SCS.Put(ctx, "web.flash", "saved")
		b.ttlStore.setError(broken)
	})
	require.Equal(t, http.StatusInternalServerError, response.StatusCode)
	require.Len(t, reported, 2)
	body := new(strings.Builder)
	require.NoError(t, response.Write(body))
	require.NotContains(t, body.String(), "done")
	require.NotContains(t, body.String(), "disk")
}

func TestNew_startsNoGoroutines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(*testing.T) {
		websession.New(ampusers.New(memstore.New().Administrators(), nil), memstore.New().TTLStore(), nil)
	})
}

func TestManager_Handler_storesSessionThoughClientIsGone(t *testing.T) {
	t.Parallel()
	v := setup(t, nil).newClient()
	v.logIn(t, "root.admin")
	ctx, cancel := context.WithCancel(t.Context())
	request := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", nil)
	request.AddCookie(&http.Cookie{Name: websession.CookieName, Value: v.cookie})
	v.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		v.SCS.Put(r.Context(), "web.flash", "Saved.")
		cancel()
	})).ServeHTTP(httptest.NewRecorder(), request)
	v.do(t, func(ctx context.Context) { require.Equal(t, "Saved.", v.SCS.GetString(ctx, "web.flash")) })
}

func TestManager_SetLimits_changesRunningManager(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	before, after := b.newClient(), b.newClient()
	before.logIn(t, "jane.admin")
	b.SetLimits(2*time.Hour, 10*time.Minute)
	require.Equal(t, []time.Duration{2 * time.Hour, 10 * time.Minute}, []time.Duration{b.Lifetime(), b.IdleTimeout()})
	b.clock.Advance(2 * time.Minute)
	require.Equal(t, "jane.admin", before.username(t), "which applies the limit")
	after.logIn(t, "jane.admin")
	b.clock.Advance(10 * time.Minute)
	require.Empty(t, before.username(t))
	require.Empty(t, after.username(t))
	after.logIn(t, "jane.admin")
	for range 23 {
		b.clock.Advance(5 * time.Minute)
		require.Equal(t, "jane.admin", after.username(t))
	}
	b.clock.Advance(5 * time.Minute)
	require.Empty(t, after.username(t), "after 2 hours")
	b.SetLimits(0, 0)
	require.Equal(t, []time.Duration{12 * time.Hour, time.Hour}, []time.Duration{b.Lifetime(), b.IdleTimeout()})
	require.Panics(t, func() { b.SetLimits(-1, 0) })
}
