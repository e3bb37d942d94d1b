package ami_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/internal/testservers"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
)

// The tests of this file use a real Asterisk.

// accounts are manual accounts in manager.conf.
const accounts = `
[single]
secret = for-tests-only
read = none
write = none
allowmultiplelogin = no

[elsewhere]
secret = for-tests-only
deny = 0.0.0.0/0
permit = 192.0.2.1
read = none
write = none

[reader]
secret = for-tests-only
read = all
write = command,call
`

func liveOptions(t testing.TB, asterisk *testservers.Asterisk) *ami.Options {
	t.Helper()
	opts := testOptions(t)
	opts.Username, opts.Secret = asterisk.AMIUser, store.NewSecret(asterisk.AMISecret)
	return opts
}

func dialLive(t testing.TB, asterisk *testservers.Asterisk, opts *ami.Options) *ami.Client {
	t.Helper()
	client, err := ami.Dial(testContext(t), asterisk.AMIAddr, opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client
}

func TestDial_liveLogins(t *testing.T) {
	t.Parallel()
	asterisk := testservers.StartAsterisk(t, &testservers.AsteriskOptions{Files: map[string]string{"manager.d/accounts.conf": accounts}})
	holder := liveOptions(t, asterisk)
	holder.Username, holder.Secret = "single", store.NewSecret("for-tests-only")
	dialLive(t, asterisk, holder)
	for _, method := range []ami.LoginMethod{ami.MD5Challenge, ami.PlainText} {
		for _, c := range []struct {
			name, user, secret string
			want               error
		}{
			{"the right secret", asterisk.AMIUser, asterisk.AMISecret, nil},
			{"a wrong secret", asterisk.AMIUser, "mistyped", ami.ErrAuthentication},
			{"no such account", "nobody", "mistyped", ami.ErrAuthentication},
			{"an address not permitted", "elsewhere", "for-tests-only", ami.ErrAuthentication},
			{"a second login", "single", "for-tests-only", ami.ErrAlreadyLoggedIn},
		} {
			t.Run(fmt.Sprint(c.name, method), func(t *testing.T) {
				t.Parallel()
				opts := testOptions(t)
				opts.Login, opts.Username, opts.Secret = method, c.user, store.NewSecret(c.secret)
				local, err := ami.CheckLogin(testContext(t), asterisk.AMIAddr, opts)
				require.ErrorIs(t, err, c.want)
				asterisk.WaitForLog(t, strings.ReplaceAll(local.String(), ":", "/"))
			})
		}
	}
}

func TestClient_Close_liveFreesLogin(t *testing.T) {
	t.Parallel()
	asterisk := testservers.StartAsterisk(t, &testservers.AsteriskOptions{Files: map[string]string{"manager.d/accounts.conf": accounts}})
	for range 20 {
		opts := testOptions(t)
		opts.Username, opts.Secret = "single", store.NewSecret("for-tests-only")
		client := dialLive(t, asterisk, opts)
		require.NoError(t, client.Close())
	}
}

func TestDial_liveTLS(t *testing.T) {
	t.Parallel()
	serverTLS, clientTLS := tlsConfigs(t)
	pemFile := filepath.Join(t.TempDir(), "asterisk.pem")
	writeKeyPair(t, pemFile, serverTLS.Certificates[0])
	// TLS has the port of the instance, and plain TCP moves away. With the same
	// port, Asterisk would move TLS to 5039 (__init_manager in main/manager.c).
	asterisk := testservers.StartAsterisk(t, &testservers.AsteriskOptions{Files: map[string]string{
		"manager.conf": "[general]\nenabled = yes\nport = 5038\nbindaddr = 127.0.0.2\n" +
			"tlsenable = yes\ntlsbindaddr = 127.0.0.1:{{port}}\ntlscertfile = " + pemFile + "\n" + accounts,
	}})
	for _, method := range []ami.LoginMethod{ami.MD5Challenge, ami.PlainText} {
		opts := testOptions(t)
		opts.Username, opts.Secret, opts.TLS, opts.Login = "reader", store.NewSecret("for-tests-only"), clientTLS, method
		client := dialLive(t, asterisk, opts)
		_, err := client.Command(testContext(t), "core show uptime")
		require.NoError(t, err)
		require.NoError(t, client.Close())

		opts.TLS = nil
		opts.DialTimeout = time.Second
		_, err = ami.CheckLogin(testContext(t), asterisk.AMIAddr, opts)
		require.ErrorIs(t, err, ami.ErrUnreachable, "there is no greeting without TLS")
	}
}

func writeKeyPair(t testing.TB, path string, pair tls.Certificate) {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	require.NoError(t, err)
	var text strings.Builder
	require.NoError(t, pem.Encode(&text, &pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	require.NoError(t, pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}))
	require.NoError(t, os.WriteFile(path, []byte(text.String()), 0o600))
}

func TestClient_liveAsterisk(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("x", 8190-len("k = "))
	asterisk := testservers.StartAsterisk(t, &testservers.AsteriskOptions{Files: map[string]string{
		"manager.d/accounts.conf": accounts,
		".candidate.tmp": "[6001]\ntype = endpoint\nallow = ulaw\nallow = alaw\n[6001]\ntype = auth\n[ outer: spaces ]\n" +
			"[odd]\n\\=begins = equals=sign\nempty =\nk = " + longest + "\ncomment = a\\;--\\;b\nkey: colon = : x\nutf8 = 中文\nResponse = Error\n",
		"broken.conf":     "[a]\nb = c\n[unclosed\n",
		"empty.conf":      "",
		"extensions.conf": "[general]\n\n[default]\nexten = 1,1,NoOp()\nexten = 2,1,NoOp()\n",
	}})
	client := dialLive(t, asterisk, liveOptions(t, asterisk))
	unprivileged := liveOptions(t, asterisk)
	unprivileged.Username, unprivileged.Secret = "reader", store.NewSecret("for-tests-only")
	reader := dialLive(t, asterisk, unprivileged)

	t.Run("Version", func(t *testing.T) {
		t.Parallel()
		version, err := client.Version(testContext(t))
		require.NoError(t, err)
		require.Contains(t, asterisk.Console(t, "core show version")[0], version.String())
		fromConsole, err := reader.Version(testContext(t))
		require.NoError(t, err)
		require.Equal(t, version, fromConsole)
	})
	t.Run("ReadConfig", func(t *testing.T) {
		t.Parallel()
		want := []dialect.Section{
			{Name: "6001", Lines: []dialect.Line{{Key: "type", Value: "endpoint"}, {Key: "allow", Value: "ulaw"}, {Key: "allow", Value: "alaw"}}},
			{Name: "6001", Lines: []dialect.Line{{Key: "type", Value: "auth"}}},
			{Name: " outer: spaces "},
			{Name: "odd", Lines: []dialect.Line{
				{Key: "=begins", Value: "equals=sign"}, {Key: "empty", Value: ""}, {Key: "k", Value: longest},
				{Key: "comment", Value: "a;--;b"}, {Key: "key: colon", Value: ": x"}, {Key: "utf8", Value: "中文"},
				{Key: "Response", Value: "Error"},
			}},
		}
		sections, err := client.ReadConfig(testContext(t), ".candidate.tmp")
		require.NoError(t, err)
		require.Equal(t, want, sections)
		sections, err = client.ReadConfig(testContext(t), "empty.conf")
		require.NoError(t, err)
		require.Empty(t, sections)
	})
	t.Run("rejections", func(t *testing.T) {
		t.Parallel()
		var rejectedErr *asteriskconf.RejectedError
		_, err := client.ReadConfig(testContext(t), "broken.conf")
		require.ErrorAs(t, err, &rejectedErr)
		require.Equal(t, "Config file has invalid format", rejectedErr.Reason)
		_, err = client.ReadConfig(testContext(t), "absent.conf")
		require.ErrorAs(t, err, &rejectedErr)
		require.Equal(t, "Config file not found", rejectedErr.Reason)
		_, err = client.ReadConfig(testContext(t), "/etc/passwd")
		require.ErrorAs(t, err, &rejectedErr)
		require.Equal(t, "File requires escalated privileges", rejectedErr.Reason)
		require.ErrorAs(t, client.Reload(testContext(t), "no_such_module.so"), &rejectedErr)
		require.Equal(t, "No such module", rejectedErr.Reason)
		_, err = client.Command(testContext(t), "no such command")
		require.ErrorAs(t, err, &rejectedErr)
		require.Contains(t, rejectedErr.Reason, "No such command")
		_, err = client.Command(testContext(t), "module load x.so")
		require.ErrorAs(t, err, &rejectedErr)
		require.Equal(t, "Command blacklisted", rejectedErr.Reason)
		_, err = reader.ReadConfig(testContext(t), "empty.conf")
		require.ErrorIs(t, err, ami.ErrPermission)
		require.ErrorIs(t, reader.Reload(testContext(t), "manager"), ami.ErrPermission)
	})
	t.Run("Reload", func(t *testing.T) {
		t.Parallel()
		require.NoError(t, client.Reload(testContext(t), "manager"))
		require.NoError(t, client.Reload(testContext(t), "pbx_config.so"))
	})
	t.Run("Command", func(t *testing.T) {
		t.Parallel()
		lines, err := client.Command(testContext(t), "manager show users")
		require.NoError(t, err)
		require.Subset(t, lines, []string{"single", "elsewhere", "reader", "admin"})
		require.Equal(t, "4 manager users configured.", lines[len(lines)-1])
	})
	t.Run("List", func(t *testing.T) {
		t.Parallel()
		list, err := client.List(testContext(t), action("ShowDialPlan", "Context", "default"))
		require.NoError(t, err)
		require.Len(t, list.Events, 2)
		require.Equal(t, "2", list.Events[1].Get("Extension"))
		require.Equal(t, "2", list.Complete.Get("ListItems"))
		list, err = client.List(testContext(t), action("CoreShowChannels"))
		require.NoError(t, err)
		require.Empty(t, list.Events)
		_, err = client.List(testContext(t), action("ShowDialPlan", "Context", "absent"))
		var actionErr *ami.ActionError
		require.ErrorAs(t, err, &actionErr)
	})
	t.Run("the largest action", func(t *testing.T) {
		t.Parallel()
		a := ami.Action{Name: "Ping", Headers: manyHeaders(126)}
		a.Headers[0].Value = strings.Repeat("x", 1024-len("Variable: \r\n"))
		answer, err := client.Do(testContext(t), a)
		require.NoError(t, err)
		require.Equal(t, "Pong", answer.Get("Ping"))
	})
}

func TestSubscription_liveEventsAfterRestart(t *testing.T) {
	t.Parallel()
	asterisk := testservers.StartAsterisk(t, nil)
	client := dialLive(t, asterisk, liveOptions(t, asterisk))
	sub, err := client.Subscribe(&ami.SubscribeOptions{Events: []string{"UserEvent"}})
	require.NoError(t, err)
	tell := func(number string) {
		_, err := client.Do(testContext(t), action("UserEvent", "UserEvent", "Test", "Number", number))
		require.NoError(t, err)
	}
	tell("1")
	require.Equal(t, "1", nextEvent(t, sub).Get("Number"))

	asterisk.Restart(t)
	require.NoError(t, pingUntilConnected(testContext(t), client))
	require.True(t, nextEvent(t, sub).Gap.Reconnected)
	tell("2")
	require.Equal(t, "2", nextEvent(t, sub).Get("Number"))
}

func TestClient_liveChangedSecretEndsClient(t *testing.T) {
	t.Parallel()
	asterisk := testservers.StartAsterisk(t, &testservers.AsteriskOptions{Files: map[string]string{"manager.d/accounts.conf": accounts}})
	admin := dialLive(t, asterisk, liveOptions(t, asterisk))
	opts := testOptions(t)
	opts.Username, opts.Secret = "reader", store.NewSecret("for-tests-only")
	client := dialLive(t, asterisk, opts)

	file := filepath.Join(asterisk.ConfDir, "manager.d", "accounts.conf")
	require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(accounts, "for-tests-only", "rotated")), 0o600))
	require.NoError(t, admin.Reload(testContext(t), "manager"))
	_, err := client.Do(testContext(t), action("Ping"))
	require.NoError(t, err, "Asterisk keeps open sessions")

	kickSessions(t, admin, "reader")
	receive(t, client.Done())
	require.ErrorIs(t, client.Err(), ami.ErrAuthentication)
}

