package manager_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// filterCases returns event filters by account name.
func filterCases() map[string][]manager.EventFilter {
	const match = "red"
	cases := map[string][]manager.EventFilter{"no filter": nil}
	for _, method := range []manager.FilterMethod{
		manager.MatchNone, manager.MatchExact, manager.MatchStartsWith, manager.MatchEndsWith, manager.MatchContains, manager.MatchRegex,
	} {
		for _, event := range []string{"", "UserEvent", "Reload", "Userevent"} {
			for _, header := range []string{"", "Color", "Event"} {
				f := include(event, header, method, match)
				switch {
				case method == manager.MatchNone && event+header == "":
					continue
				case method == manager.MatchNone:
					f.Match = ""
				case method == manager.MatchRegex:
					f.Match = "^r.d$|x(red|rot)"
				}
				cases[fmt.Sprintf("%s of %q in %q", method, header, event)] = []manager.EventFilter{f}
			}
		}
	}
	one := func(f manager.EventFilter) []manager.EventFilter { return []manager.EventFilter{f} }
	more := map[string][]manager.EventFilter{
		"exclude only":              {exclude("", "Color", manager.MatchExact, match), exclude("Reload", "", manager.MatchNone, "")},
		"include one of two":        {include("", "Color", manager.MatchExact, match), include("Reload", "", manager.MatchNone, "")},
		"include, but exclude":      {include("UserEvent", "", manager.MatchNone, ""), exclude("", "Color", manager.MatchContains, match)},
		"include nothing":           {include("", "", manager.MatchExact, "Event: UserEvent"), exclude("UserEvent", "", manager.MatchNone, "")},
		"exclude nothing":           one(exclude("UserEvent", "", manager.MatchEndsWith, match)),
		"special characters":        one(include("", "Color", manager.MatchContains, `r.d+(x)[y]{2}^$|*?\;--`)),
		"a dot is a dot":            one(include("", "Color", manager.MatchExact, "r.d")),
		"text beyond ASCII":         one(include("", "Color", manager.MatchExact, "rüd 密\u0085\u2028")),
		"its last letter":           one(include("", "Color", manager.MatchEndsWith, "ü")),
		"beyond ASCII, anywhere":    one(include("", "", manager.MatchContains, "密")),
		"the text begins":           one(include("", "", manager.MatchStartsWith, "Event: User")),
		"the text does not begin":   one(include("", "", manager.MatchStartsWith, "Privilege")),
		"the named text begins":     one(include("UserEvent", "", manager.MatchStartsWith, "Event: User")),
		"the text holds its name":   one(include("UserEvent", "", manager.MatchContains, "nt: UserEv")),
		"the header Event itself":   one(include("UserEvent", "Event", manager.MatchStartsWith, "User")),
		"another header Event":      one(include("UserEvent", "Event", manager.MatchExact, "Other")),
		"a regex over line breaks":  one(include("", "", manager.MatchRegex, "Color: blue[[:cntrl:]]+Color: red")),
		"a regex on another header": one(exclude("", "Shape", manager.MatchRegex, "^[[:alpha:]]{5,6}$")),
	}
	maps.Copy(cases, more)
	return cases
}

// userEvents returns the headers of the sent events as they appear in the text.
func userEvents() []string {
	return []string{
		"Color: red", "Color: dark red", "Color: red wine", "Color: redred", "Color: infrared light", "Color: blue", "Color: RED",
		"Color:red", "Color:    red", "Color:\tred", "Color: red\twine", "Color: dark\tred", "Color: red\t", "Color: red ",
		"color: red", "Dark-Color: red", "Colors: red", "Color : red", "Note: Color: red", "Note: \tColor: red", "Color:", "Color: ", "Shape: square",
		"Color: blue\r\nColor: red", "Color: red\r\nColor: blue", "Color:\r\nShape: red", "Color: blue\r\nNote: red",
		`Color: r.d+(x)[y]{2}^$|*?\;--`, "Color: r.d", "Color: r\\.d", "Color: rüd 密\u0085\u2028", "Color: 密ü", "Note: rü密", "Event: Other", "Event: red",
		"Color: xrot", "Color: x\r\nEvent: Reload", "Shape: redred", "Color: redred\t", "Color: red\r\nColor: red\t",
	}
}

