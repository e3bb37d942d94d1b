package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/golden"
)

// goldenLines are the command lines of each noun, one after the other on the
// same records. TOKEN stands for the id of the token of ada.first, and GONE for
// that of a deleted user.
func goldenLines() []goldenNoun {
	return []goldenNoun{
		{"admin", []string{
			"admin add root.admin --access full --display-name Root --password-file -",
			"admin add desk.admin --sections users --extensions 100-199 --password-file -",
			"admin add new.admin --sections ami-accounts,apply --dids +4930100-+4930199 --teams ,acme --base-url https://pbx.example.com/",
			"admin add DESK.admin", "admin add !", "admin add other --sections nonsense --extensions 9-1", "admin add",
			"admin list", "admin list --sort -username --limit 1", "admin list --search nobody", "admin list --limit many",
			"admin show desk.admin", "admin show desk.admin --explain section:users --explain extension:205", "admin show nobody",
			"admin edit desk.admin --display-name Desk", "admin edit desk.admin", "admin edit nobody --display-name x",
			"admin password desk.admin --password-file -", "admin password desk.admin --password short", "admin password desk.admin --invite",
			"admin disable desk.admin", "admin enable desk.admin", "admin recover root.admin", "admin disable nobody",
			"admin delete new.admin", "admin delete new.admin", "admin", "admin nonsense",
		}},
		{"ami-account", []string{
			"ami-account presets",
			"ami-account add crm --preset click-to-call --permit 10.0.0.0/8 --secret-file - --owner Facilities",
			"ami-account add wallboard --read call,user --note Hall --disabled",
			"ami-account add CRM", "ami-account add general", "ami-account add x --secret short --permit nowhere", "ami-account add x --preset nonsense", "ami-account add",
			"ami-account list", "ami-account list --sort -name --limit 1", "ami-account list --search nobody", "ami-account list --sort nonsense",
			"ami-account show crm", "ami-account show nobody",
			"ami-account edit crm --note Edited --write-timeout 500", "ami-account edit crm", "ami-account edit crm --write-timeout 1", "ami-account edit nobody --note x",
			"ami-account enable wallboard", "ami-account disable wallboard", "ami-account rotate crm", "ami-account rotate nobody", "ami-account probe crm", "ami-account probe nobody",
			"ami-account delete wallboard", "ami-account delete wallboard", "ami-account", "ami-account nonsense",
		}},
		{"group", []string{
			"group add Everybody --description All --default --permissions xmpp.login=on",
			"group add Support --priority 10 --permissions history.recordings=on --permissions history.extensions=+102,103",
			"group add Gone",
			"group add support", "group add x --priority 0 --permissions nonsense=on", "group add",
			"group list", "group list nonsense", "group show Support", "group show nobody",
			"group edit Support --description Helps", "group edit Support", "group edit nobody --description x",
		}},
		{"user", []string{
			"user add ada.first --first-name Ada --last-name First --email ada@example.com --default-extension 101 --linked-extensions 111,112 --groups Support --permissions rest.use=on --password-file -",
			"user add ben.second --display-name Ben --default-extension 102 --disabled",
			"user add eve.faraway --email eve@example.org --default-extension 205",
			"user add ADA.first", "user add !", "user add x --default-extension 101 --email nowhere --time-zone Mars", "user add",
			"user list", "user list --sort -username --limit 1", "user list --search nobody", "user list --group Support", "user list --status disabled", "user list --status nonsense",
			"user show ada.first", "user show nobody", "user permissions", "user permissions ada.first --permission rest.use", "user permissions nobody",
			"user edit ada.first --title Head", "user edit ada.first", "user edit ada.first --email nowhere", "user edit nobody --title x",
			"user password ada.first --generate", "user password ada.first --password short", "user password nobody --generate",
			"user disable eve.faraway", "user enable eve.faraway", "user invite ada.first", "user end-sessions ada.first", "user remove-second-factor ada.first", "user softphone ada.first", "user mail preview ada.first", "user welcome ada.first", "user reset ada.first", "user welcome",
			"user picture ada.first", "user sync", "user export",
			"user delete eve.faraway", "user delete eve.faraway", "user list --deleted", "user restore GONE", "user restore nobody", "user purge nobody", "user", "user nonsense",
		}},
		{"groupmembers", []string{
			"group members Support", "group join Support ben.second", "group join Support nobody", "group leave Support ben.second", "group members nobody",
			"group impact Support", "group impact nobody", "group delete Support", "group delete Support --force", "group delete Gone", "group delete Gone", "group", "group nonsense",
		}},
		{"token", []string{
			"token add ada.first --description CRM --extensions 101 --modules contacts,history --addresses 192.0.2.0/24 --expires-at 2099-01-31",
			"token add nobody", "token add ada.first --modules nonsense --addresses nowhere", "token add ada.first --expires-at soon", "token add",
			"token list", "token list ada.first", "token list nobody", "token show TOKEN", "token show nobody",
			"token edit TOKEN --description Edited", "token edit TOKEN", "token edit nobody --description x",
			"token rotate TOKEN", "token rotate nobody",
			"token delete TOKEN", "token delete nobody", "token", "token nonsense",
		}},
		{"config", []string{
			"config status", "config plan", "config apply", "config install", "config status", "config plan", "config apply", "config rollback", "config recover",
			"--ami 127.0.0.1:1 config apply", "config", "config nonsense",
		}},
		{"audit", []string{
			"audit list --limit 5", "audit list --kind person --outcome refused", "audit list --action login", "audit list --outcome nonsense",
			"audit verify", "audit verify --since nonsense", "audit baseline", "audit", "audit nonsense",
		}},
	}
}

