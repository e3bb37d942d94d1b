package manager_test

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// drawAccount draws any account that the service accepts, mostly hostile ones:
// text with a meaning to a file, to AMI or to a console is in every field that
// allows it.
func drawAccount(t *rapid.T, name string) *manager.Account {
	a := &manager.Account{
		Name:               name,
		Secret:             store.NewSecret(drawSecret(t)),
		Deny:               drawNetworks(t, "deny"),
		Permit:             drawNetworks(t, "permit"),
		Read:               drawPrivileges(t, "read"),
		Write:              drawPrivileges(t, "write"),
		DisplayConnects:    rapid.Bool().Draw(t, "display connects"),
		AllowMultipleLogin: rapid.Bool().Draw(t, "allow multiple login"),
		WriteTimeout:       rapid.SampledFrom([]int{0, 100, 101, 5000, 600_000}).Draw(t, "write timeout"),
		Note:               rapid.SampledFrom([]string{"", "a\nb;--", "注意 [x]"}).Draw(t, "note"),
		Owner:              rapid.SampledFrom([]string{"", "团队 <script>", "`;--"}).Draw(t, "owner"),
		EventFilters:       rapid.SliceOfN(rapid.Custom(drawFilter), 0, 3).Draw(t, "filters"),
	}
	if rapid.IntRange(0, 9).Draw(t, "named list") == 0 {
		a.NamedACL = rapid.SampledFrom([]string{"office", "branch_2-x"}).Draw(t, "named list")
	}
	return a
}

// drawName draws a name that is unique by its number.
func drawName(t *rapid.T, number int) string {
	alphabet := []rune("abcXYZ019._-")
	tail := rapid.StringOfN(rapid.RuneFrom(alphabet), 0, 70, -1).Draw(t, "name")
	return fmt.Sprintf("u%d.%s", number, tail)
}

// drawSecret draws printable text with the special characters of the dialect.
func drawSecret(t *rapid.T) string {
	pieces := []string{
		";", ";--", "--;", "\\", "\\;", "[", "]", "(", ")", "`", "\"", "\"\"\"", "'", "=", ">", "#", "=>", "+=", "${X}", "%(x)s",
		"!", ",", "|", "&", " ", "a", "B", "7", "é", "密码", "#include x", "[general]", "\u00a0", "\u2028",
	}
	for {
		secret := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 4, 20).Draw(t, "secret"), "")
		if secret == strings.Trim(secret, " ") && len(secret) >= manager.MinSecretLength && len(secret) <= manager.MaxSecretLength {
			return secret
		}
	}
}

func drawNetworks(t *rapid.T, label string) []manager.Network {
	draw := rapid.Custom(func(t *rapid.T) manager.Network { return drawNetwork(t, label) })
	return rapid.SliceOfN(draw, 0, 4).Draw(t, label)
}

func drawPrivileges(t *rapid.T, label string) manager.Privileges {
	return manager.Privileges(rapid.Uint32().Draw(t, label)) & manager.AllPrivileges
}

func drawFilter(t *rapid.T) manager.EventFilter {
	words := []string{"", "Newchannel", "UserEvent", "X-1_y"}
	f := manager.EventFilter{
		Action: rapid.SampledFrom([]manager.FilterAction{manager.Include, manager.Exclude}).Draw(t, "action"),
		Event:  rapid.SampledFrom(words).Draw(t, "event"),
		Header: rapid.SampledFrom(words).Draw(t, "header"),
		Method: rapid.SampledFrom([]manager.FilterMethod{
			manager.MatchNone, manager.MatchExact, manager.MatchStartsWith, manager.MatchEndsWith, manager.MatchContains, manager.MatchRegex,
		}).Draw(t, "method"),
	}
	switch f.Method {
	case manager.MatchNone:
		if f.Event == "" && f.Header == "" {
			f.Event = "Newchannel"
		}
	case manager.MatchRegex:
		f.Match = drawRegex(t)
	default:
		f.Match = strings.Trim(drawSecret(t), " !")
	}
	return f
}

// drawRegex draws expressions from parts that are easy to combine wrongly, and
// returns only those that the service accepts.
func drawRegex(t *rapid.T) string {
	pieces := []string{
		"a", "B", "1", " ", ".", "*", "+", "?", "{2}", "{1,3}", "{2,}", "{0}", "{0,255}", "{256}", "{,2}", "{", "}", "^", "$", "|", "(", ")", "()", "(ab)", "(a|b)",
		"[", "]", "[a-z]", "[^0-9]", "[]x]", "[^]x]", "[-a]", "[a-]", "[a-z0-]", "[--a]", "[+-[:digit:]]", "[[:digit:]-z]", "[[]", "[^]", "[a^$.*]",
		"[[:digit:]]", "[[:cntrl:]x]", "[[:word:]]", "[[.a.]]", "[[=a=]]", `[\d]`, `\.`, `\\`, `\(`, `\]`, `\}`, `\-`, `\/`, `\d`, `\1`, `\n`, `\<`, `\`,
		"-", "/", ";", "#", "`", `"`, "=", ",", "!", "Event: New", "é",
	}
	for {
		expression := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 8).Draw(t, "regex"), "")
		if manager.AcceptsRegex(expression) {
			return expression
		}
	}
}
