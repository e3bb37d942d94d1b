package ldapdir_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/testservers/ldap"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/ldapdir"
)

const (
	notChanged    = "; the sync did not change this field"
	noPhone       = "is not a phone number; it was left out"
	firstNumber   = "has text after the first phone number; only this number is used"
	oneValue      = "has several values; only one is used"
	addressOnly   = "has text around the email address; only the address is used"
	emailRule     = "enter one email address, such as jane@example.com, without a name"
	extensionRule = "an extension is 1 to 20 digits"
	languageRule  = "choose a language by its tag, such as en, de or zh-Hans, or leave it empty for the default"
	phoneRule     = "enter a phone number: digits, plus, spaces and ().-/*#, with x or ext before an extension"
	workPhone     = "work_phone: the attribute telephoneNumber "
)

// realisticEntry is an entry as directories of real offices have it. Its name is
// the username in the directory.
type realisticEntry struct {
	name       string
	attributes map[string][]string
	// want are fields of the user after the sync, and warnings those of the report.
	want     map[string]string
	warnings []string
}

func realisticEntries() []realisticEntry {
	phone := func(name, value, want string, warnings ...string) realisticEntry {
		return realisticEntry{name, map[string][]string{"telephoneNumber": {value}}, map[string]string{"work_phone": want}, warnings}
	}
	return []realisticEntry{
		phone("extension", "(555) 010-1234 Ext 12", "(555) 010-1234 ext 12"),
		phone("uri", "tel:+49-30-1234", "+49-30-1234"),
		phone("uri-parameter", "tel:+49-30-1234;ext=5", "+49-30-1234", workPhone+firstNumber),
		phone("two-numbers", "+49 30 1, +49 30 2", "+49 30 1", workPhone+firstNumber),
		phone("slash", "+49 (0)30 / 1234-56", "+49 (0)30 / 1234-56"),
		phone("no-break-space", "+49\u00a030\u00a01234", "+49 30 1234"),
		phone("bidi-marks", "\u202a+49 30 1234\u202c", "+49 30 1234"),
		phone("none", "n/a", "", workPhone+noPhone),
		phone("reception", "ask reception", "", workPhone+noPhone),
		phone("remark", "030 1234 (home)", "", "work_phone: "+phoneRule+notChanged),
		phone("en-dash", "+49 30 1234–56", "", "work_phone: "+phoneRule+notChanged),
		phone("short-code", "*62#", "*62#"),
		{"two-values", map[string][]string{"mobile": {"0170 1", "0170 2"}}, map[string]string{"cell_phone": "0170 1"}, []string{"cell_phone: the attribute mobile " + oneValue}},
		{"none-and-one", map[string][]string{"homePhone": {"n/a", "030 9"}}, map[string]string{"home_phone": "030 9"}, []string{
			"home_phone: the attribute homePhone " + oneValue, "home_phone: the attribute homePhone " + noPhone,
		}},
		{"long", map[string][]string{"description": {strings.Repeat("long ", 160)}}, map[string]string{"description": strings.TrimSpace(strings.Repeat("long ", 100))}, []string{
			"description: the attribute description is longer than 500 characters; the rest was cut",
		}},
		{"two-lines", map[string][]string{"description": {"Floor 2\r\nRoom 12"}}, map[string]string{"description": "Floor 2 Room 12"}, nil},
		{"tab", map[string][]string{"title": {"Head\tof\u200b Sales"}}, map[string]string{"title": "Head of Sales"}, nil},
		{"two-titles", map[string][]string{"title": {"Head of Sales", "Deputy"}}, map[string]string{"title": "Head of Sales"}, []string{"title: the attribute title " + oneValue}},
		{"byte-order-mark", map[string][]string{"sn": {"\ufeffRoe "}}, map[string]string{"last_name": "Roe"}, nil},
		{"soft-hyphen", map[string][]string{"sn": {"Mustermann\u00ad-Meier"}}, map[string]string{"last_name": "Mustermann-Meier"}, nil},
		{"wide-space", map[string][]string{"displayName": {"山田\u3000太郎"}}, map[string]string{"display_name": "山田 太郎"}, nil},
		{"latin-1", map[string][]string{"sn": {"M\xfcller"}}, map[string]string{"last_name": ""}, []string{"last_name: the attribute sn has a value that is not UTF-8" + notChanged}},
		{"long-name", map[string][]string{"sn": {strings.Repeat("x", 120)}}, map[string]string{"last_name": strings.Repeat("x", 100)}, []string{
			"last_name: the attribute sn is longer than 100 characters; the rest was cut",
		}},
		{"emoji", map[string][]string{"o": {"Example 🎉 & Co."}}, map[string]string{"company": "Example 🎉 & Co."}, nil},
		{"named-address", map[string][]string{"mail": {"Lena <lena@example.com>"}}, map[string]string{"email": "lena@example.com", "other_emails": ""}, []string{"email: the attribute mail " + addressOnly}},
		{"blank-address", map[string][]string{"mail": {" joe@example.com\u00a0"}}, map[string]string{"email": "joe@example.com"}, nil},
		{"no-address", map[string][]string{"mail": {"none"}}, map[string]string{"email": ""}, []string{"email: " + emailRule + notChanged}},
		{"two-addresses", map[string][]string{"mail": {"a@example.com", "b@example.com"}}, map[string]string{"email": "a@example.com", "other_emails": "b@example.com"}, nil},
		{"bad-second-address", map[string][]string{"mail": {"c@example.com", "n/a"}}, map[string]string{"email": "c@example.com", "other_emails": ""}, []string{"other_emails[0]: " + emailRule + notChanged}},
		{"blank-extension", map[string][]string{"ipPhone": {" 1001 "}}, map[string]string{"default_extension": "1001"}, nil},
		{"named-extension", map[string][]string{"ipPhone": {"ext 1002"}}, map[string]string{"default_extension": ""}, []string{"default_extension: " + extensionRule + notChanged}},
		{"two-extensions", map[string][]string{"ipPhone": {"1003", "1004"}}, map[string]string{"default_extension": ""}, []string{
			"default_extension: the attribute ipPhone has several values" + notChanged,
		}},
		{"extension-with-tab", map[string][]string{"ipPhone": {"10\t05"}}, map[string]string{"default_extension": ""}, []string{
			"default_extension: the attribute ipPhone has a value that is not one line of text" + notChanged,
		}},
		{"language", map[string][]string{"preferredLanguage": {"de, en;q=0.5"}}, map[string]string{"language": ""}, []string{"language: " + languageRule + notChanged}},
		{"O'Neil", nil, map[string]string{"username": "ONeil"}, nil},
		{"Jane  Doe", nil, map[string]string{"username": "Jane.Doe"}, nil},
		{"empty", map[string][]string{"title": {" "}, "mail": {""}, "telephoneNumber": {"\t"}}, map[string]string{"title": "", "email": "", "work_phone": ""}, nil},
	}
}

