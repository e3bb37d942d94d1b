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
