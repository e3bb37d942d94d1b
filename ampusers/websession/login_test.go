package websession_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/ampusers/websession"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
)

// enrollTOTP enrolls a second factor for jane.admin and returns a function that
// returns its codes.
func (b *env) enrollTOTP(t *testing.T) (code func() string) {
	t.Helper()
	enrollment, err := b.administrators.BeginSecondFactor(t.Context(), "jane.admin", store.NewSecret(password))
	require.NoError(t, err)
	code = func() string {
		current, err := totp.GenerateCode(enrollment.Secret.Reveal(), b.clock.Now())
		require.NoError(t, err)
		return current
	}
	_, err = b.administrators.ConfirmSecondFactor(t.Context(), "jane.admin", code())
	require.NoError(t, err)
	b.clock.Advance(time.Minute)
	return code
}

func requireLoginError(t *testing.T, err error, code credential.LoginErrorCode) {
	t.Helper()
	var loginErr *credential.LoginError
	require.ErrorAs(t, err, &loginErr)
	require.Equal(t, code, loginErr.Code)
	require.NotEmpty(t, loginErr.Message)
}

// logInPendingMFA sends the right password, and no code.
func (v *client) logInPendingMFA(t *testing.T) {
	t.Helper()
	v.do(t, func(ctx context.Context) {
		login, err := v.LogIn(ctx, credential.LoginAttempt{Username: "jane.admin", Password: store.NewSecret(password)})
		require.NoError(t, err)
		require.True(t, login.MFARequired())
		require.Nil(t, v.Administrator(ctx))
	})
}

func (v *client) pendingMFA(t *testing.T) (username string) {
	t.Helper()
	v.do(t, func(ctx context.Context) { username = v.PendingMFA(ctx) })
	return username
}

func (v *client) confirmMFA(t *testing.T, code string) (err error) {
	t.Helper()
	v.do(t, func(ctx context.Context) { _, err = v.ConfirmMFA(ctx, code, store.Secret{}) })
	return err
}

func TestManager_LogIn_wrongPasswordKeepsSession(t *testing.T) {
	t.Parallel()
	v := setup(t, nil).newClient()
	v.logIn(t, "root.admin")
	v.do(t, func(ctx context.Context) {
		_, err := v.LogIn(ctx, credential.LoginAttempt{Username: "jane.admin", Password: store.NewSecret("wrong")})
		requireLoginError(t, err, credential.InvalidCredentials)
	})
	require.Equal(t, "root.admin", v.username(t))
	require.Empty(t, v.pendingMFA(t))
}

func TestManager_ConfirmMFA_completesLogin(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	code := b.enrollTOTP(t)
	v := b.newClient()
	v.logInPendingMFA(t)
	require.Empty(t, v.username(t), "half is not in")
	require.Equal(t, "jane.admin", v.pendingMFA(t))
	waiting := v.cookie
	require.NoError(t, v.confirmMFA(t, code()))
	require.NotEqual(t, waiting, v.cookie)
	require.Equal(t, "jane.admin", v.username(t))
	require.Empty(t, v.pendingMFA(t))
}

func TestManager_LogIn_pendingMFAEndsPreviousSession(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.enrollTOTP(t)
	v := b.newClient()
	v.logIn(t, "root.admin")
	v.logInPendingMFA(t)
	require.Empty(t, v.username(t))
}

func TestManager_ConfirmMFA_expiresAfterFiveMinutes(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	code := b.enrollTOTP(t)
	v := b.newClient()
	v.logInPendingMFA(t)
	b.clock.Advance(5*time.Minute - time.Second)
	require.Equal(t, "jane.admin", v.pendingMFA(t))
	b.clock.Advance(time.Second)
	require.Empty(t, v.pendingMFA(t))
	requireLoginError(t, v.confirmMFA(t, code()), credential.InvalidCredentials)
	require.Empty(t, v.username(t))
}

func TestManager_ConfirmMFA_abortsAfterFiveWrongCodes(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.enrollTOTP(t)
	v := b.newClient()
	v.logInPendingMFA(t)
	for range 4 {
		requireLoginError(t, v.confirmMFA(t, "000000x"), credential.InvalidMFACode)
		require.Equal(t, "jane.admin", v.pendingMFA(t))
		b.clock.Advance(time.Minute) // beyond every rate limit
	}
	requireLoginError(t, v.confirmMFA(t, "000000x"), credential.InvalidCredentials)
	require.Empty(t, v.pendingMFA(t))
}

func TestManager_ConfirmMFA_rejectsEndedSessions(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	code := b.enrollTOTP(t)
	v := b.newClient()
	v.logInPendingMFA(t)
	require.NoError(t, b.administrators.EndSessions(t.Context(), "jane.admin"))
	requireLoginError(t, v.confirmMFA(t, code()), credential.InvalidCredentials)
	require.Empty(t, v.pendingMFA(t))
}

