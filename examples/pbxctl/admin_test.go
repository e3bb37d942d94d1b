package main

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// goodPassword is one that the policy takes.
const goodPassword = "vier lila Ziegen am Deich"

// openApp opens the database of c as the server does.
func (c *ctl) openApp(t *testing.T) *app.App {
	t.Helper()
	opts := cheapHashing()
	s, err := app.Open(t.Context(), app.Settings{DB: "sqlite:" + c.data("pbxusers.db"), ConfDir: c.confDir, AMI: app.NoAsterisk}, &opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// logsIn reports whether the administrator can log in.
func (c *ctl) logsIn(t *testing.T, username, password string) bool {
	t.Helper()
	_, err := c.openApp(t).Administrators.Authenticate(t.Context(), credential.LoginAttempt{
		Username: username, Password: store.NewSecret(password), RemoteAddr: netip.MustParseAddr("192.0.2.1"),
	})
	if err != nil {
		require.ErrorAs(t, err, new(*credential.LoginError))
	}
	return err == nil
}

// acceptInvitation sets a password with the token of a link.
func (c *ctl) acceptInvitation(t *testing.T, token, password string) {
	t.Helper()
	_, err := c.openApp(t).Administrators.AcceptInvitation(t.Context(), store.NewSecret(token), store.NewSecret(password))
	require.NoError(t, err)
}

// addRoot makes a Full administrator who can log in.
func (c *ctl) addRoot(t *testing.T) {
	t.Helper()
	c.withStdin(goodPassword+"\n").do(t, "admin", "add", "root", "--access", "full", "--password-file", "-")
}

func TestCLI_adminAddPrintsAPIRecord(t *testing.T) {
	t.Parallel()
	c := offline(t)
	added := c.json(t, "admin", "add", "jane.admin", "--display-name", "Jane", "--sections", "ami-accounts,apply", "--sections", "audit",
		"--extensions", "205,100-199", "--extensions", "007", "--dids", "+4930100-+4930199", "--teams", ",acme", "--disabled=false",
		"--base-url", "https://pbx.example.com/")
	invitation, _ := added["invitation"].(map[string]any)
	token, _ := invitation["token"].(string)
	require.Regexp(t, `^[\w-]{43}$`, token)
	require.Equal(t, "https://pbx.example.com/set-password/"+token, invitation["url"])
	for _, stamp := range []string{"created_at", "updated_at", "invitation_expires_at"} {
		require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`, added[stamp])
		delete(added, stamp)
	}
	delete(added, "invitation")
	require.Equal(t, map[string]any{
		"username": "jane.admin", "display_name": "Jane", "access": "limited",
		"sections": []any{"ami-accounts", "apply", "audit"}, "extensions": "007,100-199,205", "dids": "+4930100-+4930199",
		"teams": []any{"", "acme"}, "disabled": false, "has_password": false, "has_second_factor": false,
	}, added)
	require.Regexp(t, `(?m)^teams +\(default\),acme$`, c.do(t, "admin", "show", "JANE.admin"))
}

func TestCLI_adminAddDefaultsToNoAccess(t *testing.T) {
	t.Parallel()
	c := offline(t)
	output := c.do(t, "admin", "add", "jane")
	require.Regexp(t, `(?m)^access +limited\nsections +-\nextensions +all\ndids +all\nteams +all\n`, output)
	require.Contains(t, output, "The link sets a password once, until ")
	require.Contains(t, output, "set --base-url to print it.\n")
}

func TestCLI_adminInvitationShownAndUsedOnce(t *testing.T) {
	t.Parallel()
	c := offline(t)
	first := shownSecret(t, c.do(t, "admin", "add", "jane"))
	second := shownSecret(t, c.do(t, "admin", "password", "jane", "--invite"))
	require.NotEqual(t, first, second)
	for _, line := range [][]string{
		{"admin", "show", "jane"}, {"admin", "list"}, {"admin", "edit", "jane", "--display-name", "Jane"}, {"admin", "disable", "jane"},
		{"admin", "enable", "jane"}, {"audit", "list"},
	} {
		for _, format := range []string{"--json=false", "--json"} {
			printed := c.do(t, append(line, format)...)
			require.NotContains(t, printed, first)
			require.NotContains(t, printed, second)
			require.NotContains(t, printed, `"secret"`)
			require.NotContains(t, printed, `"invitation"`)
		}
	}
	require.False(t, c.logsIn(t, "jane", goodPassword))
	_, err := c.openApp(t).Administrators.AcceptInvitation(t.Context(), store.NewSecret(first), store.NewSecret(goodPassword))
	require.ErrorIs(t, err, store.ErrNotFound, "the newer link cancels the older one")
	c.acceptInvitation(t, second, goodPassword)
	require.True(t, c.logsIn(t, "jane", goodPassword))
}

func TestCLI_adminPasswordIsNeverPrinted(t *testing.T) {
	t.Parallel()
	c := offline(t)
	added := c.withStdin(goodPassword+"\r\n").do(t, "admin", "add", "jane", "--password-file", "-", "--json")
	require.NotContains(t, added, goodPassword)
	require.NotContains(t, added, `"secret"`)
	require.NotContains(t, added, `"invitation"`)
	require.True(t, c.logsIn(t, "Jane", goodPassword))

	const next = "drei blaue Deiche voller Schafe"
	require.NotContains(t, c.do(t, "admin", "password", "jane", "--password", next), next)
	require.False(t, c.logsIn(t, "jane", goodPassword))
	require.True(t, c.logsIn(t, "jane", next))
	require.NotContains(t, c.do(t, "audit", "list", "--json"), next)

	output := c.withStdin("\n").fails(t, exitRejected, "admin", "password", "jane", "--password-file", "-")
	require.Contains(t, output, "  password: the given value is empty; ")
	output = c.withStdin("hunter2\n").fails(t, exitRejected, "admin", "password", "jane", "--password-file", "-")
	require.Contains(t, output, "  password: ")
	require.NotContains(t, output, "hunter2")
	require.True(t, c.logsIn(t, "jane", next))

	output = c.fails(t, exitFailed, "admin", "password", "jane", "--password-file", c.data("no-such-file"))
	require.Contains(t, output, "\nCheck the path of --password-file.\n")
}

func TestRequireTrue_rejectsInviteFalse(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.addRoot(t)
	output := c.fails(t, exitUsage, "admin", "password", "root", "--invite=false")
	require.Contains(t, output, "pbxctl: --invite=false does nothing; ")
	require.NotContains(t, c.json(t, "admin", "show", "root"), "invitation_expires_at")
}

func TestCLI_adminEditKeepsOtherFields(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.addRoot(t)
	c.do(t, "admin", "add", "jane", "--display-name", "Jane", "--sections", "ami-accounts", "--extensions", "100-199", "--teams", "acme")
	before := c.json(t, "admin", "show", "jane")
	after := c.json(t, "admin", "edit", "jane", "--extensions", "100-149")
	require.Equal(t, "100-149", after["extensions"])
	for _, document := range []map[string]any{before, after} {
		delete(document, "extensions")
		delete(document, "updated_at")
	}
	require.Equal(t, before, after)

	widened := c.run(t, "admin", "edit", "jane", "--teams", "", "--display-name", "", "--json")
	require.Equal(t, exitOK, widened.code, widened.stderr)
	require.Equal(t, "warning: accounts whose credentials end: 1\njane  password link\n", widened.stderr)
	after = decoded(t, widened.stdout)
	require.Empty(t, after["teams"])
	require.Empty(t, after["display_name"])
	after = c.json(t, "admin", "edit", "jane", "--access", "full")
	require.Equal(t, "full", after["access"])
	require.Empty(t, after["sections"])
	require.Empty(t, after["extensions"])
	require.Equal(t, true, c.json(t, "admin", "edit", "jane", "--disabled")["disabled"])
	require.Equal(t, false, c.json(t, "admin", "edit", "jane", "--disabled=false")["disabled"])
}

func TestCLI_adminReportsAllFieldErrors(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.addRoot(t)
	c.do(t, "admin", "add", "jane", "--sections", "ami-accounts")
	before := c.do(t, "admin", "list", "--json")
	output := c.fails(t, exitRejected, "admin", "add", "x\ty", "--extensions", "hush", "--dids", "9-1", "--sections", "hush", "--access", "hush", "--password", "hush")
	output += c.fails(t, exitRejected, "admin", "add", "fine", "--password", "", "--extensions", "hush")
	require.Equal(t, 2, strings.Count(output, "\n  extensions: "), "also when the password is empty")
	for _, field := range []string{"extensions", "dids", "username", "access", "sections[0]", "password"} {
		require.Contains(t, output, "\n  "+field+": ")
	}
	require.NotContains(t, output, "hush")

	output = c.fails(t, exitRejected, "admin", "edit", "jane", "--dids", "hush", "--sections", "nonsense")
	require.Contains(t, output, "\n  dids: ")
	require.Contains(t, output, "\n  sections[0]: ")
	require.NotContains(t, output, "extensions")
	require.Contains(t, c.fails(t, exitRejected, "admin", "add", "JANE"), "username: another administrator already has this username")
	require.Contains(t, c.fails(t, exitRejected, "admin", "edit", "root", "--sections", "audit"), "\n  sections: a full administrator cannot have restrictions")
	for _, verb := range []string{"show", "edit --disabled", "disable", "enable", "delete"} {
		line := append([]string{"admin"}, strings.Fields(verb)...)
		output = c.fails(t, exitRejected, append(line, "nobody")...)
		require.Contains(t, output, "there is no such administrator\nRun 'pbxctl admin list'")
	}
	require.Equal(t, before, c.do(t, "admin", "list", "--json"))
}

func TestCLI_adminShowExplains(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "admin", "add", "jane", "--sections", "ami-accounts", "--extensions", "100-199")
	line := []string{"admin", "show", "jane"}
	for _, queries := range []string{"section:ami-accounts", "section:audit", "extension:0100", "did:+4930", "team:"} {
		line = append(line, "--explain", queries)
	}
	output := c.do(t, line...)
	require.Contains(t, output, "\nsection ami-accounts: allowed: The administrator has limited access, and this section is listed.\n"+
		"section audit: denied: The administrator has limited access, and this section is not listed.\n"+
		"extension 0100: denied: ")
	require.Contains(t, output, "\ndid +4930: allowed: ")
	require.Contains(t, output, "\nteam -: allowed: ")
	answers, _ := c.json(t, line...)["explanations"].([]any)
	require.Len(t, answers, 5)
	require.Equal(t, map[string]any{
		"subject": "section", "key": "audit", "allowed": false, "code": "not_listed",
		"reason": "The administrator has limited access, and this section is not listed.",
	}, answers[1])
	for _, nonsense := range []string{"", "section", "colour:red", "Section:ami-accounts"} {
		require.Contains(t, c.fails(t, exitRejected, "admin", "show", "jane", "--explain", nonsense), "\n  explain[0]: write section:ID")
	}
}

func TestCLI_adminListSearchesSortsAndPages(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.addRoot(t)
	require.Equal(t, "No matches.\n", c.do(t, "admin", "list", "--search", "jane"))
	for _, name := range []string{"Bob", "alice", "王伟"} {
		c.do(t, "admin", "add", name, "--display-name", "Operator "+name)
	}
	usernames := func(line ...string) (names []string, next string) {
		document := c.json(t, append([]string{"admin", "list"}, line...)...)
		items, _ := document["items"].([]any)
		for _, item := range items {
			record, _ := item.(map[string]any)
			name, _ := record["username"].(string)
			names = append(names, name)
		}
		next, _ = document["next"].(string)
		return names, next
	}
	names, next := usernames()
	require.Equal(t, []string{"alice", "Bob", "root", "王伟"}, names)
	require.Empty(t, next)
	names, _ = usernames("--search", "OPERATOR", "--sort", "-created_at")
	require.Equal(t, []string{"王伟", "alice", "Bob"}, names)
	names, next = usernames("--sort", "-username", "--limit", "3")
	require.Equal(t, []string{"王伟", "root", "Bob"}, names)
	names, next = usernames("--sort", "-username", "--limit", "3", "--after", next)
	require.Equal(t, []string{"alice"}, names)
	require.Empty(t, next)
	require.Contains(t, c.do(t, "admin", "list", "--limit", "1"), "\nMore: --after ")
	require.Contains(t, c.fails(t, exitRejected, "admin", "list", "--sort", "password"), "\n  sort: sort by one of username, ")
}

func TestCLI_adminListHintsRecoverWhenEmpty(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "ami-account", "add", "crm")
	require.Equal(t, "No administrators. Create the first one: pbxctl admin recover USERNAME\n", c.do(t, "admin", "list"))
	c.acceptInvitation(t, shownSecret(t, c.do(t, "admin", "recover", "root")), goodPassword)
	require.True(t, c.logsIn(t, "root", goodPassword))
	require.Equal(t, "full", c.json(t, "admin", "show", "root")["access"])
}

func TestCLI_adminExitCodes(t *testing.T) {
	t.Parallel()
	c := offline(t).withoutDatabase(t)
	for _, line := range []string{"admin list", "admin recover root", "admin show jane", "audit list", "audit verify"} {
		require.Contains(t, c.fails(t, exitFailed, strings.Fields(line)...), "there is no database", "%s makes none", line)
	}
	c.addRoot(t)
	for line, code := range map[string]int{
		"admin":                      exitUsage,
		"admin nonsense":             exitUsage,
		"admin add":                  exitUsage,
		"admin password root":        exitUsage,
		"admin recover":              exitUsage,
		"admin list --limit many":    exitUsage,
		"admin list --base-url nope": exitUsage,
		"admin password root --invite --password x":      exitUsage,
		"admin add x --password one --password-file two": exitUsage,
		"audit":                            exitUsage,
		"audit list --since yesterday":     exitUsage,
		"audit list --outcome good":        exitRejected,
		"audit list --after nonsense":      exitRejected,
		"audit verify --since nonsense":    exitRejected,
		"audit verify --since 0:aa":        exitRejected,
		"admin recover x/y":                exitRejected,
		"admin add x --access some":        exitRejected,
		"admin delete root":                exitRejected,
		"ami-account list --sort secret":   exitRejected,
		"config install --dry-run --fix x": exitRejected,
	} {
		output := c.fails(t, code, strings.Fields(line)...)
		require.True(t, strings.HasPrefix(output, "pbxctl: "), output)
	}
}
