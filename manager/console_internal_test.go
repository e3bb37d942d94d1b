package manager

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Output of "manager show connected" in Asterisk 22.10.1.
const connectedOutput = `  Username         IP Address                                               Start       Elapsed     FileDes   HttpCnt   ReadPerms   WritePerms
  A-NAME-of-more-  127.0.0.1                                                1795320321  0           9         0         0000000000  0000000000
  crm              2001:db8:1111:2222:3333:4444:5555:6666                   1795320321  86400       1024      0         0000000000  0000000000
                   ::1                                                      0           1795320321  15        0         0000000000  0000000000
  web              127.0.0.1                                                1795320321  0           -1        0         2147483647  2147483647
4 users connected.`

func TestParseSession_parsesConsoleOutput(t *testing.T) {
	t.Parallel()
	var found []session
	for line := range strings.SplitSeq(connectedOutput, "\n") {
		if s, ok := parseSession(line); ok {
			found = append(found, s)
		}
	}
	require.Equal(t, []session{
		{name: "A-NAME-of-more-", address: "127.0.0.1", start: 1795320321, descriptor: 9},
		{name: "crm", address: "2001:db8:1111:2222:3333:4444:5555:6666", start: 1795320321, descriptor: 1024},
		{name: "", address: "::1", start: 0, descriptor: 15},
		{name: "web", address: "127.0.0.1", start: 1795320321, descriptor: -1},
	}, found)
	require.Equal(t, listedName("a-name-of-more-than-fifteen"), listedName(found[0].name))
	require.NotEqual(t, listedName("a-name-of-more"), listedName(found[0].name))
}

func TestParseSession_skipsOtherLines(t *testing.T) {
	t.Parallel()
	line := strings.Split(connectedOutput, "\n")[1]
	_, ok := parseSession(line)
	require.True(t, ok)
	for _, other := range []string{
		"", "0 users connected.", line[:80], strings.Replace(line, "1795320321", "now       ", 1),
		strings.Replace(line, "1795320321", strings.Repeat("9", 30), 1), strings.Replace(line, " 9 ", " x ", 1), " " + line,
	} {
		_, ok := parseSession(other)
		require.False(t, ok, "%q", other)
	}
}

// Output of "manager show user" in Asterisk 22.10.1, except that no account
// there is realtime.
const accountOutput = `
          username: a-name-of-more-than-fifteen
            secret: <Set>
               ACL: yes
         read perm: system,call,all
        write perm: call,originate
   displayconnects: yes
allowmultiplelogin: no
         Variables: 
                 A = x: y
                 secret: (N/A) = z
ACL: (unnamed)
---------------------------------------------
  0:  deny - 0.0.0.0/0.0.0.0
  1:  deny - ::/::
  2: allow - 127.0.0.0/255.0.0.0
  3: allow - 2001:db8::1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
  4: allow - 10.1.2.3/255.255.255.255
  5: allow - 2001:db8::/ffff:ffff:8000::
100: allow - fe80::/ffc0::
101: allow - 10.0.0.0/255.0.255.0
ACL: office (realtime)
---------------------------------------------
  0:  deny - 0.0.0.0/0.0.0.0
  1: allow - 10.0.0.0/255.0.0.0`

func TestParseAccount_parsesConsoleOutput(t *testing.T) {
	t.Parallel()
	fields := map[string]string{
		"username": "a-name-of-more-than-fifteen", "secret": "<Set>", "read perm": "system,call,all", "write perm": "call,originate",
		"displayconnects": "yes", "allowmultiplelogin": "no",
	}
	rules := []string{
		"deny 0.0.0.0/0", "deny ::/0", "allow 127.0.0.0/8", "allow 2001:db8::1/128", "allow 10.1.2.3/32", "allow 2001:db8::/33", "allow fe80::/10",
		"allow 10.0.0.0/255.0.255.0",
	}
	own, list, found := strings.Cut(accountOutput, "ACL: office")
	require.True(t, found)
	list = "ACL: office" + list
	labels, _, _ := strings.Cut(own, "ACL: (unnamed)")
	for _, test := range []struct {
		name, text string
		want       consoleAccount
	}{
		{"own rules and a realtime list", accountOutput, consoleAccount{fields: fields, rules: rules, namedACL: "office"}},
		{"a list of acl.conf", strings.Replace(accountOutput, " (realtime)", "", 1), consoleAccount{fields: fields, rules: rules, namedACL: "office"}},
		{"rules of its own", own, consoleAccount{fields: fields, rules: rules}},
		{
			"a list alone", labels + list,
			consoleAccount{fields: fields, namedACL: "office"},
		},
		{"CR LF", strings.ReplaceAll(accountOutput, "\n", "\r\n"), consoleAccount{fields: fields, rules: rules, namedACL: "office"}},
		{"no such account", "There is no manager called NOBODY", consoleAccount{fields: map[string]string{}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			shown := parseAccount(strings.Split(test.text, "\n"))
			require.Equal(t, test.want, shown)
		})
	}
}

func TestParseAccountNames_parsesConsoleOutput(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"There are no manager users.": nil,
		"":                            nil,
		"\nusername\n--------\n-------------------\n0 manager users configured.":                                nil,
		"\nusername\n--------\nAdmin\ncrm\n-------------------\n2 manager users configured.":                    {"admin", "crm"},
		"\nusername\n--------\nusername\n-------------------\n-------------------\n2 manager users configured.": {"username", "-------------------"},
		"\nusername\n--------\ncut off": nil,
	} {
		require.ElementsMatch(t, want, slices.Collect(maps.Keys(parseAccountNames(strings.Split(text, "\n")))), "%q", text)
	}
}

// FuzzConsole searches for console output that causes a panic or parses into
// impossible values.
func FuzzConsole(f *testing.F) {
	f.Add(connectedOutput)
	f.Add(accountOutput)
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Split(text, "\n")
		require.LessOrEqual(t, len(parseAccountNames(lines)), len(lines))
		parsed := parseAccount(lines)
		for _, rule := range parsed.rules {
			require.Regexp(t, "^(deny|allow) [0-9a-fA-F.:]+/[0-9a-fA-F.:]+$", rule)
		}
		for _, line := range lines {
			if s, ok := parseSession(line); ok {
				require.LessOrEqual(t, len([]rune(s.name)), listedNameLength)
				require.Contains(t, line, s.name)
				require.GreaterOrEqual(t, s.start, 0)
			}
		}
	})
}
