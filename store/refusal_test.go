package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
)

func TestEachRefusalMatchesItsSentinelAndNoOther(t *testing.T) {
	t.Parallel()
	sentinels := []error{store.ErrNotFound, store.ErrExists, store.ErrConflict, store.ErrInUse, store.ErrInvalid}
	for _, test := range []struct {
		refusal, matches error
		says             string
	}{
		{&store.NotFoundError{Kind: "AMI account"}, store.ErrNotFound, "there is no such AMI account"},
		{&store.ExistsError{Kind: "AMI account", Field: "name"}, store.ErrExists, "name: another AMI account has this name already; choose a different one"},
		{&store.ExistsError{Kind: "AMI account", Field: "name", Where: "manager.conf:12"}, store.ErrExists, "name: another AMI account has this name already (manager.conf:12); choose a different one"},
		{&store.ConflictError{Reason: "another apply is running; try again"}, store.ErrConflict, "another apply is running; try again"},
		{&store.InUseError{Kind: "extension", References: []store.Reference{{Kind: "call flow", Key: "7"}, {Kind: "group", Key: "sales"}}}, store.ErrInUse, "this extension is still needed by call flow 7, group sales"},
		{store.Invalid(store.FieldError{Field: "name", Code: "required", Message: "write a name"}, store.FieldError{Field: "owner", Code: "max", Message: "write less"}), store.ErrInvalid, "name: write a name; owner: write less"},
	} {
		wrapped := fmt.Errorf("while importing: %w", test.refusal)
		require.EqualError(t, test.refusal, test.says)
		for _, sentinel := range sentinels {
			require.Equal(t, errors.Is(sentinel, test.matches), errors.Is(wrapped, sentinel), "%T and %v", test.refusal, sentinel)
		}
	}
}

func TestRefusalDetailsAreFoundThroughWrapping(t *testing.T) {
	t.Parallel()
	wrapped := fmt.Errorf("create: %w", errors.Join(store.Invalid(store.FieldError{Field: "permit[2]", Code: "network"})))
	var invalid *store.InvalidError
	require.ErrorAs(t, wrapped, &invalid)
	require.Equal(t, []store.FieldError{{Field: "permit[2]", Code: "network"}}, invalid.Fields)

	var exists *store.ExistsError
	require.NotErrorAs(t, wrapped, &exists)
}

func TestInvalidOfNothingIsNoError(t *testing.T) {
	t.Parallel()
	require.NoError(t, store.Invalid())
}

func TestPageLimitIsClamped(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int]int{
		-1: store.DefaultPageLimit, 0: store.DefaultPageLimit, 1: 1,
		store.MaxPageLimit: store.MaxPageLimit, store.MaxPageLimit + 1: store.MaxPageLimit,
	} {
		require.Equal(t, want, store.Page{Limit: limit}.Clamped(), "limit %d", limit)
	}
}

func TestHowLongToWaitIsRoundedUpToWholeSeconds(t *testing.T) {
	t.Parallel()
	for wait, seconds := range map[time.Duration]int{
		1: 1, time.Second: 1, time.Second + 1: 2, time.Hour - 1: 3600, time.Hour: 3600,
	} {
		refused := &store.ThrottledError{RetryAfter: wait}
		require.Equal(t, seconds, refused.Seconds(), wait)
		require.Contains(t, refused.Error(), "try again in "+(time.Duration(seconds)*time.Second).String())
	}
}
