package access_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/examples/server/access"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// enrol gives jane.admin a second factor and returns what shows its codes.
func (b *bundle) enrol(t *testing.T) (code func() string) {
	t.Helper()
	enrolment, err := b.site.Administrators.BeginSecondFactor(t.Context(), "jane.admin")
	require.NoError(t, err)
	code = func() string {
		shown, err := totp.GenerateCode(enrolment.Secret.Reveal(), b.clock.time())
		require.NoError(t, err)
		return shown
	}
	_, err = b.site.Administrators.ConfirmSecondFactor(t.Context(), "jane.admin", code())
	require.NoError(t, err)
	b.clock.forward(time.Minute)
	return code
}

func requireLoginError(t *testing.T, err error, code ampusers.LoginCode) {
	t.Helper()
	var refused *ampusers.LoginError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, code, refused.Code)
	require.NotEmpty(t, refused.Message)
}

// halfLogIn gives the right password, and no code.
func (v *visitor) halfLogIn(t *testing.T) {
	t.Helper()
	v.visit(t, func(ctx context.Context) {
		_, err := v.LogIn(ctx, ampusers.Attempt{Username: "jane.admin", Password: store.NewSecret(password)})
		requireLoginError(t, err, ampusers.CodeRequired)
		require.Nil(t, v.Visitor(ctx))
	})
}

func (v *visitor) half(t *testing.T) (username string) {
	t.Helper()
	v.visit(t, func(ctx context.Context) { username = v.HalfLoggedIn(ctx) })
	return username
}

func (v *visitor) confirm(t *testing.T, code string) (err error) {
	t.Helper()
	v.visit(t, func(ctx context.Context) { _, err = v.Confirm(ctx, code, store.Secret{}) })
	return err
}

func TestAWrongPasswordLeavesEverythingAsItWas(t *testing.T) {
	t.Parallel()
	v := setup(t, nil).visitor()
	v.logIn(t, "root.admin")
	v.visit(t, func(ctx context.Context) {
		_, err := v.LogIn(ctx, ampusers.Attempt{Username: "jane.admin", Password: store.NewSecret("wrong")})
		requireLoginError(t, err, ampusers.WrongPassword)
	})
	require.Equal(t, "root.admin", v.name(t))
	require.Empty(t, v.half(t))
}

func TestACodeEndsALoginThatWaitsForIt(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	code := b.enrol(t)
	v := b.visitor()
	v.halfLogIn(t)
	require.Empty(t, v.name(t), "half is not in")
	require.Equal(t, "jane.admin", v.half(t))
	waiting := v.cookie
	require.NoError(t, v.confirm(t, code()))
	require.NotEqual(t, waiting, v.cookie)
	require.Equal(t, "jane.admin", v.name(t))
	require.Empty(t, v.half(t))
}

func TestALoginThatWaitsForACodeEndsTheOneBefore(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.enrol(t)
	v := b.visitor()
	v.logIn(t, "root.admin")
	v.halfLogIn(t)
	require.Empty(t, v.name(t))
}

func TestALoginWaitsFiveMinutesForItsCode(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	code := b.enrol(t)
	v := b.visitor()
	v.halfLogIn(t)
	b.clock.forward(5*time.Minute - time.Second)
	require.Equal(t, "jane.admin", v.half(t))
	b.clock.forward(time.Second)
	require.Empty(t, v.half(t))
	requireLoginError(t, v.confirm(t, code()), ampusers.WrongPassword)
	require.Empty(t, v.name(t))
}

func TestALoginBeginsAgainAfterFiveWrongCodes(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.enrol(t)
	v := b.visitor()
	v.halfLogIn(t)
	for range 4 {
		requireLoginError(t, v.confirm(t, "000000x"), ampusers.WrongCode)
		require.Equal(t, "jane.admin", v.half(t))
		b.clock.forward(time.Minute) // past every throttle
	}
	requireLoginError(t, v.confirm(t, "000000x"), ampusers.WrongPassword)
	require.Empty(t, v.half(t))
}

func TestALoginThatWaitsForACodeEndsWhenAllSessionsEnd(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	code := b.enrol(t)
	v := b.visitor()
	v.halfLogIn(t)
	require.NoError(t, b.site.Administrators.EndSessions(t.Context(), "jane.admin"))
	requireLoginError(t, v.confirm(t, code()), ampusers.WrongPassword)
	require.Empty(t, v.half(t))
}

func TestNobodyConfirmsWithoutAPassword(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	code := b.enrol(t)
	v := b.visitor()
	requireLoginError(t, v.confirm(t, code()), ampusers.WrongPassword)
	require.Empty(t, v.name(t))
}

