package manager_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// Short constructors of filters.
func filter(action manager.FilterAction, event, header string, method manager.FilterMethod, match string) manager.EventFilter {
	return manager.EventFilter{Action: action, Event: event, Header: header, Method: method, Match: match}
}

func include(event, header string, method manager.FilterMethod, match string) manager.EventFilter {
	return filter(manager.Include, event, header, method, match)
}

func exclude(event, header string, method manager.FilterMethod, match string) manager.EventFilter {
	return filter(manager.Exclude, event, header, method, match)
}

// renderFilter returns the eventfilter lines of an account with one filter.
func renderFilter(t *testing.T, f manager.EventFilter, version asteriskconf.Version) ([]dialect.Line, error) {
	t.Helper()
	st := memstore.New().AMIAccounts()
	_, err := manager.New(st, nil).Create(t.Context(), &manager.Account{Name: "crm", Read: manager.Call, EventFilters: []manager.EventFilter{f}})
	require.NoError(t, err)
	sections, err := manager.NewConfSource(st, nil).Sections(t.Context(), asteriskconf.Target{Version: version})
	if err != nil {
		return nil, err
	}
	require.Len(t, sections, 1)
	lines := sections[0].Lines
	return lines[len(lines)-1:], nil
}

func TestEventFilter_linesPerSyntax(t *testing.T) {
	t.Parallel()
	newest, old := asteriskconf.Version{Major: 22, Minor: 10, Patch: 1}, asteriskconf.Version{Major: 18, Minor: 10}
	for _, test := range []struct {
		filter   manager.EventFilter
		advanced string
		// legacy is empty if older versions have no such filter.
		legacy string
	}{
		{
			include("Newchannel", "", manager.MatchNone, ""),
			`eventfilter(action(include),name(Newchannel),method(none)) = `,
			`^Event: Newchannel[[:cntrl:]]{2}`,
		},
		{
			exclude("Newchannel", "", manager.MatchNone, ""),
			`eventfilter(action(exclude),name(Newchannel),method(none)) = `,
			`!^Event: Newchannel[[:cntrl:]]{2}`,
		},
		{
			include("", "Channel", manager.MatchNone, ""),
			`eventfilter(action(include),header(Channel),method(none)) = `,
			`^(.*[[:cntrl:]]{2})?Channel:[[:blank:]]*[^[:cntrl:][:blank:]]`,
		},
		{
			include("", "Channel", manager.MatchExact, "PJSIP/1(a)"),
			`eventfilter(action(include),header(Channel),method(exact)) = PJSIP/1(a)`,
			`^(.*[[:cntrl:]]{2})?Channel:[[:blank:]]*PJSIP/1\(a\)[[:cntrl:]]{2}([^[:cntrl:]]|[[:cntrl:]]{2}$)`,
		},
		{
			include("Newchannel", "Channel", manager.MatchStartsWith, "PJSIP/"),
			`eventfilter(action(include),name(Newchannel),header(Channel),method(starts_with)) = PJSIP/`,
			`^Event: Newchannel[[:cntrl:]]{2}(.*[[:cntrl:]]{2})?Channel:[[:blank:]]*PJSIP/`,
		},
		{
			exclude("", "Channel", manager.MatchEndsWith, ";2"),
			`eventfilter(action(exclude),header(Channel),method(ends_with)) = ;2`,
			`!^(.*[[:cntrl:]]{2})?Channel:([^[:cntrl:]]|[[:blank:]])*;2[[:cntrl:]]{2}([^[:cntrl:]]|[[:cntrl:]]{2}$)`,
		},
		{
			include("", "Channel", manager.MatchContains, "."),
			`eventfilter(action(include),header(Channel),method(contains)) = .`,
			`^(.*[[:cntrl:]]{2})?Channel:([^[:cntrl:]]|[[:blank:]])*\.`,
		},
		{
			include("", "", manager.MatchRegex, "^Event: (Hangup|Newchannel)"),
			`eventfilter(action(include),method(regex)) = ^Event: (Hangup|Newchannel)`,
			`^Event: (Hangup|Newchannel)`,
		},
		{
			exclude("", "", manager.MatchRegex, "a|b"),
			`eventfilter(action(exclude),method(regex)) = a|b`,
			`!a|b`,
		},
		{
			include("Newchannel", "", manager.MatchRegex, "1[0-9]"),
			`eventfilter(action(include),name(Newchannel),method(regex)) = 1[0-9]`,
			"",
		},
		{
			include("", "Channel", manager.MatchRegex, "1[0-9]"),
			`eventfilter(action(include),header(Channel),method(regex)) = 1[0-9]`,
			"",
		},
		{
			include("", "", manager.MatchContains, "a+b"),
			`eventfilter(action(include),method(contains)) = a+b`,
			`a\+b`,
		},
		{
			include("", "", manager.MatchStartsWith, "Event: New"),
			`eventfilter(action(include),method(starts_with)) = Event: New`,
			`^Event: New`,
		},
		{
			include("", "", manager.MatchExact, "Event: New"),
			`eventfilter(action(include),method(exact)) = Event: New`,
			`^[[:cntrl:]]`,
		},
		{
			include("Newchannel", "", manager.MatchStartsWith, "Event: New"),
			`eventfilter(action(include),name(Newchannel),method(starts_with)) = Event: New`,
			`^Event: Newchannel[[:cntrl:]]{2}`,
		},
		{
			include("Newchannel", "", manager.MatchStartsWith, "Event: Old"),
			`eventfilter(action(include),name(Newchannel),method(starts_with)) = Event: Old`,
			`^[[:cntrl:]]`,
		},
		{
			include("Newchannel", "", manager.MatchContains, "PJSIP"),
			`eventfilter(action(include),name(Newchannel),method(contains)) = PJSIP`,
			`^Event: Newchannel[[:cntrl:]]{2}.*PJSIP`,
		},
		{
			include("Newchannel", "", manager.MatchContains, "channel"),
			`eventfilter(action(include),name(Newchannel),method(contains)) = channel`,
			`^Event: Newchannel[[:cntrl:]]{2}`,
		},
		{
			include("Newchannel", "Event", manager.MatchExact, "Newchannel"),
			`eventfilter(action(include),name(Newchannel),header(Event),method(exact)) = Newchannel`,
			`^Event: Newchannel[[:cntrl:]]{2}`,
		},
		{
			include("Newchannel", "Event", manager.MatchEndsWith, "x"),
			`eventfilter(action(include),name(Newchannel),header(Event),method(ends_with)) = x`,
			`^Event: Newchannel[[:cntrl:]]{2}(.*[[:cntrl:]]{2})?Event:([^[:cntrl:]]|[[:blank:]])*x[[:cntrl:]]{2}([^[:cntrl:]]|[[:cntrl:]]{2}$)`,
		},
	} {
		t.Run(test.advanced, func(t *testing.T) {
			t.Parallel()
			lines, err := renderFilter(t, test.filter, newest)
			require.NoError(t, err)
			require.Equal(t, test.advanced, lines[0].Key+" = "+lines[0].Value)
			lines, err = renderFilter(t, test.filter, old)
			if test.legacy == "" {
				require.ErrorIs(t, err, store.ErrInvalid)
				require.EqualError(t, err, "AMI account crm: event_filters: a regular expression for one event or header requires Asterisk 18.26, 20.11, 21.6, 22.1 or later")
				return
			}
			require.NoError(t, err)
			require.Equal(t, dialect.Line{Key: "eventfilter", Value: test.legacy}, lines[0])
		})
	}
}

func TestEventFilter_syntaxFollowsAsteriskVersion(t *testing.T) {
	t.Parallel()
	for text, advanced := range map[string]bool{
		"16.30.1": false, "18.0.0": false, "18.25.9": false, "18.26.0": true, "18.26.4": true, "19.8.1": false,
		"20.10.1": false, "20.11.0": true, "21.5.0": false, "21.6.0": true, "22.0.0": false, "22.1.0": true, "22.10.1": true,
		"23.0.0": true, "24.1.0": true, "unknown": true,
	} {
		version, _ := asteriskconf.ParseVersion(text)
		lines, err := renderFilter(t, include("Hangup", "", manager.MatchNone, ""), version)
		require.NoError(t, err)
		require.Equal(t, advanced, lines[0].Key != "eventfilter", text)
	}
}
