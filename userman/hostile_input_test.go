package userman_test

import (
	"errors"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
)

// marker is found again wherever a value is repeated.
const marker = "zq7marker"

// hostileInputs are values that no field of one line takes.
func hostileInputs() map[string]string {
	return map[string]string{
		"CR":           marker + "\rBcc: eve@example.com",
		"LF":           marker + "\nBcc: eve@example.com",
		"CRLF":         marker + "\r\n\r\n<script>alert(1)</script>",
		"NUL":          marker + "\x00",
		"escape":       marker + "\x1b[2J",
		"RTL override": marker + "\u202egpj.exe",
		"isolate":      "\u2066" + marker,
		"line of HTML": marker + "\u2028<b>",
		"no UTF-8":     marker + "\xff\xfe",
		"half UTF-8":   marker + "\xe7\x8e",
		"1 MB":         strings.Repeat(marker, 1<<20/len(marker)),
		"1 MB of 王":    marker + strings.Repeat("王", 1<<20/3),
	}
}

// textFields returns the fields of a T that hold text, by their names in JSON,
// but those that the service sets.
func textFields[T any](except ...string) map[string]int {
	fields := map[string]int{}
	for i := range reflect.TypeFor[T]().NumField() {
		field := reflect.TypeFor[T]().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != "-" && (field.Type.Kind() == reflect.String || field.Type == reflect.TypeFor[[]string]()) {
			fields[name] = i
		}
	}
	for _, name := range except {
		delete(fields, name)
	}
	return fields
}

// setField sets a text, or a list whose second element it is, and returns what a
// refusal of it is called.
func setField(field reflect.Value, name, text string) string {
	if field.Kind() == reflect.String {
		field.SetString(text)
		return name
	}
	first := map[string]string{"other_emails": "a@b.example", "linked_extensions": "1001", "groups": "Sales"}[name]
	field.Set(reflect.ValueOf([]string{first, text}))
	return name + "[1]"
}

func TestUser_textFieldsRejectHostileInput(t *testing.T) {
	t.Parallel()
	fields := textFields[userman.User]("id", "directory", "picture")
	require.Len(t, fields, 20, "a new field belongs here too: %v", fields)
	for what, text := range hostileInputs() {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			h := newService(t)
			h.createGroup(t, "Sales", nil)
			h.createUser(t, newUser("kept"), "")
			before := h.get(t, "kept")
			for name, i := range fields {
				u := newUser("jane")
				field := setField(reflect.ValueOf(u).Elem().Field(i), name, text)
				_, err := h.Create(t.Context(), userman.NewUser{User: u})
				requireFieldRejected(t, err, field)
				_, err = h.tryUpdate(t, "kept", func(u *userman.User) { setField(reflect.ValueOf(u).Elem().Field(i), name, text) })
				requireFieldRejected(t, err, field)
				require.NotContains(t, h.lastAuditEntry(t), marker)
			}
			list, err := h.List(t.Context(), userman.Query{})
			require.NoError(t, err)
			require.Equal(t, []string{"kept"}, usernames(list))
			require.Equal(t, before, h.get(t, "kept"))
			h.requireAuditIntact(t)
		})
	}
}

// requireFieldRejected requires that this field alone is refused, and nothing
// of the value is repeated.
func requireFieldRejected(t testing.TB, err error, field string) {
	t.Helper()
	invalid, ok := errors.AsType[*store.InvalidError](err)
	require.True(t, ok, "%s: %v", field, err)
	require.Len(t, invalid.Fields, 1, "%s: %v", field, err)
	require.Equal(t, field, invalid.Fields[0].Field)
	require.NotContains(t, err.Error(), marker)
	require.Less(t, len(err.Error()), 300)
}

func TestGroup_textFieldsRejectHostileInput(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createGroup(t, "kept", nil)
	fields := textFields[userman.Group]("directory")
	require.Len(t, fields, 2, "a new field belongs here too")
	for what, text := range hostileInputs() {
		for name, i := range fields {
			g := &userman.Group{Name: "Sales"}
			field := setField(reflect.ValueOf(g).Elem().Field(i), name, text)
			_, err := h.Groups().Create(t.Context(), g)
			requireFieldRejected(t, err, field)
			require.NotContains(t, h.lastAuditEntry(t), marker, what)
		}
		_, err := h.Groups().Update(t.Context(), "kept", func(g *userman.Group) error {
			g.Description = text
			return nil
		})
		requireFieldRejected(t, err, "description")
	}
	groups, err := h.Groups().List(t.Context())
	require.NoError(t, err)
	require.Len(t, groups, 1)
	h.requireAuditIntact(t)
}

// HTML is text like any other where text is free: it is for pages and mails to
// write it as text. Where a form is asked for it is none.
func TestUser_freeTextAcceptsHTML(t *testing.T) {
	t.Parallel()
	const html = `<img src=x onerror="alert(1)">&amp;`
	free := []string{"description", "title", "company", "department", "first_name", "last_name", "display_name", "external_id"}
	for name, i := range textFields[userman.User]("id", "directory", "picture") {
		h := newService(t)
		h.createGroup(t, "Sales", nil)
		u := newUser("jane")
		field := setField(reflect.ValueOf(u).Elem().Field(i), name, html)
		created, err := h.Create(t.Context(), userman.NewUser{User: u})
		if !strings.Contains(strings.Join(free, " "), name) {
			requireFieldRejected(t, err, field)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, html, reflect.ValueOf(created).Elem().Field(i).String())
	}
}

