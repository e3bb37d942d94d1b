package websession_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers/websession"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// sessions returns the sessions of the administrator of the client.
func (v *client) sessions(t *testing.T) (found []websession.Session) {
	t.Helper()
	v.do(t, func(ctx context.Context) {
		var err error
		found, err = v.Sessions(ctx)
		require.NoError(t, err)
	})
	return found
}

// newNamedClient returns a client with that User-Agent and address.
func (b *env) newNamedClient(userAgent, remoteAddr string) *client {
	v := b.newClient()
	v.header.Set("User-Agent", userAgent)
	v.remoteAddr = remoteAddr
	return v
}

func TestManager_Sessions_listsOwnSessions(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	start := b.clock.Now()
	desk, phone, other := b.newNamedClient("Firefox", "192.0.2.7:1"), b.newNamedClient("Safari", "192.0.2.8:1"), b.newClient()
	desk.logIn(t, "jane.admin")
	other.logIn(t, "root.admin")
	b.clock.Advance(5 * time.Minute)
	phone.logIn(t, "jane.admin")
	b.clock.Advance(10 * time.Minute)
	desk.remoteAddr = "[2001:db8::9]:1"
	require.Equal(t, "jane.admin", desk.username(t))

	phoneSeen, deskSeen := start.Add(5*time.Minute), start.Add(15*time.Minute)
	want := []websession.Session{
		{UserAgent: "Firefox", RemoteAddr: netip.MustParseAddr("2001:db8::9"), StartedAt: start, LastSeenAt: deskSeen, Current: true},
		{UserAgent: "Safari", RemoteAddr: netip.MustParseAddr("192.0.2.8"), StartedAt: phoneSeen, LastSeenAt: phoneSeen},
	}
	listed := desk.sessions(t)
	require.Len(t, listed, len(want))
	for i := range want {
		require.NotEmpty(t, listed[i].ID)
		require.NotEqual(t, desk.cookie, listed[i].ID, "no token")
		want[i].ID = listed[i].ID
		want[i].StartedAt, want[i].LastSeenAt = want[i].StartedAt.Truncate(time.Second).UTC(), want[i].LastSeenAt.Truncate(time.Second).UTC()
	}
	require.Equal(t, want, listed)
	require.Equal(t, []bool{true, false}, []bool{phone.sessions(t)[0].Current, phone.sessions(t)[1].Current})
	require.Len(t, other.sessions(t), 1)

	b.clock.Advance(30 * time.Minute)
	require.Equal(t, "jane.admin", desk.username(t))
	b.clock.Advance(30 * time.Minute)
	require.Len(t, desk.sessions(t), 1, "the other one was idle for an hour")
	b.newClient().do(t, func(ctx context.Context) {
		_, err := b.Sessions(ctx)
		require.ErrorIs(t, err, websession.ErrLoginRequired)
	})
}

func TestManager_Sessions_leavesOutEndedSessions(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v := b.newClient()
	v.logIn(t, "jane.admin")
	require.NoError(t, b.administrators.EndSessions(t.Context(), "jane.admin"))
	v = b.newClient()
	v.logIn(t, "jane.admin")
	require.Len(t, v.sessions(t), 1)
}

func TestManager_Sessions_boundsUserAgent(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v := b.newNamedClient(strings.Repeat("x", 255)+"é\xff"+strings.Repeat("y", 1<<10), "192.0.2.7:1")
	v.logIn(t, "jane.admin")
	require.Equal(t, strings.Repeat("x", 255), v.sessions(t)[0].UserAgent)
}

func TestManager_EndSession_endsNextRequest(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v, lost := b.newClient(), b.newClient()
	lost.logIn(t, "jane.admin")
	v.logIn(t, "jane.admin")
	id := v.sessions(t)[1].ID
	end := func() (err error) {
		v.do(t, func(ctx context.Context) { err = v.EndSession(ctx, id) })
		return err
	}
	lost.do(t, func(ctx context.Context) {
		require.NoError(t, audit.CheckPrecondition(ctx))
		require.NoError(t, end())
		lost.SCS.Put(ctx, "web.draft", "written later")
		require.ErrorIs(t, audit.CheckPrecondition(ctx), store.ErrForbidden, "a request that had begun changes nothing more")
	})
	require.Empty(t, lost.username(t))
	require.Equal(t, "jane.admin", v.username(t))
	require.Len(t, v.sessions(t), 1)
	require.ErrorIs(t, end(), store.ErrNotFound)

	entries, err := b.auditLog.List(t.Context(), audit.Query{Action: "end session"})
	require.NoError(t, err)
	require.Len(t, entries.Items, 2)
	require.Equal(t, audit.Denied, entries.Items[0].Outcome)
	require.Equal(t, audit.Succeeded, entries.Items[1].Outcome)
	require.Equal(t, "jane.admin", entries.Items[1].Key)
	require.Equal(t, "jane.admin", entries.Items[1].Actor.Name)
}

func TestManager_EndSession_rejectsSessionOfAnother(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	root, jane := b.newClient(), b.newClient()
	root.logIn(t, "root.admin")
	jane.logIn(t, "jane.admin")
	for _, pair := range [][2]*client{{jane, root}, {root, jane}} {
		id := pair[1].sessions(t)[0].ID
		pair[0].do(t, func(ctx context.Context) { require.ErrorIs(t, pair[0].EndSession(ctx, id), store.ErrNotFound) })
		require.NotEmpty(t, pair[1].username(t))
		b.newClient().do(t, func(ctx context.Context) { require.ErrorIs(t, b.EndSession(ctx, id), websession.ErrLoginRequired) })
	}
	require.Equal(t, "jane.admin", jane.username(t))
	require.Equal(t, "root.admin", root.username(t))
}

func TestManager_EndOtherSessions_keepsCurrentSession(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v, lost, root := b.newClient(), b.newClient(), b.newClient()
	lost.logIn(t, "jane.admin")
	v.logIn(t, "jane.admin")
	root.logIn(t, "root.admin")
	v.do(t, func(ctx context.Context) { require.NoError(t, v.EndOtherSessions(ctx)) })
	require.Empty(t, lost.username(t))
	require.Equal(t, "jane.admin", v.username(t))
	require.Equal(t, "root.admin", root.username(t))
	require.Len(t, v.sessions(t), 1)
	lost.do(t, func(ctx context.Context) { require.ErrorIs(t, lost.EndOtherSessions(ctx), websession.ErrLoginRequired) })
	require.Equal(t, "jane.admin", v.username(t))
}