// TestEventFilter_matchesAsteriskBehavior compares the events that the running
// Asterisk sends with those that the filters should let through, in both
// syntaxes.
func TestEventFilter_matchesAsteriskBehavior(t *testing.T) {
	t.Parallel()
	p := startPBX(t, nil)
	cases := filterCases()
	old := memstore.New().AMIAccounts()
	watched := make(map[string]*watcher, 2*len(cases))
	for name, filters := range cases {
		a := p.create(t, &manager.Account{
			Name: fmt.Sprintf("f%d", len(watched)), Note: name, Read: manager.UserClass | manager.System, AllowMultipleLogin: true,
			WriteTimeout: 5000, EventFilters: filters,
		})
		watched[a.Name] = &watcher{account: a}
		if !slices.ContainsFunc(filters, needsAdvanced) {
			require.NoError(t, old.CreateAccount(testContext(t), a))
		}
	}
	p.apply(t)
	for _, w := range watched {
		w.advanced = p.watch(t, w.account)
	}
	p.applyLegacy(t, old)
	require.NotContains(t, p.Log(t), "WARNING[", "Asterisk must not drop a filter")
	require.NoError(t, old.EachAccount(testContext(t), func(a *manager.Account) error {
		watched[a.Name].legacy = p.watch(t, a)
		return nil
	}))

	p.sendEvents(t, userEvents())
	everything := watched[nameOf(t, watched, "no filter")].advanced.received(t)
	require.Len(t, everything, len(userEvents())+1)
	matchCount := 0
	for _, w := range watched {
		var want []string
		for _, text := range everything {
			if filtersAllow(w.account.EventFilters, text) {
				want = append(want, text)
			}
		}
		matchCount += len(want)
		if w.account.Note != "no filter" {
			require.Equal(t, want, w.advanced.received(t), w.account.Note)
		}
		if w.legacy != nil {
			require.Equal(t, want, w.legacy.received(t), "%s, legacy syntax", w.account.Note)
		}
	}
	require.Greater(t, matchCount, len(cases), "the filters must let events through")
}

func needsAdvanced(f manager.EventFilter) bool {
	return f.Method == manager.MatchRegex && f.Event+f.Header != ""
}

// watcher is an account with its sessions.
type watcher struct {
	account          *manager.Account
	advanced, legacy *watch
}

type watch struct {
	client *ami.Client
	events *ami.Subscription
}

func nameOf(t *testing.T, watched map[string]*watcher, note string) string {
	t.Helper()
	for name, w := range watched {
		if w.account.Note == note {
			return name
		}
	}
	require.FailNow(t, "no such account")
	return ""
}

func (p *pbx) watch(t *testing.T, a *manager.Account) *watch {
	t.Helper()
	client, err := ami.Dial(testContext(t), p.AMIAddr, &ami.Options{Username: a.Name, Secret: a.Secret, Events: "on", NoReconnect: true})
	require.NoError(t, err, a.Note)
	t.Cleanup(func() { _ = client.Close() })
	events, err := client.Subscribe(&ami.SubscribeOptions{Events: []string{"UserEvent", "Reload"}})
	require.NoError(t, err)
	return &watch{client, events}
}

// received returns the texts of all events so far. Asterisk sends pending
// events before an answer.
func (w *watch) received(t *testing.T) []string {
	t.Helper()
	_, err := w.client.Do(testContext(t), ami.Action{Name: "Ping"})
	require.NoError(t, err)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	var texts []string
	for {
		event, err := w.events.Next(ended)
		if errors.Is(err, context.Canceled) {
			return texts
		}
		require.NoError(t, err)
		if event.Get("Module") != "manager" { // our own reload
			texts = append(texts, eventText(event))
		}
	}
}

