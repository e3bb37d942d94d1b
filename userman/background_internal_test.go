package userman

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store/audit"
)

func TestWorkInTheBackgroundIsBoundedAndWaitedFor(t *testing.T) {
	t.Parallel()
	s := &Service{shared: newShared()}
	require.NoError(t, s.Wait(t.Context()), "nothing is running")
	began, end := make(chan struct{}, backgroundAtOnce), make(chan struct{})
	done := make(chan struct{}, backgroundAtOnce+backgroundWaiting)
	for range backgroundAtOnce + backgroundWaiting {
		require.True(t, s.background(t.Context(), func(context.Context) {
			select {
			case began <- struct{}{}:
			default:
			}
			<-end
			done <- struct{}{}
		}))
	}
	for range backgroundAtOnce {
		<-began
	}
	require.Len(t, s.shared.background.turns, backgroundAtOnce)
	require.False(t, s.background(t.Context(), func(context.Context) { t.Error("this is too much") }))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Wait(ctx), context.Canceled)
	close(end)
	require.NoError(t, s.Wait(t.Context()))
	require.Len(t, done, backgroundAtOnce+backgroundWaiting)
}

func TestWorkInTheBackgroundIsByTheSameActorAndOutlivesTheCall(t *testing.T) {
	t.Parallel()
	s := &Service{shared: newShared()}
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "a transaction"))
	ctx = audit.WithActor(ctx, audit.Actor{Kind: audit.Visitor, Source: "192.0.2.1"})
	going := make(chan struct{})
	require.True(t, s.background(ctx, func(ctx context.Context) {
		<-going
		if ctx.Err() != nil || ctx.Value(key{}) != nil || audit.ActorOf(ctx).Source != "192.0.2.1" {
			t.Error("the context of the work is not its own")
		}
		if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > backgroundTime {
			t.Error("the work has no time limit")
		}
	}))
	cancel()
	close(going)
	require.NoError(t, s.Wait(t.Context()))
}