func TestManager_ConfirmMFA_requiresPasswordFirst(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	code := b.enrollTOTP(t)
	v := b.newClient()
	requireLoginError(t, v.confirmMFA(t, code()), credential.InvalidCredentials)
	require.Empty(t, v.username(t))
}

func TestManager_LogIn_limitsPerAddress(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	guess := func(remoteAddr string) (err error) {
		v := b.newClient()
		v.remoteAddr = remoteAddr
		v.do(t, func(ctx context.Context) {
			_, err = v.LogIn(ctx, credential.LoginAttempt{Username: "nobody", Password: store.NewSecret("guess")})
		})
		return err
	}
	for port := range 10 {
		requireLoginError(t, guess("192.0.2.7:"+strconv.Itoa(4711+port)), credential.InvalidCredentials)
	}
	require.ErrorIs(t, guess("192.0.2.7:9999"), store.ErrRateLimited, "another port of the address is the same source")
	require.ErrorIs(t, guess("[::ffff:192.0.2.7]:80"), store.ErrRateLimited)
	requireLoginError(t, guess("192.0.2.8:4711"), credential.InvalidCredentials)
}

// newBearerClient returns a client that has logged in and sends its bearer token.
func (b *env) newBearerClient(t *testing.T) *client {
	t.Helper()
	v := b.newClient()
	login := b.newClient()
	login.do(t, func(ctx context.Context) {
		_, err := login.LogIn(ctx, credential.LoginAttempt{Username: "jane.admin", Password: store.NewSecret(password)})
		require.NoError(t, err)
		v.bearer = login.Token(ctx).Reveal()
	})
	return v
}

func TestManager_Handler_acceptsBearerToken(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	program := b.newBearerClient(t)
	require.Equal(t, "jane.admin", program.username(t))

	b.clock.Advance(2 * time.Minute)
	response := program.do(t, func(ctx context.Context) { program.SCS.Put(ctx, "web.flash", "x") })
	require.Empty(t, response.Cookies(), "it never gets a cookie")

	response = program.do(t, func(ctx context.Context) { require.NoError(t, program.LogOut(ctx)) })
	require.Empty(t, response.Cookies())
	require.Empty(t, program.username(t))
}

func TestManager_Handler_bearerTokenOverridesCookie(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	both := b.newClient()
	both.logIn(t, "root.admin")
	both.bearer = b.newBearerClient(t).bearer
	require.Equal(t, "jane.admin", both.username(t))
	both.bearer = "dead"
	require.Empty(t, both.username(t))
	both.bearer = ""
	for _, nothing := range []string{"Bearer", "bearer ", "BEARER  "} {
		both.header.Set("Authorization", nothing)
		require.Empty(t, both.username(t), nothing)
	}
}

func TestManager_Refresh_keepsBearerToken(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	program := b.newBearerClient(t)
	program.do(t, func(ctx context.Context) {
		changed, err := b.administrators.ChangePassword(ctx, "jane.admin", store.NewSecret(password), store.NewSecret("another-"+password))
		require.NoError(t, err)
		require.NoError(t, program.Refresh(ctx, changed))
	})
	require.Equal(t, "jane.admin", program.username(t))
}

func TestManager_Handler_ignoresOtherAuthorizationSchemes(t *testing.T) {
	t.Parallel()
	v := setup(t, nil).newClient()
	v.logIn(t, "root.admin")
	v.header.Set("Authorization", "Basic cm9vdDpyb290")
	require.Equal(t, "root.admin", v.username(t), "a proxy in front may ask for one of its own")
}

func TestManager_Require_recordsDeniedSection(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v := b.newClient()
	v.do(t, func(ctx context.Context) {
		_, err := v.Require(ctx, sectionPhones)
		require.ErrorIs(t, err, websession.ErrLoginRequired)
	})
	v.logIn(t, "jane.admin")
	v.do(t, func(ctx context.Context) {
		for _, section := range []string{"", sectionPhones} {
			a, err := v.Require(ctx, section)
			require.NoError(t, err)
			require.Equal(t, "jane.admin", a.Username)
		}
		_, err := v.Require(ctx, sectionBilling)
		require.ErrorIs(t, err, store.ErrForbidden)
		require.ErrorContains(t, err, "Billing")
	})
	list, err := b.auditLog.List(t.Context(), audit.Query{Action: "access"})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	entry := list.Items[0]
	require.Equal(t, audit.Actor{Kind: audit.Administrator, Name: "jane.admin", RemoteAddr: netip.MustParseAddr("192.0.2.7")}, entry.Actor)
	require.Equal(t, "section", entry.Kind)
	require.Equal(t, sectionBilling, entry.Key)
	require.Equal(t, audit.Denied, entry.Outcome)
}

