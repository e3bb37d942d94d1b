package access_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/examples/server/access"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

func TestALoginLastsFromRequestToRequest(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v := b.visitor()
	require.Empty(t, v.name(t))
	response := v.logIn(t, "jane.admin")
	require.Equal(t, "jane.admin", v.name(t))
	require.Empty(t, b.visitor().name(t), "another browser")

	require.Len(t, response.Cookies(), 1)
	cookie := response.Cookies()[0]
	require.Equal(t, access.CookieName, cookie.Name)
	require.True(t, cookie.HttpOnly)
	require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
	require.Equal(t, "/", cookie.Path)
	require.Zero(t, cookie.MaxAge, "it ends with the browser")
	require.True(t, cookie.Expires.IsZero(), "it ends with the browser")
	require.False(t, cookie.Secure)
	require.Contains(t, response.Header.Get("Vary"), "Cookie")
}

func TestCookiesAreSecureWhereThereIsTLS(t *testing.T) {
	t.Parallel()
	b := setup(t, &access.Options{Secure: true})
	require.True(t, b.visitor().logIn(t, "jane.admin").Cookies()[0].Secure)
}

func TestVisitorsForWhomNothingIsRememberedGetNoSession(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v := b.visitor()
	response := v.visit(t, func(ctx context.Context) { require.Nil(t, v.Visitor(ctx)) })
	require.Empty(t, response.Cookies())
	v.cookie = "invented"
	require.Empty(t, v.visit(t, func(context.Context) {}).Cookies())
	require.Zero(t, b.vault.written())
}

func TestAPageThatIsOnlyReadCostsNoWriteButOneAMinute(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v := b.visitor()
	v.logIn(t, "jane.admin")
	before := b.vault.written()
	for range 10 {
		response := v.visit(t, func(context.Context) {})
		require.Empty(t, response.Cookies(), "the browser has it already")
	}
	require.Equal(t, before, b.vault.written())
	b.clock.forward(time.Minute)
	for range 10 {
		v.visit(t, func(context.Context) {})
	}
	require.Equal(t, before+1, b.vault.written())
}

func TestTheTokenChangesAtLogin(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v := b.visitor()
	v.visit(t, func(ctx context.Context) { v.Sessions.Put(ctx, "web.draft", "of a stranger") })
	planted := v.cookie
	require.NotEmpty(t, planted)
	v.logIn(t, "jane.admin")
	require.NotEqual(t, planted, v.cookie)

	attacker := b.visitor()
	attacker.cookie = planted
	require.Empty(t, attacker.name(t))
	v.visit(t, func(ctx context.Context) { require.Empty(t, v.Sessions.GetString(ctx, "web.draft")) })
}

func TestATokenThatNobodyGaveOutIsNotTakenOver(t *testing.T) {
	t.Parallel()
	v := setup(t, nil).visitor()
	v.cookie = "chosen-by-an-attacker"
	v.visit(t, func(ctx context.Context) { v.Sessions.Put(ctx, "web.draft", "x") })
	require.NotEqual(t, "chosen-by-an-attacker", v.cookie)
}

