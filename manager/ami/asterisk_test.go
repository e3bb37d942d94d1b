package ami_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/manager/ami/amitest"
	"github.com/pbxusers/pbxusers/store"
)

func TestClient_Version(t *testing.T) {
	t.Parallel()
	shown := map[string][]string{"core show version": {"Asterisk 18.26.1 built by x @ y on a x86_64 running Linux"}}
	for name, c := range map[string]struct {
		write []string
		want  asteriskconf.Version
		err   error
	}{
		"CoreSettings":           {[]string{"reporting"}, asteriskconf.Version{Major: 22, Minor: 10, Patch: 1}, nil},
		"the console":            {[]string{"command"}, asteriskconf.Version{Major: 18, Minor: 26, Patch: 1}, nil},
		"neither of the classes": {[]string{"config"}, asteriskconf.Version{}, ami.ErrPermission},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, &amitest.Options{
				Commands: shown,
				Accounts: []amitest.Account{{Name: "test", Secret: "secret", Write: c.write}},
			})
			version, err := dial(t, server, testOptions(t)).Version(testContext(t))
			require.ErrorIs(t, err, c.err)
			require.Equal(t, c.want, version)
		})
	}
}

func TestClient_Version_zeroWithoutNumbers(t *testing.T) {
	t.Parallel()
	server := newServer(t, &amitest.Options{Version: "GIT-master-4f0a2b"})
	version, err := dial(t, server, testOptions(t)).Version(testContext(t))
	require.NoError(t, err)
	require.True(t, version.IsZero())
}

func TestClient_ReadConfig(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("x", 8190-len("k = "))
	files := map[string][]dialect.Section{
		"empty.conf": {},
		"pjsip.conf": {
			{Name: "6001", Lines: []dialect.Line{{Key: "type", Value: "endpoint"}, {Key: "allow", Value: "ulaw"}, {Key: "allow", Value: "alaw"}}},
			{Name: "6001", Lines: []dialect.Line{{Key: "type", Value: "auth"}}},
			{Name: " outer: spaces "},
			{Name: "odd", Lines: []dialect.Line{
				{Key: "=begins", Value: "equals=sign"}, {Key: "empty", Value: ""}, {Key: "k", Value: longest},
				{Key: "comment", Value: "a;--;b"}, {Key: "key: colon", Value: ": x"}, {Key: "cr", Value: "a\rb"},
				{Key: "utf8", Value: "中文"}, {Key: "latin1", Value: "\xe9"}, {Key: "Response", Value: "Error"},
			}},
		},
	}
	client := dial(t, newServer(t, &amitest.Options{Files: files}), testOptions(t))
	sections, err := client.ReadConfig(testContext(t), "pjsip.conf")
	require.NoError(t, err)
	require.Equal(t, files["pjsip.conf"], sections)

	sections, err = client.ReadConfig(testContext(t), "empty.conf")
	require.NoError(t, err)
	require.Empty(t, sections)
}

func TestClient_ReadConfig_roundTripsAnyConfig(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	var want []dialect.Section // written before each request
	server.Handle("GetConfig", func(c *amitest.Conn, r *amitest.Request) {
		headers := []ami.Header{}
		for i, section := range want {
			headers = append(headers, header(fmt.Sprintf("Category-%06d", i), section.Name))
			for j, line := range section.Lines {
				headers = append(headers, header(fmt.Sprintf("Line-%06d-%06d", i, j), line.Key+"="+line.Value))
			}
		}
		c.Succeed(r, headers...)
	})
	text := rapid.StringMatching(`[^\r\n]{0,30}`)
	key := rapid.StringMatching(`[^\r\n=][^\r\n=]{0,10}`)
	rapid.Check(t, func(t *rapid.T) {
		want = rapid.SliceOf(rapid.Custom(func(t *rapid.T) dialect.Section {
			section := dialect.Section{Name: text.Draw(t, "name")}
			for range rapid.IntRange(0, 5).Draw(t, "lines") {
				section.Lines = append(section.Lines, dialect.Line{Key: key.Draw(t, "key"), Value: text.Draw(t, "value")})
			}
			return section
		})).Draw(t, "sections")
		got, err := client.ReadConfig(t.Context(), "a.conf")
		require.NoError(t, err)
		require.ElementsMatch(t, want, got)
		for i := range want {
			require.Equal(t, want[i], got[i])
		}
	})
}

