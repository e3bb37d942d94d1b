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

	"github.com/pbxusers/pbxusers/internal/peers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
)

// manyAccounts is how many accounts are made and compared.
const manyAccounts = 500

func TestEveryFieldOfEveryAccountIsServedAsItWasMade(t *testing.T) {
	t.Parallel()
	p := startPBX(t, &peers.AsteriskOptions{Files: map[string]string{
		"acl.conf": "[office]\ndeny = 0.0.0.0/0\npermit = 10.0.0.0/8\n[branch_2-x]\ndeny = 0.0.0.0/0\n",
	}})
	made := make(map[string]*manager.User, manyAccounts)
	generator := rapid.Custom(func(t *rapid.T) *manager.User { return drawUser(t, drawName(t, 0)) })
	for i := range manyAccounts {
		u := generator.Example(i)
		u.Name = "u" + strconv.Itoa(i) + u.Name[2:]
		made[u.Name] = p.create(t, u)
	}
	report := p.apply(t)
	require.Equal(t, manyAccounts, report.Files[0].Added)
	require.NotContains(t, p.Log(t), "WARNING[", "Asterisk dropped nothing")

	sections, err := p.client.ReadConfig(within(t), "manager.conf")
	require.NoError(t, err)
	compared := 0
	for _, section := range sections {
		u, ours := made[section.Name]
		if !ours {
			continue
		}
		compared++
		secret, _ := section.Value("secret")
		require.Equal(t, u.Secret.Reveal(), secret)
		require.Equal(t, []string{strconv.Itoa(u.WriteTimeout)}, section.Values("writetimeout"))
		requireFilters(t, u, section.Lines)
		requireShown(t, u, p.Console(t, "manager show user "+u.Name))
		requireLogin(t, p, u)
	}
	require.Equal(t, manyAccounts, compared)
}

// requireFilters compares the filters with the lines that Asterisk parsed.
func requireFilters[L ~struct{ Key, Value string }](t *testing.T, u *manager.User, lines []L) {
	t.Helper()
	var shown, want []string
	for _, line := range lines {
		l := struct{ Key, Value string }(line)
		if strings.HasPrefix(l.Key, "eventfilter") {
			shown = append(shown, l.Key+" = "+l.Value)
		}
	}
	for _, f := range u.EventFilters {
		key := "eventfilter(action(" + string(f.Action) + ")"
		if f.Event != "" {
			key += ",name(" + f.Event + ")"
		}
		if f.Header != "" {
			key += ",header(" + f.Header + ")"
		}
		want = append(want, key+",method("+string(f.Method)+")) = "+f.Match)
	}
	require.Equal(t, want, shown, u.Name)
}

var ruleLine = regexp.MustCompile(`^ *\d+: +(allow|deny) - (\S+)/(\S+)$`)

// requireShown compares the account with the output of "manager show user",
// read here on its own: the product's reader is what is under test too.
func requireShown(t *testing.T, u *manager.User, lines []string) {
	t.Helper()
	text := strings.Join(lines, "\n") + "\n"
	has := func(label, value string) {
		require.Regexp(t, "(?m)^ *"+regexp.QuoteMeta(label+": "+value)+"$", text, u.Name)
	}
	yes := map[bool]string{true: "yes", false: "no"}
	classes := func(p manager.Privileges) string {
		if p == manager.NoPrivileges {
			return "<none>"
		}
		return p.String()
	}
	has("username", u.Name)
	has("secret", "<Set>")
	has("read perm", classes(u.Read))
	has("write perm", classes(u.Write))
	has("displayconnects", yes[u.DisplayConnects])
	has("allowmultiplelogin", yes[u.AllowMultipleLogin])

	var rules []string
	unnamed := false
	for _, line := range lines {
		if strings.HasPrefix(line, "ACL: ") {
			unnamed = line == "ACL: (unnamed)"
		}
		if m := ruleLine.FindStringSubmatch(line); m != nil && unnamed {
			rules = append(rules, m[1]+" "+m[2]+"/"+strconv.Itoa(ones(t, m[3])))
		}
	}
	var want []string
	deny := u.Deny
	if len(u.Permit) > 0 && len(deny) == 0 {
		want = append(want, "deny 0.0.0.0/0", "deny ::/0")
	}
	for _, n := range deny {
		want = append(want, "deny "+n.String())
	}
	for _, n := range u.Permit {
		want = append(want, "allow "+n.String())
	}
	require.Equal(t, want, rules, u.Name)
	if u.NamedACL != "" {
		require.Contains(t, text, "ACL: "+u.NamedACL+"\n")
	}
}

// ones counts the bits of a mask as Asterisk prints it.
func ones(t *testing.T, mask string) int {
	t.Helper()
	addr, err := netip.ParseAddr(mask)
	require.NoError(t, err, mask)
	count := 0
	for _, b := range addr.AsSlice() {
		count += strings.Count(fmt.Sprintf("%b", b), "1")
	}
	return count
}

// requireLogin logs in where the rules let this host in. A refusal takes
// Asterisk a second, so that the others are tried only now and then.
func requireLogin(t *testing.T, p *pbx, u *manager.User) {
	t.Helper()
	here := netip.MustParseAddr("127.0.0.1")
	admitted := len(u.Permit) == 0
	for _, n := range u.Deny {
		admitted = admitted && !n.Contains(here)
	}
	for _, n := range u.Permit {
		admitted = admitted || n.Contains(here)
	}
	if u.NamedACL != "" || !admitted {
		return
	}
	for _, method := range []ami.LoginMethod{ami.MD5Challenge, ami.PlainText} {
		_, err := ami.TestLogin(context.Background(), p.AMIAddr, &ami.Options{Username: u.Name, Secret: u.Secret, Login: method})
		require.NoError(t, err, u.Name)
	}
}