// eventText rebuilds the text of an event, except for blanks between a colon
// and a value.
func eventText(event ami.Event) string {
	var text strings.Builder
	for name, value := range event.All() {
		text.WriteString(name + ": " + value + "\r\n")
	}
	return text.String() + "\r\n"
}

// applyLegacy writes the accounts in the syntax of old versions and reloads.
func (p *pbx) applyLegacy(t *testing.T, st manager.Store) {
	t.Helper()
	folder, err := asteriskconf.Open(p.ConfDir, []asteriskconf.Source{manager.NewConfSource(st, nil)},
		&asteriskconf.Options{Version: asteriskconf.Version{Major: 18, Minor: 10}})
	require.NoError(t, err)
	_, err = folder.Apply(testContext(t))
	require.NoError(t, err)
	require.NoError(t, p.client.Reload(testContext(t), "manager"))
	sections, err := p.client.ReadConfig(testContext(t), "manager.conf")
	require.NoError(t, err)
	legacy := 0
	for _, section := range sections {
		for _, line := range section.Lines {
			require.NotContains(t, line.Key, "eventfilter(")
			if line.Key == "eventfilter" {
				legacy++
			}
		}
	}
	require.NotZero(t, legacy)
}

// sendEvents makes Asterisk send an event of another name and then user events
// with these headers, byte by byte. When it returns, all are queued for every
// session.
func (p *pbx) sendEvents(t *testing.T, headers []string) {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(testContext(t), "tcp", p.AMIAddr)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	answers := bufio.NewReader(conn)
	_, err = fmt.Fprintf(conn, "Action: Login\r\nUsername: %s\r\nSecret: %s\r\nEvents: system\r\n\r\n"+
		"Action: Reload\r\nModule: cdr_manager.so\r\n\r\n", p.AMIUser, p.AMISecret)
	require.NoError(t, err)
	for line := ""; line != "Event: Reload\r\n"; {
		line, err = answers.ReadString('\n')
		require.NoError(t, err)
	}
	for i, header := range headers {
		_, err = fmt.Fprintf(conn, "Action: UserEvent\r\nUserEvent: e%d\r\n%s\r\n\r\n", i, header)
		require.NoError(t, err)
	}
	_, err = fmt.Fprint(conn, "Action: Logoff\r\n\r\n")
	require.NoError(t, err)
	_, err = io.ReadAll(answers)
	require.NoError(t, err)
}

// filtersAllow implements should_send_event of main/manager.c.
func filtersAllow(filters []manager.EventFilter, text string) bool {
	included, excluded, includes := false, false, false
	for _, f := range filters {
		switch f.Action {
		case manager.Include:
			includes = true
			included = included || filterMatches(f, text)
		case manager.Exclude:
			excluded = excluded || filterMatches(f, text)
		}
	}
	return (included || !includes) && !excluded
}

// filterMatches reports whether a filter matches the text of an event.
func filterMatches(f manager.EventFilter, text string) bool {
	lines := strings.Split(text, "\r\n")
	if f.Event != "" && lines[0] != "Event: "+f.Event {
		return false
	}
	if f.Header == "" {
		return comparesWell(f, text)
	}
	return slices.ContainsFunc(lines, func(line string) bool {
		value, found := strings.CutPrefix(line, f.Header+":")
		value = strings.TrimLeft(value, " \t")
		return found && value != "" && comparesWell(f, value)
	})
}

func comparesWell(f manager.EventFilter, text string) bool {
	switch f.Method {
	case manager.MatchNone:
		return true
	case manager.MatchExact:
		return text == f.Match
	case manager.MatchStartsWith:
		return strings.HasPrefix(text, f.Match)
	case manager.MatchEndsWith:
		return strings.HasSuffix(text, f.Match)
	case manager.MatchContains:
		return strings.Contains(text, f.Match)
	case manager.MatchRegex:
		return regexp.MustCompile("(?s)" + f.Match).MatchString(text)
	}
	return false
}
