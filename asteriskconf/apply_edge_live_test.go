package asteriskconf_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
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

// breakParentFile makes Asterisk reject manager.conf, and returns a function
// that repairs it.
func (s *liveEnv) breakParentFile(t testing.TB) (repair func()) {
	t.Helper()
	parent := s.read(t, "manager.conf")
	s.write(t, "manager.conf", parent+"[broken\n")
	return func() { s.write(t, "manager.conf", parent) }
}

// requireVerifyError requires an apply to fail at verification because
// manager.conf breaks just before the reload.
func (s *liveEnv) requireVerifyError(t testing.TB) *asteriskconf.ApplyError {
	t.Helper()
	repair := func() {}
	breaking := hookedAsterisk{Asterisk: s.client, beforeReload: func() {
		repair()
		repair = s.breakParentFile(t)
	}}
	_, err := s.open(t, breaking).Apply(testContext(t))
	repair()
	var applyErr *asteriskconf.ApplyError
	require.ErrorAs(t, err, &applyErr)
	require.Equal(t, asteriskconf.StepVerify, applyErr.Step)
	require.ErrorAs(t, err, new(*asteriskconf.MismatchError))
	require.ErrorContains(t, err, "manager.conf:")
	require.True(t, s.pending(t))
	return applyErr
}

func TestConfigDir_Apply_detectsIneffectiveReloadLive(t *testing.T) {
	t.Parallel()
	s := newLiveEnv(t, nil)
	s.add(t, "alpha")
	s.apply(t)
	change := func(change func(a *manager.Account)) {
		require.NoError(t, s.store.UpdateAccount(testContext(t), "alpha", func(a *manager.Account) error {
			change(a)
			return nil
		}))
	}

	// The reload does not accept a file that was written offline.
	rotated := store.NewSecret("a rotated secret")
	change(func(a *manager.Account) { a.Read, a.Write, a.Secret = 0, 0, rotated })
	_, err := s.open(t, nil).Apply(testContext(t))
	require.NoError(t, err)
	require.False(t, s.requireVerifyError(t).Changed)
	require.NoError(t, s.login(t, "alpha"), "Asterisk serves the old secret")
	s.apply(t)
	require.ErrorIs(t, s.login(t, "alpha"), ami.ErrAuthentication)

	// Asterisk does not show these settings.
	before := s.read(t, managedFile)
	change(func(a *manager.Account) { a.WriteTimeout = 5000 })
	require.True(t, s.requireVerifyError(t).Changed)
	require.Equal(t, before, s.read(t, managedFile))
	require.True(t, s.apply(t).Changed)
	require.False(t, s.pending(t))
}

// cancelingAsterisk cancels the apply at its third request to end a session.
type cancelingAsterisk struct {
	asteriskconf.Asterisk
	kicks  atomic.Int32
	cancel context.CancelFunc
}

func (i *cancelingAsterisk) Command(ctx context.Context, command string) ([]string, error) {
	if strings.HasPrefix(command, "manager kick session") && i.kicks.Add(1) == 3 {
		i.cancel()
	}
	return i.Asterisk.Command(ctx, command)
}

func TestConfigDir_Apply_keepsAccountDeletedWhenRevocationFails(t *testing.T) {
	t.Parallel()
	s := newLiveEnv(t, nil)
	stuck := accountNamed("stuck")
	stuck.Write, stuck.WriteTimeout = manager.Reporting, 600_000
	require.NoError(t, s.store.CreateAccount(testContext(t), stuck))
	s.apply(t)
	conn := openStalledSession(t, s, stuck)
	require.NoError(t, s.store.DeleteAccount(testContext(t), "stuck"))

	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	_, err := s.open(t, &cancelingAsterisk{Asterisk: s.client, cancel: cancel}).Apply(ctx)
	var failure *asteriskconf.ApplyError
	require.ErrorAs(t, err, &failure)
	require.Equal(t, asteriskconf.StepRevoke, failure.Step)
	require.True(t, failure.RevocationPending)
	require.True(t, failure.Changed)
	require.NoError(t, failure.RollbackErr)
	require.NotContains(t, s.read(t, managedFile), "[stuck]")
	require.Empty(t, s.accounts(t))
	require.ErrorIs(t, s.login(t, "stuck"), ami.ErrAuthentication)
	status, err := s.configDir.Status(testContext(t))
	require.NoError(t, err)
	require.True(t, status.Pending, "the session is still open")
	require.False(t, status.Interrupted)

	require.NoError(t, conn.Close())
	s.apply(t)
	require.False(t, s.pending(t))
	require.NotContains(t, strings.Join(s.Console(t, "manager show connected"), "\n"), "stuck")
}

