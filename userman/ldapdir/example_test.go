package ldapdir_test

import (
	"errors"
	"fmt"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/ldapdir"
)

// A service with users from OpenLDAP: [userman.Service.Sync] with the directory's
// name synchronizes them.
func ExampleNew() {
	office, err := ldapdir.New(ldapdir.Options{
		Name: "head-office", URLs: []string{"ldaps://ldap1.example.com", "ldaps://ldap2.example.com"},
		BindDN: "cn=reader,dc=example,dc=com", BindPassword: store.NewSecret("the reader's password"),
		BaseDN: "ou=people,dc=example,dc=com", GroupBaseDN: "ou=groups,dc=example,dc=com",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	users := userman.New(memstore.New().Users(""), &userman.Options{Directories: []userman.Directory{office}})
	for _, d := range users.Directories() {
		fmt.Println(d.Name(), d.Capabilities().Authenticate, d.Capabilities().Groups)
	}
	// Output: head-office true true
}

// Passwords are not sent unencrypted over the network.
func ExampleNew_cleartextPassword() {
	_, err := ldapdir.New(ldapdir.Options{
		Name: "head-office", URLs: []string{"ldap://ldap.example.com"}, BaseDN: "ou=people,dc=example,dc=com",
		BindDN: "cn=reader,dc=example,dc=com", BindPassword: store.NewSecret("the reader's password"),
	})
	fmt.Println(errors.Is(err, store.ErrInvalid))
	fmt.Println(err)
	// Output:
	// true
	// urls[0]: the bind password would be sent unencrypted; use ldaps:// or StartTLS
}

func ExampleKind_Preset() {
	preset, _ := ldapdir.ActiveDirectory.Preset()
	preset.Attributes["default_extension"] = "extensionAttribute1" // not in ipPhone here
	_, err := ldapdir.New(ldapdir.Options{
		Name: "domain", URLs: []string{"ldaps://dc1.example.com"}, BaseDN: "dc=example,dc=com",
		BindDN: "cn=reader,cn=Users,dc=example,dc=com", BindPassword: store.NewSecret("the reader's password"),
		Kind: ldapdir.ActiveDirectory, Attributes: preset.Attributes,
	})
	fmt.Println(err)
	// Output: <nil>
}