type goldenNoun struct {
	name  string
	lines []string
}

// TestGolden_cli compares what pbxctl prints, as text and as JSON, with what it
// printed before. What changes records is run once in each form, on sites of
// their own.
func TestGolden_cli(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"text", "json"} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			g := &goldenSite{ctl: offline(t), json: form == "json"}
			g.mask = golden.Masks(g.dataDir, "DATA", g.confDir, "CONF", `"`+consoleActor().Name+`"`, `"HOST"`, " "+consoleActor().Name+" ", " HOST ")
			files := []string{}
			for _, noun := range goldenLines() {
				var b strings.Builder
				for _, line := range noun.lines {
					g.record(t, &b, line)
				}
				files = append(files, noun.name+".txt")
				golden.Check(t, "cli/"+form+"/"+noun.name+".txt", b.String())
			}
			golden.CheckFiles(t, "cli/"+form, files)
		})
	}
}

// goldenSite is the installation of one output format.
type goldenSite struct {
	*ctl

	json bool
	mask func(string) string
}

// record runs a command line and writes what came of it.
func (g *goldenSite) record(t *testing.T, b *strings.Builder, line string) {
	t.Helper()
	c := g.ctl
	if strings.HasSuffix(line, "-file -") || strings.Contains(line, "-file - ") {
		c = c.withStdin(goodPassword + "\n")
	}
	var words []string
	for word := range strings.FieldsSeq(line) {
		switch word {
		case "TOKEN":
			word = g.firstID(t, "token", "list")
		case "GONE":
			word = g.firstID(t, "user", "list", "--deleted")
		}
		words = append(words, word)
	}
	if g.json {
		words = append(words, "--json")
	}
	o := c.run(t, words...)
	fmt.Fprintf(b, "$ pbxctl %s\nexit code %d\n", line, o.code)
	if o.stdout != "" {
		text := g.printed(o.stdout)
		if line == "user export" { // it is in the order of ids, which are random
			text = golden.Sorted(text)
		}
		b.WriteString(text)
	}
	if o.stderr != "" {
		b.WriteString("standard error:\n" + g.mask(o.stderr))
	}
	b.WriteString("\n")
}

// firstID returns the id of the first record of a list.
func (g *goldenSite) firstID(t *testing.T, words ...string) string {
	t.Helper()
	var listed struct {
		Items []struct {
			ID string `json:"id"`
		} `json:"items"`
	}
	require.NoError(t, json.Unmarshal([]byte(g.do(t, append(words, "--json")...)), &listed))
	require.NotEmpty(t, listed.Items)
	return listed.Items[0].ID
}

var (
	goldenSecrets = regexp.MustCompile(`(?m)^((?:secret|key|password) +)\S+( +\(shown only once\))$|^(  "(?:secret|key|password)": "|    "token": ")[^"]+(",?)$`)
	columns       = regexp.MustCompile(`(\S)  +`)
)

// printed is what was printed, without what differs from run to run. How wide
// the columns are that name the host's user differs as well.
func (g *goldenSite) printed(text string) string {
	masked := g.mask(goldenSecrets.ReplaceAllString(text, "$1$3<secret>$2$4"))
	if strings.HasPrefix(text, "SEQUENCE ") {
		masked = columns.ReplaceAllString(masked, "$1  ")
	}
	return masked
}
