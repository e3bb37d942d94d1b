package ldapdir

import "maps"

// Kind is a kind of LDAP directory.
type Kind string

// Kinds of directories.
const (
	OpenLDAP        Kind = "openldap"
	ActiveDirectory Kind = "active-directory"
	FreeIPA         Kind = "freeipa"
	Authentik       Kind = "authentik"
)

// Preset holds the defaults of a [Kind].
type Preset struct {
	// Filter, GroupFilter and ExternalID are those of [Options].
	Filter, GroupFilter, ExternalID string
	// Attributes map the fields of a user to attributes, see [Options].
	Attributes map[string]string
}

// Kinds returns all kinds.
func Kinds() []Kind { return []Kind{OpenLDAP, ActiveDirectory, FreeIPA, Authentik} }

// Preset returns the defaults of the kind; false if there is no such kind.
//
//   - OpenLDAP has users of the class inetOrgPerson with the external ID entryUUID.
//   - ActiveDirectory has the external ID objectGUID, and the default extension ipPhone, as
//     in FreePBX. Users disabled (userAccountControl) or expired (accountExpires) there
//     are disabled here.
//   - FreeIPA has the external ID ipaUniqueID. Users locked there (nsAccountLock) are
//     disabled here, also those of 389 Directory Server with the kind OpenLDAP.
//   - Authentik is the LDAP outpost of authentik. Its uid is the external ID and not the
//     username. It has no first names and phone numbers, but a product can set them as
//     attributes of the user there and add them to Attributes. Users who are not active
//     there (ak-active) are disabled here.
func (k Kind) Preset() (Preset, bool) {
	p := Preset{Filter: defaultFilter, GroupFilter: defaultGroupFilter, ExternalID: "entryUUID", Attributes: inetOrgPerson()}
	switch k {
	case OpenLDAP:
		p.Attributes[fieldDisabled] = accountLock
	case ActiveDirectory:
		p.Filter, p.ExternalID = "(&(objectCategory=person)(objectClass=user))", objectGUID
		maps.Copy(p.Attributes, map[string]string{
			fieldUsername: "sAMAccountName", "company": "company", "department": "department", "default_extension": "ipPhone", fieldDisabled: accountControl,
		})
		delete(p.Attributes, "other_emails")
	case FreeIPA:
		p.Filter, p.GroupFilter, p.ExternalID = "(&(objectClass=inetOrgPerson)(objectClass=posixAccount))", "(objectClass=ipaUserGroup)", "ipaUniqueID"
		maps.Copy(p.Attributes, map[string]string{"language": "preferredLanguage", fieldDisabled: accountLock})
	case Authentik:
		p.GroupFilter, p.ExternalID = "(objectClass=groupOfNames)", attributeUID
		p.Attributes = map[string]string{fieldUsername: "cn", "display_name": "displayName", "email": "mail", fieldDisabled: accountActive}
	default:
		return Preset{}, false
	}
	return p, true
}

// inetOrgPerson maps the fields of a user to attributes of this class (RFC 2798).
func inetOrgPerson() map[string]string {
	return map[string]string{
		fieldUsername:  attributeUID,
		"first_name":   "givenName",
		"last_name":    "sn",
		"display_name": "displayName",
		"description":  "description",
		"title":        "title",
		"company":      "o",
		"department":   "ou",
		"email":        "mail",
		"other_emails": "mail",
		"work_phone":   "telephoneNumber",
		"home_phone":   "homePhone",
		"cell_phone":   "mobile",
		"fax":          "facsimileTelephoneNumber",
	}
}
