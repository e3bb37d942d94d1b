package manager_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

func TestParseEventFilter(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]manager.EventFilter{
		"include":                {Action: manager.Include, Method: manager.MatchNone},
		"exclude,event=Newexten": {Action: manager.Exclude, Event: "Newexten", Method: manager.MatchNone},
		"include,event=Hangup,header=Channel,contains=a,b=c": {
			Action: manager.Include, Event: "Hangup", Header: "Channel", Method: manager.MatchContains, Match: "a,b=c",
		},
		"include,nonsense=x": {Action: manager.Include, Method: "nonsense", Match: "x"},
	} {
		got, err := manager.ParseEventFilter(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
		require.Equal(t, text, got.String())
	}
	for _, text := range []string{"include,event", "exclude,event=Newexten,header", "a,b,c"} {
		_, err := manager.ParseEventFilter(text)
		require.ErrorIs(t, err, store.ErrInvalid, text)
	}
}

func TestParseEventFilters_namesEachUnreadableFilter(t *testing.T) {
	t.Parallel()
	filters, err := manager.ParseEventFilters("include,event=Hangup", "", "exclude,event=Newexten")
	require.NoError(t, err)
	require.Equal(t, []manager.EventFilter{
		{Action: manager.Include, Event: "Hangup", Method: manager.MatchNone}, {Action: manager.Exclude, Event: "Newexten", Method: manager.MatchNone},
	}, filters)

	filters, err = manager.ParseEventFilters("include,event", "", "exclude,event=Newexten", "a,b")
	require.Empty(t, filters)
	fields := store.FieldErrorsAt("event_filters", err)
	require.Len(t, fields, 2)
	require.Equal(t, "event_filters[0]", fields[0].Field)
	require.Equal(t, "event_filters[3]", fields[1].Field)
}
