// Package auditwords puts the codes of the audit log into words for the pages.
package auditwords

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/settings"
)

// Action returns what an entry says was done, such as "Sent test email". If it was denied or
// failed, Action returns what was tried, such as "Send test email".
func Action(e *audit.Entry) string {
	if e.Kind == settings.Kind && e.Action == "update" {
		if e.Outcome == audit.Succeeded {
			return "Changed the settings"
		}
		return "Change the settings"
	}
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

// Record returns the record of an entry, such as "user jane". For changed settings, it
// returns their names, such as "mail server, public URL".
func Record(e *audit.Entry) string {
	switch e.Kind {
	case "configuration": // there is one
		return e.Kind
	case settings.Kind:
		return cmp.Or(changedSettings(e), e.Kind)
	}
	return strings.TrimSpace(e.Kind + " " + e.Key)
}

func changedSettings(e *audit.Entry) string {
	var names []string
	for _, change := range e.Changes() {
		names = append(names, lowerFirst(Field(e, change.Field)))
	}
	return strings.Join(names, ", ")
}

// Field returns the name of a field of a record, such as "write timeout". For a setting, it
// returns the label.
func Field(e *audit.Entry, name string) string {
	words := strings.ReplaceAll(name, "_", " ")
	if e.Kind == settings.Kind {
		return cmp.Or(app.SettingLabel(name), words)
	}
	return words
}

// Author returns the author of an entry: the username, or words such as "the server".
func Author(e *audit.Entry) string {
	if e.Actor.Kind == audit.Anonymous && e.Outcome == audit.Succeeded && (e.Action == "accept invitation" || e.Action == "activate softphone") {
		return "the holder of the link"
	}
	return e.Actor.Author()
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

// lowerFirst returns a label as it is inside a sentence.
func lowerFirst(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	second, _ := utf8.DecodeRuneInString(text[size:])
	if size == 0 || unicode.IsUpper(second) { // such as "AMI address"
		return text
	}
	return string(unicode.ToLower(first)) + text[size:]
}