// program is one that logged in and shows its token.
func (b *bundle) program(t *testing.T) *visitor {
	t.Helper()
	v := b.visitor()
	made := b.visitor()
	made.visit(t, func(ctx context.Context) {
		_, err := made.LogIn(ctx, ampusers.Attempt{Username: "jane.admin", Password: store.NewSecret(password)})
		require.NoError(t, err)
		v.bearer = made.Token(ctx).Reveal()
	})
	return v
}

func TestProgramsShowATokenInAHeader(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	program := b.program(t)
	require.Equal(t, "jane.admin", program.name(t))

	b.clock.forward(2 * time.Minute)
	response := program.visit(t, func(ctx context.Context) { program.Sessions.Put(ctx, "web.flash", "x") })
	require.Empty(t, response.Cookies(), "it never gets a cookie")

	response = program.visit(t, func(ctx context.Context) { require.NoError(t, program.LogOut(ctx)) })
	require.Empty(t, response.Cookies())
	require.Empty(t, program.name(t))
}

func TestATokenComesBeforeACookieAlsoWhenItIsDead(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	both := b.visitor()
	both.logIn(t, "root.admin")
	both.bearer = b.program(t).bearer
	require.Equal(t, "jane.admin", both.name(t))
	both.bearer = "dead"
	require.Empty(t, both.name(t))
	both.bearer = ""
	for _, nothing := range []string{"Bearer", "bearer ", "BEARER  "} {
		both.header.Set("Authorization", nothing)
		require.Empty(t, both.name(t), nothing)
	}
}

func TestAProgramKeepsItsTokenAfterANewPassword(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	program := b.program(t)
	program.visit(t, func(ctx context.Context) {
		changed, err := b.site.Administrators.ChangePassword(ctx, "jane.admin", store.NewSecret(password), store.NewSecret("another-"+password))
		require.NoError(t, err)
		require.NoError(t, program.Adopt(ctx, changed))
	})
	require.Equal(t, "jane.admin", program.name(t))
}

func TestOtherAuthorizationsAreNotTokens(t *testing.T) {
	t.Parallel()
	v := setup(t, nil).visitor()
	v.logIn(t, "root.admin")
	v.header.Set("Authorization", "Basic cm9vdDpyb290")
	require.Equal(t, "root.admin", v.name(t), "a proxy in front may ask for one of its own")
}

func TestARefusedSectionIsKeptInTheTrail(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v := b.visitor()
	v.visit(t, func(ctx context.Context) {
		_, err := v.Require(ctx, site.SectionManagers)
		require.ErrorIs(t, err, access.ErrLoginNeeded)
	})
	v.logIn(t, "jane.admin")
	v.visit(t, func(ctx context.Context) {
		for _, section := range []string{"", site.SectionManagers} {
			a, err := v.Require(ctx, section)
			require.NoError(t, err)
			require.Equal(t, "jane.admin", a.Username)
		}
		_, err := v.Require(ctx, site.SectionAudit)
		require.ErrorIs(t, err, store.ErrForbidden)
		require.ErrorContains(t, err, "Audit")
	})
	list, err := b.site.Trail.List(t.Context(), audit.Query{Action: "access"})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	entry := list.Items[0]
	require.Equal(t, audit.Actor{Kind: audit.Administrator, Name: "jane.admin", Source: "192.0.2.7"}, entry.Actor)
	require.Equal(t, "section", entry.Kind)
	require.Equal(t, site.SectionAudit, entry.Key)
	require.Equal(t, audit.Refused, entry.Outcome)
}

func TestRightsAreThoseOfNow(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v := b.visitor()
	v.logIn(t, "jane.admin")
	_, err := b.site.Administrators.Update(t.Context(), "jane.admin", func(a *ampusers.Administrator) error {
		a.Sections = []string{site.SectionAudit}
		return nil
	})
	require.NoError(t, err)
	v.visit(t, func(ctx context.Context) {
		_, err := v.Require(ctx, site.SectionManagers)
		require.ErrorIs(t, err, store.ErrForbidden)
		_, err = v.Require(ctx, site.SectionAudit)
		require.NoError(t, err)
	})
}

func TestNobodyIsLoggedInOutsideOfTheGate(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	require.Nil(t, b.Visitor(t.Context()))
	require.Empty(t, b.Source(t.Context()))
	_, err := b.Require(t.Context(), "")
	require.ErrorIs(t, err, access.ErrLoginNeeded)
}

func TestAHandlerThatAnswersNothingKeepsTheSessionToo(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	handler := b.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b.Sessions.Put(r.Context(), "web.flash", "x")
	}))
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	require.NotEmpty(t, recorder.Header().Get("Set-Cookie"))
}

func TestTheSessionIsKeptBeforeTheAnswerIsFlushed(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	var flushed error
	handler := b.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.Sessions.Put(r.Context(), "web.flash", "x")
		flushed = http.NewResponseController(w).Flush()
	}))
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	require.NoError(t, flushed)
	require.True(t, recorder.Flushed)
	require.NotEmpty(t, recorder.Result().Cookies())
}
