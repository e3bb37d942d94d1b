package manager_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/manager"
)

// sectionOf returns a section with the keys and values.
func sectionOf(pairs ...string) *dialect.Section {
	s := &dialect.Section{Name: "desk"}
	for i := 0; i < len(pairs); i += 2 {
		s.Lines = append(s.Lines, dialect.Line{Key: pairs[i], Value: pairs[i+1]})
	}
	return s
}

// local restricts an account to a network.
func local(network string, more ...string) *dialect.Section {
	return sectionOf(append([]string{"secret", "s3cret", "deny", "0.0.0.0/0", "deny", "::/0", "permit", network, "writetimeout", "100"}, more...)...)
}

func TestConfSource_Describe_namesDangers(t *testing.T) {
	t.Parallel()
	office := "10.1.2.0/24"
	for name, c := range map[string]struct {
		before, after *dialect.Section
		codes         []string
	}{
		"new account without rules":   {nil, sectionOf("write", "call"), []string{"any_address"}},
		"new account with command":    {nil, local(office, "write", "command"), []string{"root_like"}},
		"new restricted account":      {nil, local(office, "write", "call"), nil},
		"new class system":            {local(office, "write", "call"), local(office, "write", "system,call"), []string{"root_like"}},
		"class command in read":       {local(office, "read", "call"), local(office, "read", "call,command"), nil},
		"command that was there":      {local(office, "write", "command"), local(office, "write", "command,call"), nil},
		"config in place of command":  {local(office, "write", "command"), local(office, "write", "config"), []string{"root_like"}},
		"unknown class before":        {local(office, "write", "commnd"), local(office, "write", "command"), []string{"root_like"}},
		"wider network":               {local(office), local("10.0.0.0/8"), []string{"addresses_widened"}},
		"narrower network":            {local("10.0.0.0/8"), local(office), nil},
		"another network":             {local(office), local("10.9.0.0/16"), []string{"addresses_widened"}},
		"rules removed":               {local(office), sectionOf("write", "call"), []string{"any_address"}},
		"everything permitted":        {local(office), local("0.0.0.0/0", "permit", "::/0"), []string{"any_address"}},
		"IPv6 no longer denied":       {local(office), sectionOf("deny", "0.0.0.0/0", "permit", office), []string{"addresses_widened"}},
		"named ACL removed":           {local(office, "acl", "inside"), local(office), []string{"addresses_widened"}},
		"named ACL added":             {local(office), local(office, "acl", "inside"), nil},
		"removed account":             {local(office, "write", "command"), nil, nil},
		"both, the most severe first": {local(office, "write", "call"), local("0.0.0.0/1", "write", "system"), []string{"root_like", "addresses_widened"}},
		"still open":                  {sectionOf("write", "call"), sectionOf("write", "call,user"), nil},
		"order of the permitted":      {local(office, "permit", "10.9.0.0/16"), local("10.9.0.0/16", "permit", office), nil},
		"another secret":              {local(office), sectionOf("secret", "other", "deny", "0.0.0.0/0", "deny", "::/0", "permit", office, "writetimeout", "100"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var codes []string
			description := (&manager.ConfSource{}).Describe(&asteriskconf.SectionChange{Name: "desk", Before: c.before, After: c.after})
			for _, danger := range description.Dangers {
				codes = append(codes, danger.Code)
				require.NotEmpty(t, danger.Message)
			}
			require.Equal(t, c.codes, codes)
			require.NotEmpty(t, description.Summary)
		})
	}
}

func TestConfSource_Describe_summarizesEachSetting(t *testing.T) {
	t.Parallel()
	before := local("10.1.2.0/24", "read", "call,dtmf", "write", "none", "displayconnects", "yes", "eventfilter", "a", "note", "x")
	after := sectionOf("secret", "another", "deny", "0.0.0.0/0", "deny", "::/0", "permit", "10.1.0.0/16", "writetimeout", "200",
		"read", "call,user", "write", "originate", "displayconnects", "no", "eventfilter", "b", "eventfilter(action(exclude))", "c")
	description := (&manager.ConfSource{}).Describe(&asteriskconf.SectionChange{Before: before, After: after})
	require.Equal(t, []string{
		"may now start new calls (originate)", "now receives custom events of the dialplan and other integrations (user)",
		"no longer receives every key pressed in a call, including PINs and card numbers (dtmf)", "may connect from 10.1.0.0/16, before from 10.1.2.0/24",
		"secret changed", "write timeout in milliseconds: 200, before 100", "log connections: no, before yes", "event filters changed", "note changed",
	}, description.Summary)
	require.Equal(t, []string{
		"new account", "may do nothing", "may connect from 10.1.2.0/24",
		"receives calls as they begin, ring, are answered and end (call); every key pressed in a call, including PINs and card numbers (dtmf)",
	}, (&manager.ConfSource{}).Describe(&asteriskconf.SectionChange{After: before}).Summary)
}
