package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
)

func TestNotFoundError_Is_matchesOnlyItsSentinel(t *testing.T) {
	t.Parallel()
	sentinels := []error{store.ErrNotFound, store.ErrAlreadyExists, store.ErrConflict, store.ErrInUse, store.ErrInvalid}
	for _, test := range []struct {
		refusal, matches error
		says             string
	}{
		{&store.NotFoundError{Kind: "AMI account"}, store.ErrNotFound, "there is no such AMI account"},
		{&store.AlreadyExistsError{Kind: "AMI account", Field: "name"}, store.ErrAlreadyExists, "name: another AMI account already has this name; choose a different one"},
		{&store.AlreadyExistsError{Kind: "AMI account", Field: "name", Location: "manager.conf:12"}, store.ErrAlreadyExists, "name: another AMI account already has this name (manager.conf:12); choose a different one"},
		{&store.ConflictError{Reason: "another apply is running; try again"}, store.ErrConflict, "another apply is running; try again"},
		{&store.InUseError{Kind: "extension", References: []store.Reference{{Kind: "call flow", Key: "7"}, {Kind: "group", Key: "sales"}}}, store.ErrInUse, "this extension is needed by call flow 7, group sales"},
		{store.NewInvalidError(store.FieldError{Field: "name", Code: "required", Message: "write a name"}, store.FieldError{Field: "owner", Code: "max", Message: "write less"}), store.ErrInvalid, "name: write a name; owner: write less"},
	} {
		wrapped := fmt.Errorf("while importing: %w", test.refusal)
		require.EqualError(t, test.refusal, test.says)
		for _, sentinel := range sentinels {
			require.Equal(t, errors.Is(sentinel, test.matches), errors.Is(wrapped, sentinel), "%T and %v", test.refusal, sentinel)
		}
	}
}

func TestInvalidError_foundThroughWrapping(t *testing.T) {
	t.Parallel()
	wrapped := fmt.Errorf("create: %w", errors.Join(store.NewInvalidError(store.FieldError{Field: "permit[2]", Code: "network"})))
	var invalid *store.InvalidError
	require.ErrorAs(t, wrapped, &invalid)
	require.Equal(t, []store.FieldError{{Field: "permit[2]", Code: "network"}}, invalid.Fields)

	var exists *store.AlreadyExistsError
	require.NotErrorAs(t, wrapped, &exists)
}

func TestNewInvalidError_returnsNilWithoutFields(t *testing.T) {
	t.Parallel()
	require.NoError(t, store.NewInvalidError())
}

func TestPageRequest_EffectiveLimit_isClamped(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int]int{
		-1: store.DefaultPageLimit, 0: store.DefaultPageLimit, 1: 1,
		store.MaxPageLimit: store.MaxPageLimit, store.MaxPageLimit + 1: store.MaxPageLimit,
	} {
		require.Equal(t, want, store.PageRequest{Limit: limit}.EffectiveLimit(), "limit %d", limit)
	}
}

func TestRateLimitedError_RetryAfterSeconds_roundsUp(t *testing.T) {
	t.Parallel()
	for wait, seconds := range map[time.Duration]int{
		1: 1, time.Second: 1, time.Second + 1: 2, time.Hour - 1: 3600, time.Hour: 3600,
	} {
		limited := &store.RateLimitedError{RetryAfter: wait}
		require.Equal(t, seconds, limited.RetryAfterSeconds(), wait)
		require.Contains(t, limited.Error(), "try again in "+(time.Duration(seconds)*time.Second).String())
	}
}

func TestAddFieldErrors_mergesInvalidAndExistingFields(t *testing.T) {
	t.Parallel()
	unreadable := store.FieldError{Field: "permit[0]", Code: "network", Message: "this is no network"}
	invalid := store.FieldError{Field: "name", Code: "required", Message: "write a name"}
	betterWords := store.FieldError{Field: "name", Code: "required", Message: "write the name of the integration"}
	exists := &store.AlreadyExistsError{Kind: "AMI account", Field: "name"}
	taken := store.FieldError{Field: "name", Code: "already_exists", Message: "another AMI account already has this name; choose a different one"}
	conflict := &store.ConflictError{Reason: "another apply is running"}
	for _, test := range []struct {
		err    error
		fields []store.FieldError
		want   error
	}{
		{nil, nil, nil},
		{conflict, nil, conflict},
		{exists, nil, exists},
		{nil, []store.FieldError{unreadable}, store.NewInvalidError(unreadable)},
		{store.NewInvalidError(invalid), []store.FieldError{unreadable}, store.NewInvalidError(unreadable, invalid)},
		{store.NewInvalidError(invalid, taken), []store.FieldError{betterWords}, store.NewInvalidError(betterWords, taken)},
		{exists, []store.FieldError{unreadable}, store.NewInvalidError(unreadable, taken)},
		{conflict, []store.FieldError{unreadable}, conflict},
	} {
		require.Equal(t, test.want, store.AddFieldErrors(test.err, test.fields...))
	}
}

func TestFieldErrors_returnsOtherErrorsAsTheyAre(t *testing.T) {
	t.Parallel()
	invalid := store.FieldError{Field: "name", Code: "required", Message: "write a name"}
	for err, want := range map[error]error{
		nil: nil, errors.ErrUnsupported: errors.ErrUnsupported, fmt.Errorf("reading: %w", store.NewInvalidError(invalid)): nil,
	} {
		fields, other := store.FieldErrors(err)
		require.Equal(t, want, other)
		require.Equal(t, errors.Is(err, store.ErrInvalid), len(fields) == 1)
	}
}

func TestFieldErrorsAt_namesTheFieldAndKeepsAnIndex(t *testing.T) {
	t.Parallel()
	err := store.NewInvalidError(store.FieldError{Code: "network", Message: "a"}, store.FieldError{Field: "[2]", Code: "network", Message: "b"}, store.FieldError{Field: "x", Message: "c"})
	require.Equal(t, []store.FieldError{
		{Field: "permit", Code: "network", Message: "a"}, {Field: "permit[2]", Code: "network", Message: "b"}, {Field: "permit", Message: "c"},
	}, store.FieldErrorsAt("permit", fmt.Errorf("reading: %w", err)))
	require.Empty(t, store.FieldErrorsAt("permit", nil))
	require.Empty(t, store.FieldErrorsAt("permit", errors.ErrUnsupported))
}

func TestRejectionCode_isThatOfADomainError(t *testing.T) {
	t.Parallel()
	for code, err := range map[string]error{
		"invalid": store.NewInvalidError(store.FieldError{Field: "name"}), "already_exists": &store.AlreadyExistsError{}, "not_found": &store.NotFoundError{}, "in_use": &store.InUseError{},
		"conflict": &store.ConflictError{}, "forbidden": &store.ForbiddenError{}, "rate_limited": &store.RateLimitedError{}, "busy": &store.BusyError{},
	} {
		got, rejected := store.RejectionCode(fmt.Errorf("adding: %w", err))
		require.True(t, rejected, code)
		require.Equal(t, code, got)
	}
	for _, err := range []error{nil, errors.ErrUnsupported} {
		_, rejected := store.RejectionCode(err)
		require.False(t, rejected)
	}
}