func TestTokensAreNotStored(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v := b.visitor()
	v.logIn(t, "jane.admin")
	_, err := b.vault.Kept(t.Context(), "session", v.cookie, b.clock.time())
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestLoggingOutEndsTheSession(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v := b.visitor()
	v.logIn(t, "jane.admin")
	stolen := *v
	response := v.visit(t, func(ctx context.Context) {
		require.NoError(t, v.LogOut(ctx))
		require.Nil(t, v.Visitor(ctx))
	})
	require.Negative(t, response.Cookies()[0].MaxAge, "the browser forgets it")
	require.Empty(t, stolen.name(t))
}

func TestARequestThatOverlapsWithALogoutDoesNotReviveTheSession(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v := b.visitor()
	v.logIn(t, "jane.admin")
	other := *v
	v.visit(t, func(ctx context.Context) {
		v.Sessions.Put(ctx, "web.draft", "written later")
		other.visit(t, func(inner context.Context) { require.NoError(t, other.LogOut(inner)) })
	})
	require.Empty(t, v.name(t))
}

func TestRequestsThatOverlapUndoNothingOfEachOther(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v := b.visitor()
	v.logIn(t, "jane.admin")
	v.visit(t, func(ctx context.Context) {
		v.Sessions.Put(ctx, "web.flash", "kept")
		v.Sessions.Put(ctx, "web.secret", "shown once")
	})
	b.clock.forward(time.Minute) // so that both keep that the session is in use
	other := *v
	v.visit(t, func(ctx context.Context) {
		v.Sessions.Put(ctx, "web.draft", "mine")
		other.visit(t, func(inner context.Context) {
			require.Equal(t, "shown once", other.Sessions.PopString(inner, "web.secret"))
			other.Sessions.Put(inner, "web.link", "theirs")
		})
	})
	v.visit(t, func(ctx context.Context) {
		require.Empty(t, v.Sessions.GetString(ctx, "web.secret"))
		require.Equal(t, "theirs", v.Sessions.GetString(ctx, "web.link"))
		require.Equal(t, "mine", v.Sessions.GetString(ctx, "web.draft"))
		require.Equal(t, "kept", v.Sessions.GetString(ctx, "web.flash"))
		require.Equal(t, "jane.admin", v.Visitor(ctx).Username)
	})
}

func TestSessionsEndByTheClock(t *testing.T) {
	t.Parallel()
	t.Run("idle", func(t *testing.T) {
		t.Parallel()
		b := setup(t, nil)
		v := b.visitor()
		v.logIn(t, "jane.admin")
		b.clock.forward(time.Hour - time.Second)
		require.Equal(t, "jane.admin", v.name(t))
		b.clock.forward(time.Hour)
		require.Empty(t, v.name(t))
	})
	t.Run("at the latest", func(t *testing.T) {
		t.Parallel()
		b := setup(t, nil)
		v := b.visitor()
		v.logIn(t, "jane.admin")
		for range 23 {
			b.clock.forward(30 * time.Minute)
			require.Equal(t, "jane.admin", v.name(t))
		}
		b.clock.forward(30 * time.Minute)
		require.Empty(t, v.name(t), "after 12 hours")
	})
	t.Run("and are forgotten", func(t *testing.T) {
		t.Parallel()
		b := setup(t, &access.Options{Idle: 5 * time.Minute})
		b.visitor().logIn(t, "jane.admin")
		count, err := b.vault.ForgetExpired(t.Context(), b.clock.time().Add(5*time.Minute))
		require.NoError(t, err)
		require.Equal(t, 1, count)
	})
}

func TestSessionsEndWithTheRightsOfTheirAdministrator(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(ctx context.Context, s *ampusers.Service) error{
		"a new password": func(ctx context.Context, s *ampusers.Service) error {
			_, err := s.SetPassword(ctx, "jane.admin", store.NewSecret("another-"+password))
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
			v, other := b.visitor(), b.visitor()
			v.logIn(t, "jane.admin")
			other.logIn(t, "root.admin")
			require.NoError(t, act(t.Context(), b.site.Administrators))
			require.Empty(t, v.name(t))
			require.Equal(t, "root.admin", other.name(t))
			v.visit(t, func(ctx context.Context) {
				_, err := v.Require(ctx, "")
				require.ErrorIs(t, err, access.ErrLoginNeeded)
				require.Equal(t, audit.Actor{Kind: audit.Visitor, Source: "192.0.2.7"}, audit.ActorOf(ctx))
			})
		})
	}
}

func TestOnlyTheSessionThatChangedTheOwnPasswordGoesOn(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v, elsewhere := b.visitor(), b.visitor()
	v.logIn(t, "jane.admin")
	elsewhere.logIn(t, "jane.admin")
	before := v.cookie
	v.visit(t, func(ctx context.Context) {
		changed, err := b.site.Administrators.ChangePassword(ctx, "jane.admin", store.NewSecret(password), store.NewSecret("another-"+password))
		require.NoError(t, err)
		require.NoError(t, v.Adopt(ctx, changed))
	})
	require.NotEqual(t, before, v.cookie)
	require.Equal(t, "jane.admin", v.name(t))
	require.Empty(t, elsewhere.name(t))
}

func TestAFailingStoreAnswers500AndSaysNothingOfIt(t *testing.T) {
	t.Parallel()
	var told []error
	b := setup(t, &access.Options{Failed: func(w http.ResponseWriter, _ *http.Request, err error) {
		told = append(told, err)
		http.Error(w, "no details", http.StatusInternalServerError)
	}})
	v := b.visitor()
	v.logIn(t, "jane.admin")
	broken := errors.New("the disk is full")

	b.vault.fail(broken)
	response := v.visit(t, func(context.Context) { t.Error("nobody is let in") })
	require.Equal(t, http.StatusInternalServerError, response.StatusCode)
	require.Len(t, told, 1)
	require.ErrorIs(t, told[0], broken)

	b.vault.fail(nil)
	response = v.visit(t, func(ctx context.Context) {
		v.Sessions.Put(ctx, "web.flash", "saved")
		b.vault.fail(broken)
	})
	require.Equal(t, http.StatusInternalServerError, response.StatusCode)
	require.Len(t, told, 2)
	body := new(strings.Builder)
	require.NoError(t, response.Write(body))
	require.NotContains(t, body.String(), "done")
	require.NotContains(t, body.String(), "disk")
}

func TestAGateLeavesNothingRunning(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(*testing.T) { access.New(&site.Site{}, nil) })
}
