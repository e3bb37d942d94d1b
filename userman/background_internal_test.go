package userman

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store/audit"
)

func TestBackground_limitsQueueAndWaits(t *testing.T) {
	t.Parallel()
	s := &Service{shared: newShared(&Options{})}
	require.NoError(t, s.Shutdown(t.Context()), "nothing is running")
	started, release := make(chan struct{}, maxBackgroundTasks), make(chan struct{})
	done := make(chan struct{}, maxBackgroundTasks+maxBackgroundQueue)
	for range maxBackgroundTasks + maxBackgroundQueue {
		require.True(t, s.runInBackground(t.Context(), func(context.Context) {
			select {
			case started <- struct{}{}:
			default:
			}
			<-release
			done <- struct{}{}
		}))
	}
	for range maxBackgroundTasks {
		<-started
	}
	require.Len(t, s.shared.background.slots, maxBackgroundTasks)
	require.False(t, s.runInBackground(t.Context(), func(context.Context) { t.Error("this is too much") }))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Shutdown(ctx), context.Canceled)
	close(release)
	require.NoError(t, s.Shutdown(t.Context()))
	require.Len(t, done, maxBackgroundTasks+maxBackgroundQueue)
}

func TestBackground_keepsActorAndOutlivesCaller(t *testing.T) {
	t.Parallel()
	s := &Service{shared: newShared(&Options{})}
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "a transaction"))
	ctx = audit.WithActor(ctx, audit.Actor{Kind: audit.Anonymous, RemoteAddr: netip.MustParseAddr("192.0.2.1")})
	release := make(chan struct{})
	require.True(t, s.runInBackground(ctx, func(ctx context.Context) {
		<-release
		if ctx.Err() != nil || ctx.Value(key{}) != nil || audit.ActorFromContext(ctx).RemoteAddr != netip.MustParseAddr("192.0.2.1") {
			t.Error("the context of the work is not its own")
		}
		if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > backgroundTimeout {
			t.Error("the work has no time limit")
		}
	}))
	cancel()
	close(release)
	require.NoError(t, s.Shutdown(t.Context()))
}