// openStalledSession logs in and sends requests without reading the answers,
// until Asterisk itself blocks.
func openStalledSession(t *testing.T, s *liveEnv, a *manager.Account) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(testContext(t), "tcp", s.AMIAddr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	tcp, ok := conn.(*net.TCPConn)
	require.True(t, ok)
	require.NoError(t, tcp.SetReadBuffer(4096))
	_, err = fmt.Fprintf(conn, "Action: Login\r\nUsername: %s\r\nSecret: %s\r\n\r\n", a.Name, a.Secret.Reveal())
	require.NoError(t, err)
	for err == nil {
		require.NoError(t, conn.SetWriteDeadline(time.Now().Add(time.Second)))
		_, err = fmt.Fprint(conn, strings.Repeat("Action: ListCommands\r\n\r\n", 100))
	}
	require.ErrorContains(t, err, "timeout", "Asterisk no longer reads")
	s.awaitStall(t, tcp)
	return conn
}

// awaitStall waits until Asterisk blocks on a connection. A busy Asterisk stops
// reading for a while too, but then its threads are runnable. Therefore they
// must all sleep for a while without a change of the queues.
func (s *liveEnv) awaitStall(t *testing.T, conn *net.TCPConn) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	ctx := testContext(t)
	for queues, stable := "", 0; stable < 10; stable++ {
		if now := serverQueues(t, conn); now != queues || !s.sleeps(t) {
			queues, stable = now, 0
		}
		select {
		case <-ctx.Done():
			require.FailNow(t, "Asterisk does not block")
		case <-tick.C:
		}
	}
}

// sleeps reports whether all threads of Asterisk sleep (proc_pid_stat).
func (s *liveEnv) sleeps(t *testing.T) bool {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", s.PID()))
	require.NoError(t, err)
	require.NotEmpty(t, threads)
	return !slices.ContainsFunc(threads, func(path string) bool {
		stat, err := os.ReadFile(path)
		_, state, _ := strings.Cut(string(stat), ") ")
		return err == nil && !strings.HasPrefix(state, "S")
	})
}

// serverQueues returns the sizes of the send and receive queues at the other
// end of a local connection, as the kernel prints them (proc_net_tcp).
func serverQueues(t *testing.T, conn *net.TCPConn) string {
	t.Helper()
	port := func(addr net.Addr) uint16 { return netip.MustParseAddrPort(addr.String()).Port() }
	ends := fmt.Sprintf("0100007F:%04X 0100007F:%04X", port(conn.RemoteAddr()), port(conn.LocalAddr()))
	table, err := os.ReadFile("/proc/net/tcp")
	require.NoError(t, err)
	_, row, ok := strings.Cut(string(table), ends)
	require.True(t, ok, "the connection is open")
	return strings.Fields(row)[1]
}

func TestConfigDir_Apply_allowsDeletedAccountInManualSection(t *testing.T) {
	t.Parallel()
	s := newLiveEnv(t, nil)
	s.add(t, "alpha", "beta")
	s.apply(t)
	require.NoError(t, s.store.DeleteAccount(testContext(t), "alpha"))
	s.write(t, "manager.conf", s.read(t, "manager.conf")+"\n[alpha]\nsecret = written manually\nread = call\nwrite = none\n")
	s.apply(t)
	require.NotContains(t, s.read(t, managedFile), "[alpha]")
	require.Equal(t, []string{"alpha", "beta"}, s.accounts(t))
	require.False(t, s.pending(t))
	_, err := ami.CheckLogin(testContext(t), s.AMIAddr, &ami.Options{Username: "alpha", Secret: store.NewSecret("written manually")})
	require.NoError(t, err)
}
