package manager_test

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
)

// hostile is text that means something to a file, to AMI, to a console or to a
// page, put around an ordinary value, with the code of the refusal that each
// field gives; "" is a field that takes it. Names, lists, events, headers and
// addresses take none.
type hostile struct {
	name, before, after                  string
	secret, note, owner, contains, regex string
}

func hostileText() []hostile {
	const (
		chars, text, line = "characters", "plain_text", "plain_line"
		regex             = "regex"
	)
	return []hostile{
		{"newline", "", "\nx", chars, "", line, chars, chars},
		{"newline and a line of its own", "", "\n[evil]\nsecret = x", chars, "", line, chars, chars},
		{"trailing newline", "", "\n", chars, "", line, chars, chars},
		{"carriage return", "", "\rx", chars, text, line, chars, chars},
		{"CR LF and an action", "", "\r\n\r\nAction: Logoff\r\n\r\n", chars, text, line, chars, chars},
		{"NUL", "", "\x00x", chars, text, line, chars, chars},
		{"tab", "", "\tx", chars, "", line, chars, chars},
		{"escape", "", "\x1b[2J", chars, text, line, chars, chars},
		{"DEL", "", "\x7f", chars, text, line, chars, chars},
		{"C1 control", "", "\u0085", "", text, line, "", regex},
		{"line separator", "", "\u2028x", "", text, line, "", regex},
		{"text direction", "", "\u202ex", "", text, line, "", regex},
		{"semicolon", "", ";x", "", "", "", "", ""},
		{"escaped semicolon", "", `\;x`, "", "", "", "", regex},
		{"comment begins", "", ";--x", "", "", "", "", ""},
		{"comment ends", "", "--;x", "", "", "", "", ""},
		{"[", "", "[x", "", "", "", "", regex},
		{"]", "", "]x", "", "", "", "", ""},
		{"template", "", "](!)", "", "", "", "", ""},
		{"(", "", "(x", "", "", "", "", regex},
		{"backtick", "`", "`", "", "", "", "", ""},
		{"double quotes", `"`, `"`, "", "", "", "", ""},
		{"triple quotes", `"""`, `"""`, "", "", "", "", ""},
		{"single quotes", "'", "'", "", "", "", "", ""},
		{"trailing backslash", "", `\`, "", "", "", "", regex},
		{"leading backslash", `\`, "", "", "", "", "", regex},
		{"leading =", "=", "", "", "", "", "", ""},
		{"leading >", ">", "", "", "", "", "", ""},
		{"leading =>", "=>", "", "", "", "", "", ""},
		{"leading #", "#", "", "", "", "", "", ""},
		{"include", "#include ", "", "", "", "", "", ""},
		{"leading !", "!", "", "", "", "", "exclamation", "exclamation"},
		{"leading space", " ", "", chars, "", "", chars, chars},
		{"trailing space", "", " ", chars, "", "", chars, chars},
		{"no-break spaces", "\u00a0", "\u00a0", "", "", "", "", regex},
		{"invalid UTF-8", "", "\xff\xfe", chars, text, line, chars, chars},
		{"half a character", "", "\xe5\xaf", chars, text, line, chars, chars},
		{"variable", "", "${SHELL(id)}", "", "", "", "", regex},
		{"reference of an INI file", "", "%(secret)s", "", "", "", "", ""},
		{"markup", "", "<script>alert(1)</script>", "", "", "", "", ""},
		{"CJK", "", "密码", "", "", "", "", regex},
		{"8 kB", "", strings.Repeat("x", 8<<10), "max", "max", "max", "max", "max"},
	}
}

// attempt is a hostile text in one field.
type attempt struct {
	field string
	value string
	code  string
	set   func(u *manager.User)
}

func (h hostile) attempts() []attempt {
	around := func(value string) string { return h.before + value + h.after }
	name, secret, word, match := around("crm_integration"), around("a-good-secret"), around("Submitted7"), around("submitted")
	filter := func(f manager.EventFilter) func(u *manager.User) {
		return func(u *manager.User) { u.EventFilters = []manager.EventFilter{f} }
	}
	return []attempt{
		{"name", name, "ami_name", func(u *manager.User) { u.Name = name }},
		{"secret", secret, h.secret, func(u *manager.User) { u.Secret = store.NewSecret(secret) }},
		{"named_acl", word, "acl_name", func(u *manager.User) { u.NamedACL = word }},
		{"note", match, h.note, func(u *manager.User) { u.Note = match }},
		{"owner", match, h.owner, func(u *manager.User) { u.Owner = match }},
		{"event_filters[0].event", word, "word", filter(include(word, "", manager.MatchNone, ""))},
		{"event_filters[0].header", word, "word", filter(include("", word, manager.MatchNone, ""))},
		{"event_filters[0].match", match, h.contains, filter(exclude("", "", manager.MatchContains, match))},
		{"event_filters[0].match", match, h.regex, filter(include("", "", manager.MatchRegex, match))},
	}
}

func TestHostileTextIsRefused_orReachesAsteriskAsItIs(t *testing.T) {
	t.Parallel()
	p := startPBX(t, nil)
	p.create(t, &manager.User{Name: "before", Secret: store.NewSecret(goodSecret)})
	p.apply(t)
	disk := contentOf(t, p.ConfDir)
	var accepted []attempt
	for _, h := range hostileText() {
		for _, a := range h.attempts() {
			if a.code == "" {
				accepted = append(accepted, a)
				continue
			}
			p.requireRefusal(t, h.name, a)
		}
	}
	list, err := p.service.List(within(t), manager.Query{})
	require.NoError(t, err)
	require.Len(t, list.Items, 1, "nothing is stored")
	require.Equal(t, disk, contentOf(t, p.ConfDir), "nothing on disk changes")
	plan, err := p.folder.Plan(within(t))
	require.NoError(t, err)
	require.True(t, plan.Empty())

	p.requireServed(t, accepted)
}

// requireRefusal has an account made, and one changed, with the text in it.
func (p *pbx) requireRefusal(t *testing.T, name string, a attempt) {
	t.Helper()
	u := &manager.User{Name: "hostile", Secret: store.NewSecret(goodSecret)}
	a.set(u)
	_, created := p.service.Create(within(t), u)
	before, err := p.store.User(within(t), "before")
	require.NoError(t, err)
	_, updated := p.service.Update(within(t), "before", func(u *manager.User) error {
		a.set(u)
		return nil
	})
	code := a.code
	for _, err := range []error{created, updated} {
		require.Error(t, err, "%s in %s", name, a.field)
		requireRefused(t, err, a.field, code)
		for _, shown := range []string{err.Error(), fmt.Sprintf("%+v %#v", err, err)} {
			require.NotContains(t, shown, a.value, "%s in %s", name, a.field)
		}
		if a.field == "name" {
			code = "immutable" // for Update
		}
	}
	after, err := p.store.User(within(t), "before")
	require.NoError(t, err)
	require.Equal(t, before, after, "%s in %s", name, a.field)
}

// requireServed applies accounts with the accepted texts, and compares them
// with what Asterisk reads and takes at the login.
func (p *pbx) requireServed(t *testing.T, accepted []attempt) {
	t.Helper()
	made := make([]*manager.User, len(accepted))
	for i, a := range accepted {
		u := &manager.User{Name: fmt.Sprintf("h%d", i), Secret: store.NewSecret(goodSecret)}
		a.set(u)
		made[i] = p.create(t, u)
	}
	report := p.apply(t)
	require.Equal(t, len(accepted), report.Files[0].Added)
	require.NotContains(t, p.Log(t), "WARNING[", "Asterisk dropped nothing")
	sections, err := p.client.ReadConfig(within(t), "manager.conf")
	require.NoError(t, err)
	values := make(map[string][]string)
	for _, section := range sections {
		for _, line := range section.Lines {
			key, _, _ := strings.Cut(line.Key, "(")
			values[section.Name+" "+key] = append(values[section.Name+" "+key], line.Value)
		}
	}
	for i, u := range made {
		require.Equal(t, []string{u.Secret.Reveal()}, values[u.Name+" secret"], "%s of %q", accepted[i].field, accepted[i].value)
		var matches []string
		for _, f := range u.EventFilters {
			matches = append(matches, f.Match)
		}
		require.Equal(t, matches, values[u.Name+" eventfilter"])
		got, err := p.service.Get(within(t), u.Name)
		require.NoError(t, err)
		require.Equal(t, []string{u.Note, u.Owner}, []string{got.Note, got.Owner})
		for _, method := range []ami.LoginMethod{ami.MD5Challenge, ami.PlainText} {
			_, err = ami.TestLogin(within(t), p.AMIAddr, &ami.Options{Username: u.Name, Secret: u.Secret, Login: method})
			require.NoError(t, err, "%s of %q", accepted[i].field, accepted[i].value)
		}
	}
}

func TestHostileTextIsNoNetwork(t *testing.T) {
	t.Parallel()
	for _, h := range hostileText() {
		for _, ordinary := range []string{"10.77.0.0/16", "2001:db8:7::/48", "192.0.2.1"} {
			text := h.before + ordinary + h.after
			_, err := manager.ParseNetwork(text)
			requireRefused(t, err, "", "network")
			require.NotContains(t, fmt.Sprintf("%+v", err), text)
			require.Equal(t, err, new(manager.Network).UnmarshalText([]byte(text)))
		}
	}
}

// contentOf returns every file below a folder.
func contentOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	content := make(map[string]string)
	root := os.DirFS(dir)
	require.NoError(t, fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		bytes, err := fs.ReadFile(root, path)
		content[path] = string(bytes)
		return err
	}))
	require.NotEmpty(t, content)
	return content
}
