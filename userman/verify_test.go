package userman_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/sqlitetest"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

// verify asks for XMPP, as a server that does not know addresses.
func (h *house) verify(t testing.TB, username, password string) error {
	t.Helper()
	_, err := h.VerifyFor(t.Context(), "xmpp", username, secret(password))
	return err
}

// The settings "Enabled" of XMPP, iSymphony and XactView.
func TestToTurnAServiceOnIsEnoughToLogInThere(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceOver(t, open(t), "")
			h.add(t, person("jane"), goodPassword)
			for _, service := range []string{"xmpp", "isymphony", "xactview"} {
				_, err := h.VerifyFor(t.Context(), service, "jane", secret(goodPassword))
				requireRefused(t, err, credential.NotAllowed)
				require.ErrorContains(t, err, "ask your administrator to turn on the permission "+service+".login")
				may, err := h.MayUse(t.Context(), service, "jane")
				require.NoError(t, err)
				require.False(t, may)

				h.permit(t, "jane", service+".login", userman.On())
				u, err := h.VerifyFor(t.Context(), service, "JANE", secret(goodPassword))
				require.NoError(t, err)
				require.Equal(t, h.get(t, "jane"), u)
				_, err = h.VerifyFor(t.Context(), service, "jane", secret("wrong"))
				requireRefused(t, err, credential.WrongPassword)
				may, err = h.MayUse(t.Context(), service, "jane")
				require.NoError(t, err)
				require.True(t, may)
			}
			require.True(t, h.get(t, "jane").LastLoginAt.IsZero(), "no session began")
			h.requireProven(t)
		})
	}
}

func TestAServiceIsOnForAGroup(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.group(t, "Chat", userman.Permissions{userman.XMPPLogin: userman.On()})
	h.add(t, person("jane"), goodPassword)
	requireRefused(t, h.verify(t, "jane", goodPassword), credential.NotAllowed)
	require.NoError(t, h.AddMembers(t.Context(), "Chat", "jane"))
	require.NoError(t, h.verify(t, "jane", goodPassword))
}

func TestAServiceRefusesWhomThePortalWould(t *testing.T) {
	t.Parallel()
	h := newService(t, func(o *userman.Options) { o.PasswordLifetime = 90 * 24 * time.Hour })
	h.group(t, "Chat", userman.Permissions{userman.XMPPLogin: userman.On()})
	for _, username := range []string{"jane", "off", "must", "gone"} {
		u := person(username)
		u.Groups = []string{"Chat"}
		h.add(t, u, goodPassword)
	}
	_, err := h.Disable(t.Context(), "off")
	require.NoError(t, err)
	_, err = h.SetPassword(t.Context(), "must", secret(goodPassword), &userman.PasswordOptions{MustChange: true})
	require.NoError(t, err)
	require.NoError(t, h.Delete(t.Context(), "gone"))

	for username, want := range map[string]credential.Code{
		"off": credential.AccountDisabled, "must": credential.PasswordExpired, "gone": credential.WrongPassword,
	} {
		requireRefused(t, h.verify(t, username, goodPassword), want)
		requireRefused(t, h.verify(t, username, "wrong"), credential.WrongPassword)
	}
	require.NoError(t, h.verify(t, "jane", goodPassword))
	h.clock.Pass(90 * 24 * time.Hour)
	err = h.verify(t, "jane", goodPassword)
	requireRefused(t, err, credential.PasswordExpired)
	require.ErrorContains(t, err, "log in to the portal")
	for username, want := range map[string]bool{"jane": true, "off": false, "gone": false, "nobody": false, "": false, strings.Repeat("j", 1<<20): false} {
		may, err := h.MayUse(t.Context(), "xmpp", username)
		require.NoError(t, err)
		require.Equal(t, want, may, "%.10s", username)
	}
}

// A service has no place to type a code.
func TestAServiceAsksForNoCode(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := h.add(t, person("jane"), goodPassword)
	h.permit(t, "jane", userman.XMPPLogin, userman.On())
	h.enrol(t, jane.ID)
	require.NoError(t, h.verify(t, "jane", goodPassword))
}

func TestANewPasswordCountsAtAServiceAtOnce(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.add(t, person("jane"), goodPassword)
	h.permit(t, "jane", userman.XMPPLogin, userman.On())
	require.NoError(t, h.verify(t, "jane", goodPassword))
	_, err := h.SetPassword(t.Context(), "jane", secret(anotherPassword), nil)
	require.NoError(t, err)
	requireRefused(t, h.verify(t, "jane", goodPassword), credential.WrongPassword)
	require.NoError(t, h.verify(t, "jane", anotherPassword))
}

func TestAServiceThatIsNotKnown(t *testing.T) {
	t.Parallel()
	h := newService(t, func(o *userman.Options) {
		o.Permissions = []userman.Permission{
			{ID: "wiki.login", Kind: userman.Switch, Default: userman.On(), Sentence: "May log in to the wiki."},
			{ID: "doors.login", Kind: userman.Names, Default: userman.Replace(), Sentence: "Is no service."},
		}
	})
	h.add(t, person("jane"), goodPassword)
	require.Equal(t, []string{"portal", "xmpp", "isymphony", "xactview", "wiki"}, h.LoginServices())
	for _, service := range []string{"", "ftp", "XMPP", "xmpp.login", "voicemail", "doors", "rest"} {
		_, err := h.VerifyFor(t.Context(), service, "jane", secret(goodPassword))
		requireFields(t, err, "service: unknown")
		_, err = h.MayUse(t.Context(), service, "jane")
		requireFields(t, err, "service: unknown")
	}
	_, err := h.VerifyFor(t.Context(), "wiki", "jane", secret(goodPassword))
	require.NoError(t, err)
}