// withRealisticAttributes maps the fields of the realistic entries.
func withRealisticAttributes(o *ldapdir.Options) {
	preset, _ := ldapdir.OpenLDAP.Preset()
	o.Attributes = preset.Attributes
	o.Attributes["default_extension"], o.Attributes["language"] = "ipPhone", "preferredLanguage"
}

// One attribute never keeps a user out. The report has a warning of each value that is
// cut or left out, with the username and the field, but without the value.
func TestDirectory_Each_oneAttributeKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	tests := realisticEntries()
	require.GreaterOrEqual(t, len(tests), 31)
	entries := make([]map[string][]string, len(tests))
	for i, test := range tests {
		entries[i] = userEntry(fmt.Sprintf("id-%02d", i), test.name)
		maps.Copy(entries[i], test.attributes)
	}
	d := newFakeServer(t, serveEntries(entries...)).directory(t, withRealisticAttributes)
	requireRealisticSyncs(t, d, tests)
}

// OpenLDAP accepts such values, too.
func TestDirectory_Each_realServerHasSuchValues(t *testing.T) {
	t.Parallel()
	names := []string{"extension", "uri", "two-numbers", "none", "two-values", "long", "tab", "two-titles", "soft-hyphen", "named-address", "two-addresses", "O'Neil"}
	var tests []realisticEntry
	server := ldap.Start(t, &ldap.Options{LDIF: baseLDIF})
	for _, test := range realisticEntries() {
		if !slices.Contains(names, test.name) {
			continue
		}
		tests = append(tests, test)
		attributes := map[string][]string{"objectClass": {"inetOrgPerson"}, "cn": {test.name}, "sn": {"Doe"}}
		maps.Copy(attributes, test.attributes)
		server.Add(t, "uid="+test.name+","+usersDN, attributes)
	}
	require.Len(t, tests, len(names))
	requireRealisticSyncs(t, newDirectory(t, server, withRealisticAttributes), tests)
}

// requireRealisticSyncs syncs twice, and requires the users and the warnings.
func requireRealisticSyncs(t *testing.T, d *ldapdir.Directory, tests []realisticEntry) {
	t.Helper()
	s := newService(memstore.New().Users(""), d)
	for range 2 { // the second one changes nothing
		r, err := s.Sync(t.Context(), d.Name(), nil)
		require.NoError(t, err)
		require.Empty(t, r.Problems)
		for _, test := range tests {
			requireRealistic(t, s, r, test)
		}
	}
}

// requireRealistic requires the user and the warnings of an entry.
func requireRealistic(t *testing.T, s *userman.Service, r *userman.SyncReport, test realisticEntry) {
	t.Helper()
	username := test.name
	if name, set := test.want["username"]; set {
		username = name
	}
	u, err := s.Get(t.Context(), username)
	require.NoError(t, err, test.name)
	for name, want := range test.want {
		f, known := userman.Fields().Lookup(name)
		require.True(t, known, name)
		require.Equal(t, want, f.Get(u).String(), test.name)
	}
	var warnings []string
	for _, w := range r.Warnings {
		if w.Username == username {
			warnings = append(warnings, w.Message)
		}
	}
	require.Equal(t, test.warnings, warnings, test.name)
}
