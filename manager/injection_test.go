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

// hostileInput is text with a meaning to a file, AMI, a console or a page,
// around an ordinary value. It holds the error code for each field; "" means
// that the field accepts the text. Names, lists, events, headers and addresses
// accept none.
type hostileInput struct {
	name, before, after                  string
	secret, note, owner, contains, regex string
}

func hostileInputs() []hostileInput {
	const (
		chars, text, line = "characters", "plain_text", "plain_line"
		regex             = "regex"
	)
	return []hostileInput{
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

// inputCase is a hostile text in one field.
type inputCase struct {
	field string
	value string
	code  string
	set   func(u *manager.Account)
}

func (h hostileInput) cases() []inputCase {
	wrap := func(value string) string { return h.before + value + h.after }
	name, secret, word, match := wrap("crm_integration"), wrap("a-good-secret"), wrap("Submitted7"), wrap("submitted")
	filter := func(f manager.EventFilter) func(a *manager.Account) {
		return func(a *manager.Account) { a.EventFilters = []manager.EventFilter{f} }
	}
	return []inputCase{
		{"name", name, "ami_name", func(a *manager.Account) { a.Name = name }},
		{"secret", secret, h.secret, func(a *manager.Account) { a.Secret = store.NewSecret(secret) }},
		{"named_acl", word, "acl_name", func(a *manager.Account) { a.NamedACL = word }},
		{"note", match, h.note, func(a *manager.Account) { a.Note = match }},
		{"owner", match, h.owner, func(a *manager.Account) { a.Owner = match }},
		{"event_filters[0].event", word, "word", filter(include(word, "", manager.MatchNone, ""))},
		{"event_filters[0].header", word, "word", filter(include("", word, manager.MatchNone, ""))},
		{"event_filters[0].match", match, h.contains, filter(exclude("", "", manager.MatchContains, match))},
		{"event_filters[0].match", match, h.regex, filter(include("", "", manager.MatchRegex, match))},
	}
}

func TestService_Create_rejectsOrRoundTripsHostileText(t *testing.T) {
	t.Parallel()
	p := startPBX(t, nil)
	p.create(t, &manager.Account{Name: "before", Secret: store.NewSecret(validSecret)})
	p.apply(t)
	disk := readTree(t, p.ConfDir)
	var accepted []inputCase
	for _, h := range hostileInputs() {
		for _, a := range h.cases() {
			if a.code == "" {
				accepted = append(accepted, a)
				continue
			}
			p.requireRejected(t, h.name, a)
		}
	}
	list, err := p.service.List(testContext(t), manager.Query{})
	require.NoError(t, err)
	require.Len(t, list.Items, 1, "nothing may be stored")
	require.Equal(t, disk, readTree(t, p.ConfDir), "nothing on disk may change")
	plan, err := p.configDir.Plan(testContext(t))
	require.NoError(t, err)
	require.True(t, plan.Empty())

	p.requireApplied(t, accepted)
}

// requireRejected requires that creating and updating an account with the text
// fail.
func (p *pbx) requireRejected(t *testing.T, name string, a inputCase) {
	t.Helper()
	u := &manager.Account{Name: "hostile", Secret: store.NewSecret(validSecret)}
	a.set(u)
	_, created := p.service.Create(testContext(t), u)
	before, err := p.store.Account(testContext(t), "before")
	require.NoError(t, err)
	_, updated := p.service.Update(testContext(t), "before", func(u *manager.Account) error {
		a.set(u)
		return nil
	})
	code := a.code
	for _, err := range []error{created, updated} {
		require.Error(t, err, "%s in %s", name, a.field)
		requireFieldError(t, err, a.field, code)
		for _, shown := range []string{err.Error(), fmt.Sprintf("%+v %#v", err, err)} {
			require.NotContains(t, shown, a.value, "%s in %s", name, a.field)
		}
		if a.field == "name" {
			code = "immutable" // for Update
		}
	}
	after, err := p.store.Account(testContext(t), "before")
	require.NoError(t, err)
	require.Equal(t, before, after, "%s in %s", name, a.field)
}

// requireApplied applies accounts with the accepted texts. It compares what
// Asterisk reads and accepts at login.
func (p *pbx) requireApplied(t *testing.T, accepted []inputCase) {
	t.Helper()
	created := make([]*manager.Account, len(accepted))
	for i, a := range accepted {
		u := &manager.Account{Name: fmt.Sprintf("h%d", i), Secret: store.NewSecret(validSecret)}
		a.set(u)
		created[i] = p.create(t, u)
	}
	report := p.apply(t)
	require.Equal(t, len(accepted), report.Files[0].Added)
	require.NotContains(t, p.Log(t), "WARNING[", "Asterisk must not drop anything")
	sections, err := p.client.ReadConfig(testContext(t), "manager.conf")
	require.NoError(t, err)
	values := make(map[string][]string)
	for _, section := range sections {
		for _, line := range section.Lines {
			key, _, _ := strings.Cut(line.Key, "(")
			values[section.Name+" "+key] = append(values[section.Name+" "+key], line.Value)
		}
	}
	for i, u := range created {
		require.Equal(t, []string{u.Secret.Reveal()}, values[u.Name+" secret"], "%s of %q", accepted[i].field, accepted[i].value)
		var matches []string
		for _, f := range u.EventFilters {
			matches = append(matches, f.Match)
		}
		require.Equal(t, matches, values[u.Name+" eventfilter"])
		got, err := p.service.Get(testContext(t), u.Name)
		require.NoError(t, err)
		require.Equal(t, []string{u.Note, u.Owner}, []string{got.Note, got.Owner})
		for _, method := range []ami.LoginMethod{ami.MD5Challenge, ami.PlainText} {
			_, err = ami.CheckLogin(testContext(t), p.AMIAddr, &ami.Options{Username: u.Name, Secret: u.Secret, Login: method})
			require.NoError(t, err, "%s of %q", accepted[i].field, accepted[i].value)
		}
	}
}

func TestParseNetwork_rejectsHostileText(t *testing.T) {
	t.Parallel()
	for _, h := range hostileInputs() {
		for _, ordinary := range []string{"10.77.0.0/16", "2001:db8:7::/48", "192.0.2.1"} {
			text := h.before + ordinary + h.after
			_, err := manager.ParseNetwork(text)
			requireFieldError(t, err, "", "network")
			require.NotContains(t, fmt.Sprintf("%+v", err), text)
			require.Equal(t, err, new(manager.Network).UnmarshalText([]byte(text)))
		}
	}
}

// readTree returns every file below a folder.
func readTree(t *testing.T, dir string) map[string]string {
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