// A server that hides addresses has many people behind it.
func TestOneWrongDeviceDoesNotShutOutOthersAtAService(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.group(t, "Chat", userman.Permissions{userman.XMPPLogin: userman.On()})
	for _, username := range []string{"jane", "joan"} {
		u := person(username)
		u.Groups = []string{"Chat"}
		h.add(t, u, goodPassword)
	}
	device := h.logIn(t, "jane", goodPassword).Device
	held := 0
	for range 100 {
		if errors.Is(h.verify(t, "jane", "of last year"), store.ErrThrottled) {
			held++
		}
	}
	require.Equal(t, 90, held)
	require.NoError(t, h.verify(t, "joan", goodPassword))
	require.ErrorIs(t, h.verify(t, "jane", goodPassword), store.ErrThrottled, "that is what it costs")
	known := attempt("jane", goodPassword)
	known.Device = device
	_, err := h.Authenticate(t.Context(), known)
	require.NoError(t, err)
	for _, e := range h.entries(t, audit.Query{Outcome: audit.Refused}) {
		require.Equal(t, "service:xmpp", e.Actor.Source)
	}
}

func TestAnAddressThatAServiceKnowsIsTheSource(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.add(t, person("jane"), goodPassword)
	h.permit(t, "jane", userman.XMPPLogin, userman.On())
	for i := range 30 {
		_, err := h.VerifyFor(from(t, "203.0.113.9"), "xmpp", fmt.Sprintf("name-%d", i), secret(goodPassword))
		require.Error(t, err)
	}
	_, err := h.VerifyFor(from(t, "203.0.113.9"), "xmpp", "jane", secret(goodPassword))
	require.ErrorIs(t, err, store.ErrThrottled)
	_, err = h.VerifyFor(from(t, "203.0.113.10"), "xmpp", "jane", secret(goodPassword))
	require.NoError(t, err)
}

func TestAVerificationThatWasOvertakenIsRefused(t *testing.T) {
	t.Parallel()
	directory := headOffice()
	h := newService(t)
	h.add(t, person("jane"), "")
	h.permit(t, "jane", userman.XMPPLogin, userman.On())
	h.becomeOf(t, "jane", "head-office", "uid-jane")
	slow := &disabling{directory, func() {
		_, err := h.Disable(t.Context(), "jane")
		require.NoError(t, err)
	}}
	s := h.overtaking(nil, withDirectories(slow))
	_, err := s.VerifyFor(t.Context(), "xmpp", "jane", secret(goodPassword))
	requireRefused(t, err, credential.WrongPassword)
}

// disabling is a directory in which something happens while a password is
// compared.
type disabling struct {
	*passwordsElsewhere

	happens func()
}

func (d *disabling) Authenticate(ctx context.Context, externalID string, password store.Secret) (bool, error) {
	d.happens()
	return d.passwordsElsewhere.Authenticate(ctx, externalID, password)
}

// crowd adds n people called person-0 and on, who all have goodPassword and may
// use XMPP.
func (h *house) crowd(t testing.TB, n int) {
	t.Helper()
	u := person("person-0")
	u.Permissions = userman.Permissions{userman.XMPPLogin: userman.On()}
	h.add(t, u, goodPassword)
	first := h.kept(t, "person-0")
	require.NoError(t, h.store.Atomically(t.Context(), func(ctx context.Context) error {
		for i := 1; i < n; i++ {
			u := first.Clone()
			u.ID, u.Username = fmt.Sprintf("%024d", i), fmt.Sprintf("person-%d", i)
			if err := h.store.CreateUser(ctx, u); err != nil {
				return err
			}
		}
		return nil
	}))
}

// The memory that their hashes take is bounded by how many are computed at
// once, whoever waits: see the test of package internal/passwords. The race
// detector makes SQLite slow, where the benchmark has a thousand log in.
func TestAThousandLoginsAtOnceAllSucceed(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceOver(t, open(t), "")
			crowd := map[string]int{"memstore": 1000, "SQLite": 150}[name]
			h.crowd(t, crowd)
			for _, err := range together(crowd, func(i int) error { return h.verify(t, fmt.Sprintf("person-%d", i), goodPassword) }) {
				require.NoError(t, err)
			}
		})
	}
}

// BenchmarkAThousandLoginsAtOnce has a thousand people log in to a service at
// the same instant, with hashes of the default costs, and tells what memory was
// in use at the most.
func BenchmarkAThousandLoginsAtOnce(b *testing.B) {
	h := newServiceOver(b, sqlitetest.New(b), "", func(o *userman.Options) { o.Argon2 = userman.Argon2{} })
	h.crowd(b, 1000)
	var peak atomic.Uint64
	done := make(chan struct{})
	go watchMemory(&peak, done)
	for b.Loop() {
		for _, err := range together(1000, func(i int) error { return h.verify(b, fmt.Sprintf("person-%d", i), goodPassword) }) {
			require.NoError(b, err)
		}
	}
	done <- struct{}{}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N*1000), "ms/login")
	b.ReportMetric(float64(peak.Load())/(1<<20), "MiB-peak")
}

// watchMemory keeps the most memory of the heap that was seen in use, until it
// is told that all is done.
func watchMemory(peak *atomic.Uint64, done <-chan struct{}) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak.Store(max(peak.Load(), m.HeapInuse))
		}
	}
}