func TestService_lookupsAcceptHostileInput(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane", "1001"), "")
	h.createGroup(t, "Sales", nil)
	values := maps.Collect(maps.All(hostileInputs()))
	values["nothing"], values["blanks"] = "", " \t "
	for what, text := range values {
		calls := map[string]func() error{
			"Get":             func() error { _, err := h.Get(t.Context(), text); return err },
			"GetByID":         func() error { _, err := h.GetByID(t.Context(), store.UserID(text)); return err },
			"UserByExtension": func() error { _, err := h.getByExtension(t, text); return err },
			"Delete":          func() error { return h.Delete(t.Context(), text) },
			"Restore":         func() error { _, err := h.Restore(t.Context(), store.UserID(text), nil); return err },
			"Purge":           func() error { return h.Purge(t.Context(), store.UserID(text)) },
			"References":      func() error { _, err := h.References(t.Context(), text); return err },
			"Picture":         func() error { _, err := h.Picture(t.Context(), text); return err },
			"Group":           func() error { _, err := h.Groups().Get(t.Context(), text); return err },
			"DeleteGroup":     func() error { return h.Groups().Delete(t.Context(), text, true) },
			"AddMembers":      func() error { return h.Groups().AddMembers(t.Context(), text, "jane") },
		}
		for call, err := range calls {
			require.ErrorIs(t, err(), store.ErrNotFound, "%s of %s", call, what)
		}
		requireFieldErrors(t, h.Groups().AddMembers(t.Context(), "Sales", "jane", text), "usernames[1]: unknown")
		for _, q := range []userman.Query{{Search: text}, {Extension: text}, {Group: text}, {Email: text}, {Directory: &text}} {
			_, err := h.List(t.Context(), q)
			require.NoError(t, err)
		}
	}
	for _, e := range h.entries(t, allAuditEntries()) {
		require.NotContains(t, e.Key, marker)
	}
}

func TestService_Create_rejectsOversizedLists(t *testing.T) {
	t.Parallel()
	h := newService(t)
	many := make([]string, 1_000_000)
	_, err := h.Create(t.Context(), userman.NewUser{User: &userman.User{Username: "jane", OtherEmails: many, LinkedExtensions: many, Groups: many}})
	requireFieldErrors(t, err, "other_emails: max", "linked_extensions: max", "groups: max")
	h.createGroup(t, "Sales", nil)
	requireFieldErrors(t, h.Groups().AddMembers(t.Context(), "Sales", many...), "usernames: max")
}

func TestUser_Email_validation(t *testing.T) {
	t.Parallel()
	h := newServiceWithDB(t, memstore.New(), "")
	u := h.createUser(t, newUser("jane"), "")
	for address, want := range map[string]bool{
		"jane@example.com": true, "jane+pbx@example.com": true, "jane@pbx": true, "o'neil@example.com": true, "王@例え.jp": true, "a.b-c@x-y.example": true,
		"jane": false, "@example.com": false, "jane@": false, "Jane <jane@example.com>": false, "jane@example.com, joan@example.com": false,
		`"jane doe"@example.com`: false, "jane@[127.0.0.1]": false, "jane@-x.example": false, "jane@x..example": false, "jane.@example.com": false,
		"a b@example.com": false, "jane@example.com\r\nBcc: x@example.com": false, "jane@exam\u200bple.com": false, "jane@@example.com": false,
		strings.Repeat("j", 65) + "@example.com": false, "jane@example.com?bcc=eve@example.com": false, "jane@ｅxample.com;x": false,
	} {
		_, err := h.tryUpdate(t, u.Username, func(u *userman.User) { u.Email = address })
		require.Equal(t, want, err == nil, "%q: %v", address, err)
	}
}

func TestUser_phoneLanguageAndTimeZoneValidation(t *testing.T) {
	t.Parallel()
	h := newServiceWithDB(t, memstore.New(), "")
	h.createUser(t, newUser("jane"), "")
	check := func(set func(u *userman.User, text string), want map[string]bool) {
		for text, accepted := range want {
			_, err := h.tryUpdate(t, "jane", func(u *userman.User) { set(u, text) })
			require.Equal(t, accepted, err == nil, "%q: %v", text, err)
		}
	}
	check(func(u *userman.User, text string) { u.WorkPhone = text }, map[string]bool{
		"+49 (30) 12-34/5.6": true, "1001": true, "*97": true, "030 12 x12": true, "030 12 ext. 12": true, "030 12ext12": true, "": true,
		"call me": false, "x12": false, "030 12 x": false, "030; DROP": false, "+": false, "()": false, "030 12 x12 x13": false,
	})
	check(func(u *userman.User, text string) { u.Language = text }, map[string]bool{
		"de": true, "zh-Hans": true, "pt-BR": true, "sr-Latn-RS": true, "": true,
		"german": false, "und": false, "x-private": false, "de_": false, "../de": false, "zz": false,
	})
	check(func(u *userman.User, text string) { u.TimeZone = text }, map[string]bool{
		"UTC": true, "Europe/Berlin": true, "America/Argentina/Buenos_Aires": true, "Etc/GMT+1": true, "": true,
		"Local": false, "Europe": false, "../etc/passwd": false, "/etc/passwd": false, "Europe/../Europe/Berlin": false, "right/UTC": false, "Mars/Base": false,
	})
}
