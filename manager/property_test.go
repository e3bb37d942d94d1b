package manager_test

import (
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/internal/testservers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
)

// accountCount is the number of accounts to create and compare.
const accountCount = 500

func TestConfSource_Sections_asteriskServesEveryField(t *testing.T) {
	t.Parallel()
	p := startPBX(t, &testservers.AsteriskOptions{Files: map[string]string{
		"acl.conf": "[office]\ndeny = 0.0.0.0/0\npermit = 10.0.0.0/8\n[branch_2-x]\ndeny = 0.0.0.0/0\n",
	}})
	made := make(map[string]*manager.Account, accountCount)
	generator := rapid.Custom(func(t *rapid.T) *manager.Account { return drawAccount(t, drawName(t, 0)) })
	for i := range accountCount {
		a := generator.Example(i)
		a.Name = "u" + strconv.Itoa(i) + a.Name[2:]
		made[a.Name] = p.create(t, a)
	}
	report := p.apply(t)
	require.Equal(t, accountCount, report.Files[0].Added)
	require.NotContains(t, p.Log(t), "WARNING[", "Asterisk must not drop anything")

	sections, err := p.client.ReadConfig(testContext(t), "manager.conf")
	require.NoError(t, err)
	compared := 0
	for _, section := range sections {
		a, ours := made[section.Name]
		if !ours {
			continue
		}
		compared++
		secret, _ := section.Value("secret")
		require.Equal(t, a.Secret.Reveal(), secret)
		require.Equal(t, []string{strconv.Itoa(a.WriteTimeout)}, section.Values("writetimeout"))
		requireFilters(t, a, section.Lines)
		shown, err := p.client.Command(testContext(t), "manager show user "+a.Name)
		require.NoError(t, err)
		requireConsoleShows(t, a, shown)
		requireLogin(t, p, a)
	}
	require.Equal(t, accountCount, compared)
}

// requireFilters compares the filters with the lines that Asterisk parsed.
func requireFilters[L ~struct{ Key, Value string }](t *testing.T, a *manager.Account, lines []L) {
	t.Helper()
	var shown, want []string
	for _, line := range lines {
		l := struct{ Key, Value string }(line)
		if strings.HasPrefix(l.Key, "eventfilter") {
			shown = append(shown, l.Key+" = "+l.Value)
		}
	}
	for _, f := range a.EventFilters {
		key := "eventfilter(action(" + string(f.Action) + ")"
		if f.Event != "" {
			key += ",name(" + f.Event + ")"
		}
		if f.Header != "" {
			key += ",header(" + f.Header + ")"
		}
		want = append(want, key+",method("+string(f.Method)+")) = "+f.Match)
	}
	require.Equal(t, want, shown, a.Name)
}

var ruleLine = regexp.MustCompile(`^ *\d+: +(allow|deny) - (\S+)/(\S+)$`)

// requireConsoleShows compares the account with the output of "manager show
// user". It has its own parser, because the product's parser is under test as
// well.
func requireConsoleShows(t *testing.T, a *manager.Account, lines []string) {
	t.Helper()
	text := strings.Join(lines, "\n") + "\n"
	has := func(label, value string) {
		require.Regexp(t, "(?m)^ *"+regexp.QuoteMeta(label+": "+value)+"$", text, a.Name)
	}
	yes := map[bool]string{true: "yes", false: "no"}
	classes := func(p manager.Privileges) string {
		if p == manager.NoPrivileges {
			return "<none>"
		}
		return p.String()
	}
	has("username", a.Name)
	has("secret", "<Set>")
	has("read perm", classes(a.Read))
	has("write perm", classes(a.Write))
	has("displayconnects", yes[a.DisplayConnects])
	has("allowmultiplelogin", yes[a.AllowMultipleLogin])

	var rules []string
	unnamed := false
	for _, line := range lines {
		if strings.HasPrefix(line, "ACL: ") {
			unnamed = line == "ACL: (unnamed)"
		}
		if m := ruleLine.FindStringSubmatch(line); m != nil && unnamed {
			rules = append(rules, m[1]+" "+m[2]+"/"+strconv.Itoa(prefixLength(t, m[3])))
		}
	}
	var want []string
	deny := a.Deny
	if len(a.Permit) > 0 && len(deny) == 0 {
		want = append(want, "deny 0.0.0.0/0", "deny ::/0")
	}
	for _, n := range deny {
		want = append(want, "deny "+n.String())
	}
	for _, n := range a.Permit {
		want = append(want, "allow "+n.String())
	}
	require.Equal(t, want, rules, a.Name)
	if a.NamedACL != "" {
		require.Contains(t, text, "ACL: "+a.NamedACL+"\n")
	}
}

// prefixLength counts the bits of a mask in Asterisk's format.
func prefixLength(t *testing.T, mask string) int {
	t.Helper()
	addr, err := netip.ParseAddr(mask)
	require.NoError(t, err, mask)
	count := 0
	for _, b := range addr.AsSlice() {
		count += strings.Count(fmt.Sprintf("%b", b), "1")
	}
	return count
}

// requireLogin logs in if the rules certainly permit this host. It skips other
// accounts, because a denied login takes Asterisk a second.
func requireLogin(t *testing.T, p *pbx, a *manager.Account) {
	t.Helper()
	here := netip.MustParseAddr("127.0.0.1")
	admitted := len(a.Permit) == 0
	for _, n := range a.Deny {
		admitted = admitted && !n.Contains(here)
	}
	for _, n := range a.Permit {
		admitted = admitted || n.Contains(here)
	}
	if a.NamedACL != "" || !admitted {
		return
	}
	for _, method := range []ami.LoginMethod{ami.MD5Challenge, ami.PlainText} {
		_, err := ami.CheckLogin(context.Background(), p.AMIAddr, &ami.Options{Username: a.Name, Secret: a.Secret, Login: method})
		require.NoError(t, err, a.Name)
	}
}