func TestClient_ReadConfig_sectionsDoNotShareCapacity(t *testing.T) {
	t.Parallel()
	files := map[string][]dialect.Section{"a.conf": {
		{Name: "a", Lines: []dialect.Line{{Key: "a", Value: "1"}}},
		{Name: "b", Lines: []dialect.Line{{Key: "b", Value: "2"}}},
	}}
	client := dial(t, newServer(t, &amitest.Options{Files: files}), testOptions(t))
	sections, err := client.ReadConfig(testContext(t), "a.conf")
	require.NoError(t, err)
	sections[0].Lines = append(sections[0].Lines, dialect.Line{Key: "x", Value: "y"})
	require.Equal(t, files["a.conf"][1], sections[1])
}

func TestClient_ReadConfig_rejectsOutOfOrderResponse(t *testing.T) {
	t.Parallel()
	for name, headers := range map[string][]ami.Header{
		"a line before any section": {header("Line-000000-000000", "a=b")},
		"a line of another section": {header("Category-000000", "a"), header("Line-000001-000000", "a=b")},
		"a truncated number":        {header("Category-000000", "a"), header("Line-000000", "a=b")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, client := newServerAndClient(t)
			server.Handle("GetConfig", func(c *amitest.Conn, r *amitest.Request) { c.Succeed(r, headers...) })
			_, err := client.ReadConfig(testContext(t), "a.conf")
			require.ErrorContains(t, err, "GetConfig")
		})
	}
}

func TestClient_returnsRejectedError(t *testing.T) {
	t.Parallel()
	for words, rejected := range map[string]bool{
		"Config file not found": true, "Config file has invalid format": true, "File requires escalated privileges": true,
		"No such module": true, "An unknown error occurred": true,
		"Permission denied": false, "Asterisk is shutting down": false,
	} {
		t.Run(words, func(t *testing.T) {
			t.Parallel()
			server, client := newServerAndClient(t)
			for _, name := range []string{"GetConfig", "Reload", "Command"} {
				server.Handle(name, func(c *amitest.Conn, r *amitest.Request) { c.Fail(r, words) })
			}
			for act, do := range map[string]func(context.Context) error{
				"reading of a.conf": func(ctx context.Context) error { _, err := client.ReadConfig(ctx, "a.conf"); return err },
				"reload of manager": func(ctx context.Context) error { return client.Reload(ctx, "manager") },
				"command":           func(ctx context.Context) error { _, err := client.Command(ctx, "x"); return err },
			} {
				err := do(testContext(t))
				var rejectedErr *asteriskconf.RejectedError
				if !rejected {
					require.NotErrorAs(t, err, &rejectedErr)
					var answer *ami.ActionError
					require.ErrorAs(t, err, &answer)
					continue
				}
				require.ErrorAs(t, err, &rejectedErr)
				require.Equal(t, asteriskconf.RejectedError{Action: act, Reason: words}, *rejectedErr)
			}
		})
	}
}

func TestClient_Reload_waitsForRunningReload(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	tries := 0
	server.Handle("Reload", func(c *amitest.Conn, r *amitest.Request) {
		if tries++; tries < 3 {
			c.Fail(r, "A reload is in progress")
			return
		}
		c.Succeed(r, header("Message", "Module Reloaded"))
	})
	require.NoError(t, client.Reload(testContext(t), "res_pjsip.so"))
	require.NoError(t, client.Close())
	require.Equal(t, 3, tries)
}

func TestClient_Reload_honorsContext(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	ctx, cancel := context.WithCancel(testContext(t))
	server.Handle("Reload", func(c *amitest.Conn, r *amitest.Request) {
		c.Fail(r, "A reload is in progress")
		cancel()
	})
	require.ErrorIs(t, client.Reload(ctx, "manager"), context.Canceled)
}

func TestClient_Reload_requiresModule(t *testing.T) {
	t.Parallel()
	_, client := newServerAndClient(t)
	require.ErrorIs(t, client.Reload(testContext(t), ""), store.ErrInvalid)
}

func TestClient_Command(t *testing.T) {
	t.Parallel()
	client := dial(t, newServer(t, &amitest.Options{Commands: map[string][]string{
		"manager show users": {"", "username", "--------", "crm: x", "", "1 manager users configured."},
		"logger mute":        nil,
	}}), testOptions(t))
	lines, err := client.Command(testContext(t), "manager show users")
	require.NoError(t, err)
	require.Equal(t, []string{"", "username", "--------", "crm: x", "", "1 manager users configured."}, lines)

	lines, err = client.Command(testContext(t), "logger mute")
	require.NoError(t, err)
	require.Empty(t, lines)

	_, err = client.Command(testContext(t), "no such thing")
	var rejectedErr *asteriskconf.RejectedError
	require.ErrorAs(t, err, &rejectedErr)
	require.Equal(t, "command", rejectedErr.Action)
	require.Contains(t, rejectedErr.Reason, "No such command")

	_, err = client.Command(testContext(t), "a\nAction: Logoff")
	require.ErrorIs(t, err, store.ErrInvalid)
}