// kickSessions ends the sessions of an account. The fifth column of "manager
// show connected" is the number of the session.
func kickSessions(t testing.TB, admin *ami.Client, account string) {
	t.Helper()
	lines, err := admin.Command(testContext(t), "manager show connected")
	require.NoError(t, err)
	for _, line := range lines {
		columns := strings.Fields(line)
		if len(columns) > 5 && columns[0] == account {
			_, err := admin.Command(testContext(t), "manager kick session "+columns[4])
			require.NoError(t, err)
		}
	}
}

// BenchmarkLiveReadConfig lets Asterisk read 10 000 sections of 11 lines. It
// compares that with receiving the same answer only.
func BenchmarkLiveReadConfig(b *testing.B) {
	var file strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&file, "[account_%d]\n", i)
		for j := range 11 {
			fmt.Fprintf(&file, "option_%d = some value of usual length\n", j)
		}
	}
	asterisk := testservers.StartAsterisk(b, &testservers.AsteriskOptions{Files: map[string]string{"large.conf": file.String()}})
	opts := liveOptions(b, asterisk)
	opts.Login = ami.PlainText
	b.Run("ReadConfig", func(b *testing.B) {
		client := dialLive(b, asterisk, opts)
		for b.Loop() {
			sections, err := client.ReadConfig(b.Context(), "large.conf")
			require.NoError(b, err)
			require.Len(b, sections, 10_000)
		}
	})
	b.Run("receive only", func(b *testing.B) {
		for b.Loop() {
			conn, err := net.Dial("tcp", asterisk.AMIAddr)
			require.NoError(b, err)
			_, err = io.WriteString(conn, "Action: Login\r\nUsername: "+asterisk.AMIUser+"\r\nSecret: "+asterisk.AMISecret+
				"\r\nEvents: off\r\n\r\nAction: GetConfig\r\nFilename: large.conf\r\n\r\nAction: Logoff\r\n\r\n")
			require.NoError(b, err)
			n, err := io.Copy(io.Discard, conn)
			require.NoError(b, err)
			require.Greater(b, n, int64(5_000_000))
			require.NoError(b, conn.Close())
		}
	})
}
