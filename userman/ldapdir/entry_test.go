package ldapdir_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/ldapdir"
)

// readOne reads the one entry of a server.
func readOne(t *testing.T, attributes map[string][]string, opts ...func(*ldapdir.Options)) userman.DirectoryEntry {
	t.Helper()
	all, err := readAll(t, newFakeServer(t, serveEntries(attributes)).directory(t, opts...))
	require.NoError(t, err)
	require.Len(t, all, 1)
	return all[0]
}

func TestDirectory_Each_mapsAttributesToFields(t *testing.T) {
	t.Parallel()
	e := readOne(t, map[string][]string{
		"dn": {"uid=jane,dc=example,dc=com"}, "entryUUID": {"id-1"}, "UID": {"jane"}, "givenName": {" Jane "}, "sn": {"Döe"},
		"displayName": {"Jane Döe"}, "mail": {"jane@example.com", "j.doe@example.com", "JANE@example.com"}, "title": {"Head", "Deputy"},
		"o": {"Example"}, "ou": {"Sales"}, "description": {""}, "telephoneNumber": {"+49 30 123"}, "homePhone": {"1"}, "mobile": {"2"},
		"facsimileTelephoneNumber": {"3"}, "jpegPhoto": {"\xff\xd8"},
	})
	require.Equal(t, userman.DirectoryEntry{
		ExternalID: "id-1",
		User: &userman.User{
			Username: "jane", FirstName: "Jane", LastName: "Döe", DisplayName: "Jane Döe", Title: "Head", Company: "Example", Department: "Sales",
			Email: "jane@example.com", OtherEmails: []string{"j.doe@example.com"},
			WorkPhone: "+49 30 123", HomePhone: "1", CellPhone: "2", Fax: "3",
		},
		ManagedFields: []string{
			"cell_phone", "company", "department", "description", "display_name", "email", "fax", "first_name", "home_phone",
			"last_name", "other_emails", "title", "username", "work_phone",
		},
		Warnings: []userman.DirectoryWarning{{Field: "title", Message: "the attribute title has several values; only one is used"}},
	}, e)
}

func TestDirectory_Each_reportsUnusableAttributes(t *testing.T) {
	t.Parallel()
	extensions := func(o *ldapdir.Options) {
		o.Attributes = map[string]string{
			"username": "uid", "email": "mail", "default_extension": "ipPhone", "linked_extensions": "otherIpPhone", "disabled": "isDisabled",
		}
	}
	for _, test := range []struct {
		name, attribute string
		values          []string
		problem         string
	}{
		{"two usernames", "uid", []string{"jane", "joan"}, "has several values"},
		{"a nul", "uid", []string{"jane\x00"}, "has a value that is not one line of text"},
		{"no UTF-8", "uid", []string{"j\xffne"}, "has a value that is not one line of text"},
		{"too long", "uid", []string{strings.Repeat("x", 4097)}, "has a value that is too long"},
		{"neither true nor false", "isDisabled", []string{"maybe"}, "does not tell whether the account is disabled"},
		{"true and false", "isDisabled", []string{"TRUE", "FALSE"}, "does not tell whether the account is disabled"},
		{"no key", "entryUUID", nil, "must have one value; let the bind DN read it"},
		{"a blank key", "entryUUID", []string{" "}, "must have one value; let the bind DN read it"},
		{"two keys", "entryUUID", []string{"1", "2"}, "must have one value; let the bind DN read it"},
		{"a key of two lines", "entryUUID", []string{"1\n2"}, "has a value that is not one line of text"},
		{"a long key", "entryUUID", []string{strings.Repeat("x", 751)}, "is too long"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			attributes := userEntry("id-1", "jane")
			attributes[test.attribute] = test.values
			e := readOne(t, attributes, extensions)
			require.Equal(t, "the attribute "+test.attribute+" "+test.problem, e.Problem)
			if test.attribute == "entryUUID" {
				require.Empty(t, e.ExternalID)
			} else {
				require.Equal(t, "id-1", e.ExternalID)
			}
		})
	}
}

// Only the external ID and the username are essential.
func TestDirectory_Each_leavesOutUnusableFields(t *testing.T) {
	t.Parallel()
	extensions := func(o *ldapdir.Options) {
		o.Attributes = map[string]string{"username": "uid", "email": "mail", "default_extension": "ipPhone", "linked_extensions": "otherIpPhone"}
	}
	for _, test := range []struct {
		field, attribute string
		values           []string
		problem          string
	}{
		{"default_extension", "ipPhone", []string{"1001", "1002"}, "has several values"},
		{"default_extension", "ipPhone", []string{"10\t01"}, "has a value that is not one line of text"},
		{"email", "mail", []string{"j\xffne"}, "has a value that is not UTF-8"},
		{"linked_extensions", "otherIpPhone", make([]string, 1001), "has too many values"},
	} {
		attributes := userEntry("id-1", "jane")
		attributes[test.attribute] = test.values
		e := readOne(t, attributes, extensions)
		require.Empty(t, e.Problem)
		require.Equal(t, "jane", e.User.Username)
		require.Equal(t, []userman.DirectoryWarning{{
			Field: test.field, Message: "the attribute " + test.attribute + " " + test.problem + "; the sync did not change this field",
		}}, e.Warnings)
		require.NotContains(t, e.ManagedFields, test.field)
		require.Len(t, e.ManagedFields, 3)
	}
}