func TestManager_Require_usesCurrentRights(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v := b.newClient()
	v.logIn(t, "jane.admin")
	_, err := b.administrators.Update(t.Context(), "jane.admin", func(a *ampusers.Administrator) error {
		a.Sections = []string{sectionBilling}
		return nil
	})
	require.NoError(t, err)
	v.do(t, func(ctx context.Context) {
		_, err := v.Require(ctx, sectionPhones)
		require.ErrorIs(t, err, store.ErrForbidden)
		_, err = v.Require(ctx, sectionBilling)
		require.NoError(t, err)
	})
}

// A request can wait for its body, or to hash a password. The rights that count are the
// rights at the moment of the change.
func TestManager_Handler_forbidsChangesAfterEndOfSession(t *testing.T) {
	t.Parallel()
	for name, during := range map[string]func(context.Context, *ampusers.Service) error{
		"grant to an administrator whose password another one knows": func(ctx context.Context, s *ampusers.Service) error {
			_, err := s.Update(ctx, "jane.admin", func(a *ampusers.Administrator) error {
				a.Access, a.Sections = ampusers.Full, nil
				return nil
			})
			return err
		},
		"new password": func(ctx context.Context, s *ampusers.Service) error {
			_, err := s.SetPassword(ctx, "jane.admin", store.NewSecret("another "+password), nil)
			return err
		},
		"disabled": func(ctx context.Context, s *ampusers.Service) error {
			_, err := s.Disable(ctx, "jane.admin")
			return err
		},
		"another administrator with the username": func(ctx context.Context, s *ampusers.Service) error {
			if err := s.Delete(ctx, "jane.admin"); err != nil {
				return err
			}
			_, err := s.Create(ctx, &ampusers.Administrator{Username: "jane.admin", Access: ampusers.Full}, store.Secret{})
			return err
		},
		"section lost": func(ctx context.Context, s *ampusers.Service) error {
			_, err := s.Update(ctx, "jane.admin", func(a *ampusers.Administrator) error {
				a.Sections = nil
				return nil
			})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			setByLimitedAdministrator(t, b)
			v := b.newClient()
			v.logIn(t, "jane.admin")
			v.do(t, func(ctx context.Context) {
				_, err := v.Require(ctx, sectionPhones)
				require.NoError(t, err)
				act := b.administrators.ForActor(v.Administrator(ctx).Username)
				require.NoError(t, act.EndSessions(ctx, "jane.admin"), "still allowed")
			})
			v.logIn(t, "jane.admin")
			v.do(t, func(ctx context.Context) {
				_, err := v.Require(ctx, sectionPhones)
				require.NoError(t, err)
				require.NoError(t, during(t.Context(), b.administrators))
				require.ErrorIs(t, audit.CheckPrecondition(ctx), store.ErrForbidden)
				_, err = b.administrators.ForActor(v.Administrator(ctx).Username).Create(ctx, &ampusers.Administrator{Username: "evil.admin", Sections: []string{sectionPhones}}, store.Secret{})
				require.ErrorIs(t, err, store.ErrForbidden)
			})
			_, err := b.administrators.Get(t.Context(), "evil.admin")
			require.ErrorIs(t, err, store.ErrNotFound)
		})
	}
}

// setByLimitedAdministrator lets a limited administrator set the password of jane.admin.
func setByLimitedAdministrator(t *testing.T, b *env) {
	t.Helper()
	_, err := b.administrators.Create(t.Context(), &ampusers.Administrator{Username: "setter.admin", Sections: []string{sectionPhones}}, store.Secret{})
	require.NoError(t, err)
	_, err = b.administrators.ForActor("setter.admin").SetPassword(t.Context(), "jane.admin", store.NewSecret(password), nil)
	require.NoError(t, err)
}

func TestManager_Require_rejectsRequestOutsideHandler(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	require.Nil(t, b.Administrator(t.Context()))
	require.Equal(t, netip.Addr{}, b.RemoteAddr(t.Context()))
	_, err := b.Require(t.Context(), "")
	require.ErrorIs(t, err, websession.ErrLoginRequired)
}

func TestManager_Handler_savesSessionWithoutResponse(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	handler := b.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b.SCS.Put(r.Context(), "web.flash", "x")
	}))
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	require.NotEmpty(t, recorder.Header().Get("Set-Cookie"))
}

func TestManager_Handler_savesSessionBeforeFlush(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	var flushed error
	handler := b.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.SCS.Put(r.Context(), "web.flash", "x")
		flushed = http.NewResponseController(w).Flush()
	}))
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	require.NoError(t, flushed)
	require.True(t, recorder.Flushed)
	require.NotEmpty(t, recorder.Result().Cookies())
}
