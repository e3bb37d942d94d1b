package asteriskconf_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
)

// breakParent makes manager.conf such that Asterisk takes nothing of it, and
// returns what mends it.
func (s *site) breakParent(t testing.TB) (mend func()) {
	t.Helper()
	parent := s.read(t, "manager.conf")
	s.write(t, "manager.conf", parent+"[broken\n")
	return func() { s.write(t, "manager.conf", parent) }
}

// refusedLive is an apply that fails at the verification because manager.conf
// breaks just before the reload.
func (s *site) refusedLive(t testing.TB) *asteriskconf.ApplyError {
	t.Helper()
	mend := func() {}
	breaking := hooked{Asterisk: s.client, reload: func() {
		mend()
		mend = s.breakParent(t)
	}}
	_, err := s.open(t, breaking).Apply(within(t))
	mend()
	var failure *asteriskconf.ApplyError
	require.ErrorAs(t, err, &failure)
	require.Equal(t, asteriskconf.StepVerify, failure.Step)
	require.ErrorAs(t, err, new(*asteriskconf.MismatchError))
	require.ErrorContains(t, err, "manager.conf:")
	require.True(t, s.pending(t))
	return failure
}

func TestApply_seesThatARealReloadHadNoEffect(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	s.add(t, "alpha")
	s.apply(t)
	change := func(change func(u *manager.User)) {
		require.NoError(t, s.store.UpdateUser(within(t), "alpha", func(u *manager.User) error {
			change(u)
			return nil
		}))
	}

	// What was written without an Asterisk, which the reload does not take.
	rotated := store.NewSecret("a rotated secret")
	change(func(u *manager.User) { u.Read, u.Write, u.Secret = 0, 0, rotated })
	_, err := s.open(t, nil).Apply(within(t))
	require.NoError(t, err)
	require.False(t, s.refusedLive(t).Changed)
	require.NoError(t, s.login(t, "alpha"), "the old secret is the one that is served")
	s.apply(t)
	require.ErrorIs(t, s.login(t, "alpha"), ami.ErrAuthentication)

	// What Asterisk shows nobody.
	before := s.read(t, ours)
	change(func(u *manager.User) { u.WriteTimeout = 5000 })
	require.True(t, s.refusedLive(t).Changed)
	require.Equal(t, before, s.read(t, ours))
	require.True(t, s.apply(t).Changed)
	require.False(t, s.pending(t))
}

// impatient cancels the apply when it has asked often enough for the end of a
// session.
type impatient struct {
	asteriskconf.Asterisk
	kicks  atomic.Int32
	cancel context.CancelFunc
}

func (i *impatient) Command(ctx context.Context, command string) ([]string, error) {
	if strings.HasPrefix(command, "manager kick session") && i.kicks.Add(1) == 3 {
		i.cancel()
	}
	return i.Asterisk.Command(ctx, command)
}

func TestApply_keepsADeletedAccountDeletedWhenItsSessionDoesNotEnd(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	stuck := accountNamed("stuck")
	stuck.Write, stuck.WriteTimeout = manager.Reporting, 600_000
	require.NoError(t, s.store.CreateUser(within(t), stuck))
	s.apply(t)
	conn := sessionThatDoesNotRead(t, s, stuck)
	require.NoError(t, s.store.DeleteUser(within(t), "stuck"))

	ctx, cancel := context.WithCancel(within(t))
	defer cancel()
	_, err := s.open(t, &impatient{Asterisk: s.client, cancel: cancel}).Apply(ctx)
	var failure *asteriskconf.ApplyError
	require.ErrorAs(t, err, &failure)
	require.Equal(t, asteriskconf.StepRevoke, failure.Step)
	require.True(t, failure.Kept)
	require.True(t, failure.Changed)
	require.NoError(t, failure.Undo)
	require.NotContains(t, s.read(t, ours), "[stuck]")
	require.Empty(t, s.users(t))
	require.ErrorIs(t, s.login(t, "stuck"), ami.ErrAuthentication)
	status, err := s.folder.Status(within(t))
	require.NoError(t, err)
	require.True(t, status.Pending, "the session is still open")
	require.False(t, status.Interrupted)

	require.NoError(t, conn.Close())
	s.apply(t)
	require.False(t, s.pending(t))
	require.NotContains(t, strings.Join(s.Console(t, "manager show connected"), "\n"), "stuck")
}

// sessionThatDoesNotRead logs in and asks, until Asterisk itself stands still
// at an answer that nobody reads.
func sessionThatDoesNotRead(t *testing.T, s *site, u *manager.User) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(within(t), "tcp", s.AMIAddr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	tcp, ok := conn.(*net.TCPConn)
	require.True(t, ok)
	require.NoError(t, tcp.SetReadBuffer(4096))
	_, err = fmt.Fprintf(conn, "Action: Login\r\nUsername: %s\r\nSecret: %s\r\n\r\n", u.Name, u.Secret.Reveal())
	require.NoError(t, err)
	for err == nil {
		require.NoError(t, conn.SetWriteDeadline(time.Now().Add(time.Second)))
		_, err = fmt.Fprint(conn, strings.Repeat("Action: ListCommands\r\n\r\n", 100))
	}
	require.ErrorContains(t, err, "timeout", "Asterisk does not read any more")
	return conn
}

func TestApply_letsAPersonTakeAnAccountOver(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	s.add(t, "alpha", "beta")
	s.apply(t)
	require.NoError(t, s.store.DeleteUser(within(t), "alpha"))
	s.write(t, "manager.conf", s.read(t, "manager.conf")+"\n[alpha]\nsecret = by hand by hand\nread = call\nwrite = none\n")
	s.apply(t)
	require.NotContains(t, s.read(t, ours), "[alpha]")
	require.Equal(t, []string{"alpha", "beta"}, s.users(t))
	require.False(t, s.pending(t))
	_, err := ami.TestLogin(within(t), s.AMIAddr, &ami.Options{Username: "alpha", Secret: store.NewSecret("by hand by hand")})
	require.NoError(t, err)
}
