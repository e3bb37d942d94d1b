// Package auditwords puts the codes of the audit log into words for the pages.
package auditwords

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pbxusers/pbxusers/store/audit"
)

// Action returns what an entry says was done, such as "Sent test email". If it was denied or
// failed, Action returns what was tried, such as "Send test email".
func Action(e *audit.Entry) string {
	for _, a := range actions() {
		if a.name == e.Action && e.Outcome == audit.Succeeded {
			return a.done
		}
	}
	return ActionName(e.Action)
}

// ActionName returns the name of an action, such as "Send test email".
func ActionName(action string) string {
	return capitalize(strings.Replace(action, " mail", " email", 1))
}

// Actions returns the known actions.
func Actions() []string {
	all := actions()
	names := make([]string, len(all))
	for i, a := range all {
		names[i] = a.name
	}
	return names
}

// Kind returns the name of a kind of record, such as "Deleted user".
func Kind(kind string) string { return capitalize(kind) }

// Kinds returns the known kinds of records.
func Kinds() []string {
	return []string{
		"administrator", "AMI account", "API token", "audit log", "configuration", "deleted user", "directory", "group", "login names", "section", "settings", "user",
	}
}

// Reason returns why an entry was denied or failed, or what it found, such as "Wrong
// password"; "" without a reason. A code without words stays as it is, with spaces.
func Reason(e *audit.Entry) string {
	code, details, _ := strings.Cut(e.Reason, ": ")
	switch {
	case code == "":
		return ""
	case code == "invalid" && details != "":
		return fields(details)
	case code == "already_exists" && details != "":
		return fieldName(details) + " already taken"
	case details == "invalid_credentials" && e.Key == "": // of an unknown name
		return "Wrong username or password"
	}
	if text, ok := reasons()[details]; ok {
		return text
	}
	text, ok := reasons()[code]
	if !ok {
		text = plain(code)
	}
	if details != "" {
		text += " (" + strings.ToLower(plain(details)) + ")"
	}
	return text
}

// fields puts "secret (min), permit[2] (network)" into words.
func fields(details string) string {
	list := strings.Split(details, ", ")
	for i, one := range list {
		name, code, _ := strings.Cut(one, "(")
		text, ok := problems()[strings.TrimSuffix(code, ")")]
		if !ok {
			text = "not valid"
		}
		list[i] = fieldName(strings.TrimSpace(name)) + " " + text
		if i > 0 {
			list[i] = strings.ToLower(list[i][:1]) + list[i][1:]
		}
	}
	return strings.Join(list, ", ")
}

// fieldName names a field, without its place in a list.
func fieldName(name string) string {
	before, place, _ := strings.Cut(name, "[")
	_, after, _ := strings.Cut(place, "]")
	name = before + after
	switch name {
	case "to", "email":
		return "Email address"
	case "":
		return "Value"
	}
	return plain(name)
}

// plain writes a name or a code with spaces.
func plain(code string) string {
	return capitalize(strings.NewReplacer("_", " ", ".", " ").Replace(code))
}

func capitalize(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + text[size:]
}