// Who left must not keep the login because a phone number is wrong.
func TestDirectory_Each_disabledCountsBeforeOtherFaults(t *testing.T) {
	t.Parallel()
	attributes := userEntry("id-1", "jane")
	attributes["nsAccountLock"], attributes["uid"] = []string{"TRUE"}, []string{"jane", "joan"}
	e := readOne(t, attributes)
	require.Empty(t, e.Problem)
	require.True(t, e.User.Disabled)
	attributes["nsAccountLock"] = []string{"FALSE"}
	e = readOne(t, attributes)
	require.NotEmpty(t, e.Problem)
	require.False(t, e.User.Disabled)
}

func TestKind_Preset_mapsDisabledAccountsOfActiveDirectory(t *testing.T) {
	t.Parallel()
	const guid = "\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff"
	active := func(o *ldapdir.Options) {
		o.Kind = ldapdir.ActiveDirectory
		o.Clock = func() time.Time { return time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC) }
	}
	const never = "9223372036854775807"
	for _, test := range []struct {
		control, expires []string
		disabled         bool
		problem          string
	}{
		{control: []string{"512"}}, {control: []string{"514"}, disabled: true}, {control: []string{"66050"}, disabled: true}, {},
		{control: []string{"x"}, problem: "the attribute userAccountControl does not tell whether the account is disabled"},
		{control: []string{"512"}, expires: []string{"0"}}, {control: []string{"512"}, expires: []string{never}},
		{control: []string{"512"}, expires: []string{"134167968000000000"}, disabled: true}, // 2026-03-01 00:00, now
		{control: []string{"512"}, expires: []string{"134167968000000010"}},                 // a microsecond later
		{control: []string{"512"}, expires: []string{"soon"}, problem: "the attribute accountExpires is not a time of Active Directory"},
		{control: []string{"514"}, expires: []string{"soon"}, disabled: true},
	} {
		e := readOne(t, map[string][]string{
			"dn": {"cn=Jane"}, "objectGUID": {guid}, "sAMAccountName": {"jane"}, "ipPhone": {"1001"},
			"userAccountControl": test.control, "accountExpires": test.expires,
		}, active)
		require.Equal(t, "00112233-4455-6677-8899-aabbccddeeff", e.ExternalID)
		require.Equal(t, test.disabled, e.User.Disabled, test)
		require.Equal(t, test.problem, e.Problem)
		if !test.disabled && test.problem == "" {
			require.Equal(t, "1001", e.User.DefaultExtension)
		}
		require.NotContains(t, e.ManagedFields, "disabled")
	}
	for _, guids := range [][]string{nil, {"short"}, {guid, guid}} {
		e := readOne(t, map[string][]string{"dn": {"cn=Jane"}, "objectGUID": guids, "sAMAccountName": {"jane"}}, active)
		require.NotEmpty(t, e.Problem)
		require.Empty(t, e.ExternalID)
	}
}

func TestKind_Preset_readsAuthentikAndFreeIPA(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind       ldapdir.Kind
		attributes map[string][]string
		disabled   bool
	}{
		{ldapdir.Authentik, map[string][]string{"dn": {"cn=jane"}, "uid": {"id-1"}, "cn": {"jane"}, "ak-active": {"TRUE"}}, false},
		{ldapdir.Authentik, map[string][]string{"dn": {"cn=jane"}, "uid": {"id-1"}, "cn": {"jane"}, "ak-active": {"FALSE"}}, true},
		{ldapdir.FreeIPA, map[string][]string{"dn": {"uid=jane"}, "ipaUniqueID": {"id-1"}, "uid": {"jane"}, "nsAccountLock": {"FALSE"}}, false},
		{ldapdir.FreeIPA, map[string][]string{"dn": {"uid=jane"}, "ipaUniqueID": {"id-1"}, "uid": {"jane"}, "nsAccountLock": {"TRUE"}}, true},
	} {
		e := readOne(t, test.attributes, func(o *ldapdir.Options) { o.Kind = test.kind })
		require.Empty(t, e.Problem, test.kind)
		require.Equal(t, "id-1", e.ExternalID)
		require.Equal(t, test.disabled, e.User.Disabled, test.kind)
		if !test.disabled {
			require.Equal(t, "jane", e.User.Username)
		}
	}
}
