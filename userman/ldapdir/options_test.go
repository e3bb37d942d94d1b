package ldapdir_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/ldapdir"
)

// validOptions are valid options.
func validOptions() ldapdir.Options {
	return ldapdir.Options{
		Name: "head-office", URLs: []string{"ldaps://ldap.example.com"}, BaseDN: "ou=people,dc=example,dc=com",
		BindDN: "cn=reader,dc=example,dc=com", BindPassword: store.NewSecret("secret"),
	}
}

func TestNew_validatesOptions(t *testing.T) {
	t.Parallel()
	urls := func(urls ...string) func(*ldapdir.Options) { return func(o *ldapdir.Options) { o.URLs = urls } }
	attribute := func(field, name string) func(*ldapdir.Options) {
		return func(o *ldapdir.Options) {
			o.Attributes = presetOf(ldapdir.OpenLDAP).Attributes
			o.Attributes[field] = name
		}
	}
	for _, test := range []struct {
		name   string
		change func(*ldapdir.Options)
		want   string
	}{
		{"good", func(*ldapdir.Options) {}, ""},
		{"a host, a port and a slash", urls("ldaps://dc1.example.com:3269/", "ldaps://[2001:db8::1]:636", "ldap://127.0.0.1:389", "ldap://[::1]", "ldap://localhost"), ""},
		{"StartTLS", func(o *ldapdir.Options) { o.URLs, o.StartTLS = []string{"ldap://ldap.example.com"}, true }, ""},
		{"anonymous in the clear", func(o *ldapdir.Options) {
			o.URLs, o.BindDN, o.BindPassword = []string{"ldap://ldap.example.com"}, "", store.Secret{}
		}, ""},
		{"no name", func(o *ldapdir.Options) { o.Name = "" }, "name: name"},
		{"no such kind", func(o *ldapdir.Options) { o.Kind = "marker" }, "kind: oneof"},
		{"a name in capitals", func(o *ldapdir.Options) { o.Name = "HQ" }, "name: name"},
		{"no URL", urls(), "urls: required"},
		{"too many URLs", urls(make([]string, 17)...), "urls: required"},
		{"a password in the clear", urls("ldaps://a.example.com", "ldap://b.example.com"), "urls[1]: plain"},
		{"another scheme", urls("http://ldap.example.com"), "urls[0]: url"},
		{"a socket", urls("ldapi:///var/run/ldapi"), "urls[0]: url"},
		{"no host", urls("ldaps://"), "urls[0]: url"},
		{"no scheme", urls("ldap.example.com"), "urls[0]: url"},
		{"credentials in the URL", urls("ldaps://marker:marker@ldap.example.com"), "urls[0]: url"},
		{"a search in the URL", urls("ldaps://ldap.example.com/dc=example?uid"), "urls[0]: url"},
		{"a path", urls("ldaps://ldap.example.com/dc=example"), "urls[0]: url"},
		{"port 0", urls("ldaps://ldap.example.com:0"), "urls[0]: url"},
		{"port 65536", urls("ldaps://ldap.example.com:65536"), "urls[0]: url"},
		{"a control character", urls("ldaps://ldap.example.com\r\n"), "urls[0]: url"},
		{"a reader that is no DN", func(o *ldapdir.Options) { o.BindDN = "reader" }, "bind_dn: dn"},
		{"a reader without a password", func(o *ldapdir.Options) { o.BindPassword = store.Secret{} }, "bind_password: required"},
		{"a password without a reader", func(o *ldapdir.Options) { o.BindDN = "" }, "bind_password: required"},
		{"no base", func(o *ldapdir.Options) { o.BaseDN = "" }, "base_dn: dn"},
		{"a base that is no DN", func(o *ldapdir.Options) { o.BaseDN = "people" }, "base_dn: dn"},
		{"a broken filter", func(o *ldapdir.Options) { o.Filter = "(objectClass=person" }, "filter: filter"},
		{"two filters", func(o *ldapdir.Options) { o.Filter = "(a=b)(c=d)" }, "filter: filter"},
		{"a broken base of groups", func(o *ldapdir.Options) { o.GroupBaseDN = "groups" }, "group_base_dn: dn"},
		{"a broken filter of groups", func(o *ldapdir.Options) { o.GroupFilter = "x" }, "group_filter: filter"},
		{"no username", func(o *ldapdir.Options) { o.Attributes = map[string]string{} }, "attributes.username: required"},
		{"an unknown field", attribute("marker", "uid"), "attributes: unknown"},
		{"a field that directories cannot have", attribute("permissions", "uid"), "attributes: unknown"},
		{"an attribute that is none", attribute("email", "mail)(x=*"), "attributes.email: attribute"},
		{"an attribute with options", attribute("email", "mail;binary"), "attributes.email: attribute"},
		{"an OID", attribute("email", "0.9.2342.19200300.100.1.3"), ""},
		{"a key that is no attribute", func(o *ldapdir.Options) { o.ExternalID = "*" }, "external_id: attribute"},
		{"a page of less than nothing", func(o *ldapdir.Options) { o.PageSize = -1 }, "page_size: range"},
		{"a page of too many", func(o *ldapdir.Options) { o.PageSize = 5001 }, "page_size: range"},
		{"a timeout in the past", func(o *ldapdir.Options) { o.Timeout = -time.Second }, "timeout: min"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := validOptions()
			test.change(&o)
			_, err := ldapdir.New(o)
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			invalid, ok := errors.AsType[*store.InvalidError](err)
			require.True(t, ok, "%v", err)
			require.Len(t, invalid.Fields, 1)
			require.Equal(t, test.want, invalid.Fields[0].Field+": "+invalid.Fields[0].Code)
			require.NotContains(t, err.Error(), "marker")
		})
	}
}

func TestDirectory_Capabilities_followOptions(t *testing.T) {
	t.Parallel()
	d, err := ldapdir.New(validOptions())
	require.NoError(t, err)
	require.Equal(t, "head-office", d.Name())
	require.Equal(t, userman.Capabilities{Authenticate: true, Sync: true}, d.Capabilities())
	require.True(t, d.OwnsField("email"))
	require.False(t, d.OwnsField("language"))

	o := validOptions()
	o.GroupBaseDN, o.Attributes = "ou=groups,dc=example,dc=com", presetOf(ldapdir.ActiveDirectory).Attributes
	d, err = ldapdir.New(o)
	require.NoError(t, err)
	require.True(t, d.Capabilities().Groups)
	require.True(t, d.OwnsField("default_extension"))
	require.False(t, d.OwnsField("disabled"), "it can be disabled by hand too")
	o.Attributes["email"] = "changed later"
	require.True(t, d.OwnsField("email"))

	o = validOptions()
	o.URLs, o.BindDN, o.BindPassword = []string{"ldap://ldap.example.com"}, "", store.Secret{}
	d, err = ldapdir.New(o)
	require.NoError(t, err)
	require.False(t, d.Capabilities().Authenticate, "no password crosses the network in the clear")
}

// presetOf returns the defaults of a kind.
func presetOf(kind ldapdir.Kind) ldapdir.Preset {
	preset, _ := kind.Preset()
	return preset
}

func TestKind_Preset_isValid(t *testing.T) {
	t.Parallel()
	for _, kind := range ldapdir.Kinds() {
		o := validOptions()
		o.Kind = kind
		_, err := ldapdir.New(o)
		require.NoError(t, err, kind)
	}
	_, ok := ldapdir.Kind("other").Preset()
	require.False(t, ok)
}
