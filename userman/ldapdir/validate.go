package ldapdir

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/go-ldap/ldap/v3"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// attributePattern matches an attribute without options (RFC 4512, 2.5): a name or
// an OID.
var attributePattern = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9-]{0,99}|[0-9]+(\.[0-9]+){1,30})$`)

// validate returns the errors of the options with defaults, except for the URLs.
func (o Options) validate() []store.FieldError {
	var errs []store.FieldError
	require := func(holds bool, field, code, message string) {
		if !holds {
			errs = append(errs, store.FieldError{Field: field, Code: code, Message: message})
		}
	}
	require(slices.Contains(Kinds(), o.Kind), "kind", store.CodeOneOf, "choose openldap, active-directory, freeipa or authentik")
	if len(errs) > 0 {
		return errs // the other options have no defaults
	}
	require(userman.ValidDirectoryName(o.Name), "name", store.CodeName, "use 1 to 64 lower-case letters, digits and dashes")
	require(o.BindDN == "" || isDN(o.BindDN), "bind_dn", store.CodeDN, "enter a distinguished name such as cn=reader,dc=example,dc=com")
	require((o.BindDN == "") == o.BindPassword.IsZero(), "bind_password", store.CodeRequired, "set both bind_dn and bind_password, or neither for an anonymous bind")
	require(isDN(o.BaseDN), "base_dn", store.CodeDN, "enter a distinguished name such as ou=people,dc=example,dc=com")
	require(isFilter(o.Filter), "filter", store.CodeFilter, "enter an LDAP filter such as "+defaultFilter)
	require(o.GroupBaseDN == "" || isDN(o.GroupBaseDN), "group_base_dn", store.CodeDN, "enter a distinguished name such as ou=groups,dc=example,dc=com, or leave it empty")
	require(isFilter(o.GroupFilter), "group_filter", store.CodeFilter, "enter an LDAP filter such as (objectClass=groupOfNames)")
	errs = append(errs, validateAttributes(o.Attributes)...)
	require(attributePattern.MatchString(o.ExternalID), "external_id", store.CodeAttribute, "enter the name of an attribute such as entryUUID")
	require(o.PageSize >= 1 && o.PageSize <= maxPageSize, "page_size", store.CodeRange, fmt.Sprintf("use 1 to %d", maxPageSize))
	require(o.Timeout > 0, "timeout", store.CodeMin, "use a positive duration")
	return errs
}

// validateAttributes returns the errors of the map, in the order of its fields.
func validateAttributes(attributes map[string]string) []store.FieldError {
	var errs []store.FieldError
	if attributes["username"] == "" {
		errs = append(errs, store.FieldError{Field: "attributes.username", Code: store.CodeRequired, Message: "enter the attribute of the username, such as uid"})
	}
	for _, field := range slices.Sorted(maps.Keys(attributes)) {
		switch {
		case !isField(field):
			errs = append(errs, store.FieldError{Field: "attributes", Code: store.CodeUnknown, Message: "unknown field; use JSON names such as first_name"})
		case !attributePattern.MatchString(attributes[field]) && (field != "username" || attributes[field] != ""):
			errs = append(errs, store.FieldError{Field: "attributes." + field, Code: store.CodeAttribute, Message: "enter the name of an attribute such as givenName, or leave the field out"})
		}
	}
	return errs
}

func isDN(text string) bool {
	dn, err := ldap.ParseDN(text)
	return err == nil && len(dn.RDNs) > 0
}

func isFilter(text string) bool {
	_, err := ldap.CompileFilter(text)
	return err == nil
}
