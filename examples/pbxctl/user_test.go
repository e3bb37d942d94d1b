package main

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

// janeLogsIn reports whether the user jane can log in to the portal.
func (c *ctl) janeLogsIn(t *testing.T, password string) bool {
	t.Helper()
	_, err := c.openApp(t).Users.Authenticate(t.Context(), credential.LoginAttempt{
		Username: "jane", Password: store.NewSecret(password), RemoteAddr: netip.MustParseAddr("192.0.2.1"),
	})
	if err != nil {
		require.ErrorAs(t, err, new(*credential.LoginError))
	}
	return err == nil
}

// listField runs a command line that prints a list, and returns one field of
// each.
func (c *ctl) listField(t *testing.T, field string, line ...string) (all []string, next string) {
	t.Helper()
	document := c.json(t, line...)
	items, ok := document["items"].([]any)
	require.True(t, ok, "%v", document)
	for _, item := range items {
		record, _ := item.(map[string]any)
		text, _ := record[field].(string)
		all = append(all, text)
	}
	next, _ = document["next"].(string)
	return all, next
}

func TestCLI_userAddPrintsAPIRecord(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "group", "add", "Sales")
	c.do(t, "group", "add", "销售")
	added := c.json(t, "user", "add", "Jane.Roe", "--first-name", "Jane", "--last-name", "Roe", "--display-name", "珍妮", "--description", "Desk 4",
		"--title", "Lead", "--company", "ACME", "--department", "Sales", "--email", "jane@EXAMPLE.com", "--other-emails", "a@example.com,b@example.com",
		"--cell-phone", "+49 170 1", "--home-phone", "030 2", "--work-phone", "030 3 x4", "--fax", "030 5", "--language", "DE", "--time-zone", "Europe/Berlin",
		"--default-extension", "0401", "--linked-extensions", "402,403", "--linked-extensions", "404", "--groups", "sales", "--groups", "销售",
		"--permissions", "xmpp.login=on", "--permissions", "voicemail.extensions=+ 402, Self", "--permissions", "phone_apps.modules=none",
		"--external-id", "hr-17", "--must-change-password")
	for _, stamp := range []string{"created_at", "updated_at"} {
		require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`, added[stamp])
		delete(added, stamp)
	}
	require.Regexp(t, `^[a-z0-9]{24}$`, added["id"])
	delete(added, "id")
	require.Equal(t, map[string]any{
		"username": "Jane.Roe", "first_name": "Jane", "last_name": "Roe", "display_name": "珍妮", "description": "Desk 4", "title": "Lead",
		"company": "ACME", "department": "Sales", "email": "jane@example.com", "email_blocked": false, "other_emails": []any{"a@example.com", "b@example.com"},
		"cell_phone": "+49 170 1", "home_phone": "030 2", "work_phone": "030 3 x4", "fax": "030 5", "language": "de", "time_zone": "Europe/Berlin",
		"default_extension": "0401", "linked_extensions": []any{"402", "403", "404"}, "groups": []any{"Sales", "销售"},
		"permissions": map[string]any{
			"xmpp.login": true, "voicemail.extensions": map[string]any{"append": []any{"self", "402"}}, "phone_apps.modules": []any{},
		},
		"disabled": false, "must_change_password": true, "directory": "", "external_id": "hr-17", "picture": "",
		"has_password": false, "external_password": false, "has_second_factor": false,
	}, added)
	output := c.do(t, "user", "show", "JANE.roe")
	require.Regexp(t, `(?m)^groups +Sales,销售\npermissions +phone_apps.modules=none\npermissions +voicemail.extensions=\+ self, 402\npermissions +xmpp.login=on$`, output)
}

func TestCLI_userAddUsesDefaultGroups(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "group", "add", "Everybody", "--default")
	require.Equal(t, []any{"Everybody"}, c.json(t, "user", "add", "in")["groups"])
	require.Equal(t, []any{}, c.json(t, "user", "add", "out", "--groups", "")["groups"])
	c.do(t, "group", "add", "Sales, EMEA")
	require.Equal(t, []any{"Everybody", "Sales, EMEA"}, c.json(t, "user", "edit", "out", "--groups", "Sales, EMEA", "--groups", "Everybody")["groups"],
		"a name may hold a comma")
}

func TestCLI_userGeneratedPasswordShownOnce(t *testing.T) {
	t.Parallel()
	c := offline(t)
	first := shownSecret(t, c.do(t, "user", "add", "jane", "--generate"))
	require.True(t, c.janeLogsIn(t, first))
	second, _ := c.json(t, "user", "password", "jane", "--generate", "--must-change-password")["secret"].(string)
	require.NotEqual(t, first, second)
	require.False(t, c.janeLogsIn(t, first))
	require.True(t, c.janeLogsIn(t, second))
	for _, line := range []string{"user show jane", "user list", "user export", "user edit jane --title x", "user end-sessions jane", "audit list"} {
		for _, format := range []string{"--json=false", "--json"} {
			printed := c.do(t, append(strings.Fields(line), format)...)
			require.NotContains(t, printed, first)
			require.NotContains(t, printed, second)
			require.NotContains(t, printed, `"secret"`)
		}
	}
	require.Equal(t, true, c.json(t, "user", "show", "jane")["must_change_password"])
}

func TestCLI_userPasswordFileIsNeverPrinted(t *testing.T) {
	t.Parallel()
	c := offline(t)
	added := c.withStdin(goodPassword+"\r\n").do(t, "user", "add", "jane", "--password-file", "-")
	require.NotContains(t, added, goodPassword)
	require.True(t, strings.HasSuffix(added, "\nCreated.\n"))
	require.True(t, c.janeLogsIn(t, goodPassword))

	const next = "drei blaue Deiche voller Schafe"
	file := c.data("password")
	require.NoError(t, os.WriteFile(file, []byte(next+"\n"), 0o600))
	id, _ := c.json(t, "token", "add", "jane")["id"].(string)
	require.NotContains(t, c.do(t, "user", "password", "jane", "--password-file", file, "--disable-tokens"), next)
	require.True(t, c.janeLogsIn(t, next))
	require.Equal(t, true, c.json(t, "token", "show", id)["disabled"])

	for _, rejected := range []string{"\n", "hunter2\n"} {
		output := c.withStdin(rejected).fails(t, exitRejected, "user", "password", "jane", "--password-file", "-")
		require.Contains(t, output, "\n  password: ")
		require.NotContains(t, output, "hunter2")
	}
	require.Contains(t, c.fails(t, exitFailed, "user", "password", "jane", "--password-file", c.data("no-such-file")), "\nCheck the path of --password-file.\n")
	require.True(t, c.janeLogsIn(t, next))
}

func TestCLI_userEditKeepsOtherFields(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "group", "add", "Sales")
	c.do(t, "user", "add", "jane", "--title", "Lead", "--email", "jane@example.com", "--other-emails", "a@example.com", "--default-extension", "401",
		"--linked-extensions", "402,403", "--groups", "Sales", "--permissions", "xmpp.login=on", "--permissions", "rest.use=on", "--language", "de")
	before := c.json(t, "user", "show", "jane")
	after := c.json(t, "user", "edit", "jane", "--linked-extensions", "403")
	require.Equal(t, []any{"403"}, after["linked_extensions"])
	for _, document := range []map[string]any{before, after} {
		delete(document, "linked_extensions")
		delete(document, "updated_at")
	}
	require.Equal(t, before, after)

	after = c.json(t, "user", "edit", "jane", "--permissions", "xmpp.login=", "--permissions", "contacts.view=off")
	require.Equal(t, map[string]any{"rest.use": true, "contacts.view": false}, after["permissions"])
	after = c.json(t, "user", "edit", "jane", "--permissions", "", "--permissions", "xmpp.login=off")
	require.Equal(t, map[string]any{"xmpp.login": false}, after["permissions"])
	after = c.json(t, "user", "edit", "jane", "--permissions", "", "--title", "", "--email", "", "--other-emails", "", "--default-extension", "",
		"--linked-extensions", "", "--groups", "", "--language", "")
	for _, field := range []string{"title", "email", "other_emails", "default_extension", "linked_extensions", "groups", "language", "permissions"} {
		require.Empty(t, after[field], field)
	}
	require.Equal(t, "jane.doe", c.json(t, "user", "edit", "JANE", "--username", "jane.doe")["username"])
	require.Equal(t, true, c.json(t, "user", "edit", "jane.doe", "--disabled")["disabled"])
	require.Equal(t, false, c.json(t, "user", "enable", "jane.doe")["disabled"])
	require.Equal(t, true, c.json(t, "user", "disable", "jane.doe")["disabled"])
	require.Equal(t, false, c.json(t, "user", "remove-second-factor", "jane.doe")["has_second_factor"])
}

func TestCLI_userReportsAllFieldErrors(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "user", "add", "jane", "--default-extension", "401", "--permissions", "xmpp.login=on")
	before := c.do(t, "user", "export")
	output := c.fails(t, exitRejected, "user", "add", "hu/sh", "--email", "hush", "--language", "hush!", "--time-zone", "Hush/Hush", "--default-extension", "hush",
		"--linked-extensions", "402,hush", "--other-emails", "hush", "--cell-phone", "hush", "--groups", "hush", "--password", "hush",
		"--display-name", "a\r\nBcc: hush", "--permissions", "xmpp.login=hush", "--permissions", "hush", "--permissions", "HUSH!=on", "--permissions", "voicemail.extensions=hush")
	for _, field := range []string{
		"username", "email", "language", "time_zone", "default_extension", "linked_extensions[1]", "other_emails[0]", "cell_phone", "groups[0]",
		"password", "display_name", "permissions.xmpp.login", "permissions[1]", "permissions", "permissions.voicemail.extensions",
	} {
		require.Contains(t, output, "\n  "+field+": ")
	}
	require.NotContains(t, strings.ToLower(output), "hush")
	require.Contains(t, c.fails(t, exitRejected, "user", "add", "fine", "--permissions", "no.such=on"), "\n  permissions.no.such: there is no such permission")
	require.Contains(t, c.fails(t, exitRejected, "user", "add", "fine", "--password", ""), "\n  password: the given value is empty")
	require.Contains(t, c.fails(t, exitRejected, "user", "add", "JANE"), "username: another user already has this username")
	require.Contains(t, c.fails(t, exitRejected, "user", "add", "bob", "--default-extension", "401"), "default_extension: another user already has this default_extension")
	output = c.fails(t, exitRejected, "user", "add", "bob", "--default-extension", "401", "--permissions", "x")
	require.Contains(t, output, "\n  default_extension: ")
	require.Contains(t, output, "\n  permissions[0]: ")

	output = c.fails(t, exitRejected, "user", "edit", "jane", "--permissions", "xmpp.login=perhaps", "--email", "hush")
	require.Contains(t, output, "\n  permissions.xmpp.login: ")
	require.Contains(t, output, "\n  email: ")
	require.Contains(t, c.fails(t, exitRejected, "user", "add", strings.Repeat("x", 100_000)), "\n  username: ")
	for _, verb := range []string{"show", "edit --disabled", "disable", "enable", "delete", "invite", "welcome", "reset", "softphone", "permissions", "mail preview", "end-sessions", "remove-second-factor"} {
		line := append([]string{"user"}, strings.Fields(verb)...)
		require.Contains(t, c.fails(t, exitRejected, append(line, "nobody")...), "there is no such user\nRun 'pbxctl user list'", verb)
	}
	require.Equal(t, before, c.do(t, "user", "export"))
}

func TestCLI_userPermissionsExplains(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "group", "add", "Sales", "--permissions", "xmpp.login=on")
	c.do(t, "user", "add", "jane", "--default-extension", "401", "--groups", "Sales", "--permissions", "contacts.view=off")
	output := c.do(t, "user", "permissions", "jane")
	require.Regexp(t, `(?m)^xmpp.login +on +On, because the group Sales sets it`, output)
	require.Regexp(t, `(?m)^settings.extensions +401 +`, output)
	only := c.json(t, "user", "permissions", "jane", "--permission", "contacts.view")
	items, _ := only["items"].([]any)
	require.Len(t, items, 1)
	explained, _ := items[0].(map[string]any)
	require.Equal(t, false, explained["enabled"])
	require.Len(t, explained["grants"], 2)
	all, _ := c.listField(t, "description", "user", "permissions", "jane")
	require.Len(t, all, len(c.openApp(t).Users.Permissions()))
	require.Contains(t, c.fails(t, exitRejected, "user", "permissions", "jane", "--permission", "no.such"), "\n  permission: ")
	require.Regexp(t, `(?m)^settings.extensions +extensions +self +May change `, c.do(t, "user", "permissions"))
	ids, _ := c.listField(t, "id", "user", "permissions")
	require.Len(t, ids, len(all), "without a name, what there is to permit")
}

func TestCLI_userInvitationShownAndUsedOnce(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "user", "add", "jane")
	created := c.withFlags("--base-url", "https://pbx.example.com/").json(t, "user", "invite", "jane")
	token, _ := created["secret"].(string)
	require.Regexp(t, `^[\w-]{43}$`, token)
	require.Equal(t, "https://pbx.example.com/set-password/"+token, created["url"])
	require.Equal(t, "jane", created["username"])
	second := shownSecret(t, c.do(t, "user", "invite", "jane"))
	_, err := c.openApp(t).Users.AcceptInvitation(t.Context(), store.NewSecret(token), store.NewSecret(goodPassword))
	require.ErrorIs(t, err, store.ErrNotFound, "the newer link cancels the older one")
	_, err = c.openApp(t).Users.AcceptInvitation(t.Context(), store.NewSecret(second), store.NewSecret(goodPassword))
	require.NoError(t, err)
	require.True(t, c.janeLogsIn(t, goodPassword))
	require.NotContains(t, c.do(t, "audit", "list", "--json")+c.do(t, "user", "show", "jane"), second)
}

func TestCLI_userSoftphoneReportsReason(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "user", "add", "jane", "--default-extension", "401")
	require.Contains(t, c.fails(t, exitRejected, "user", "softphone", "jane"), "a softphone cannot be activated: ")
}

func TestCLI_userPicture(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "user", "add", "jane")
	var picture bytes.Buffer
	require.NoError(t, png.Encode(&picture, image.NewGray(image.Rect(0, 0, 300, 200))))
	file := c.data("jane.png")
	require.NoError(t, os.WriteFile(file, picture.Bytes(), 0o600))
	require.Contains(t, c.fails(t, exitRejected, "user", "picture", "jane", "--save", "-"), "there is no such picture")
	require.NotEmpty(t, c.json(t, "user", "picture", "jane", "--file", file)["picture"])
	require.NotEmpty(t, c.withStdin(picture.String()).json(t, "user", "picture", "jane", "--file", "-")["picture"])
	require.Regexp(t, `(?m)^picture +true$`, c.do(t, "user", "show", "jane"))

	saved := c.data("jane.jpg")
	c.do(t, "user", "picture", "jane", "--save", saved)
	content, err := os.ReadFile(saved)
	require.NoError(t, err)
	require.Equal(t, string(content), c.do(t, "user", "picture", "jane", "--save", "-"))
	config, err := jpeg.DecodeConfig(bytes.NewReader(content))
	require.NoError(t, err)
	require.Equal(t, userman.PictureSide, config.Width)
	require.Empty(t, c.json(t, "user", "picture", "jane", "--remove")["picture"])

	for _, content := range []string{"", "hush", "<svg/>", strings.Repeat("x", userman.MaxPictureBytes+1)} {
		require.Contains(t, c.withStdin(content).fails(t, exitRejected, "user", "picture", "jane", "--file", "-"), "\n  picture: ")
	}
	for _, path := range []string{c.data("none"), ""} {
		require.Contains(t, c.fails(t, exitFailed, "user", "picture", "jane", "--file", path), "Check the path of --file.")
	}
}

func TestCLI_userLoginDuplicatesListsSharedNames(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "user", "add", "jane", "--email", "family@example.com", "--default-extension", "1001")
	c.do(t, "user", "add", "joan", "--email", "Family@example.com")
	c.do(t, "user", "add", "1001")
	require.Equal(t, "No two users share a login name.\n", c.do(t, "user", "login-duplicates"))
	require.Empty(t, c.json(t, "user", "login-duplicates")["items"])
	o := c.run(t, "user", "login-duplicates", "--login-by-email", "--login-by-extension")
	require.Equal(t, exitFailed, o.code)
	require.Equal(t, "1001                username           1001\n"+
		"1001                default_extension  jane\n"+
		"family@example.com  email              jane\n"+
		"family@example.com  email              joan\n", o.stdout)
	require.Contains(t, o.stderr, "2 login names are shared; change these fields of all users but one")
	c.do(t, "user", "edit", "joan", "--email", "joan@example.com")
	require.Contains(t, c.do(t, "user", "login-duplicates", "--login-by-email"), "No two users")
}

func TestCLI_userRenumberSwapsExtensions(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "user", "add", "jane", "--default-extension", "4001")
	c.do(t, "user", "add", "joan", "--default-extension", "4002", "--linked-extensions", "4001")
	require.Equal(t, "Changed: jane, joan\n", c.do(t, "user", "renumber", "4001=4002", "4002=4001"))
	require.Equal(t, []any{"jane", "joan"}, c.json(t, "user", "renumber", "4002=5002")["changed"])
	require.Equal(t, "5002", c.json(t, "user", "show", "jane")["default_extension"])
	require.Equal(t, []any{"5002"}, c.json(t, "user", "show", "joan")["linked_extensions"])
	for _, args := range [][]string{{"4001"}, {"4001="}, {"4001=1", "4001=2"}, {"9=10"}, {"4001=5002"}} {
		c.fails(t, exitRejected, append([]string{"user", "renumber"}, args...)...)
	}
}
