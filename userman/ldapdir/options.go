package ldapdir

import (
	"cmp"
	"crypto/tls"
	"maps"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// Kind is a kind of LDAP directory.
type Kind string

// Kinds of directories.
const (
	OpenLDAP        Kind = "openldap"
	ActiveDirectory Kind = "active-directory"
)

// Options are the options of [New].
type Options struct {
	// Name is the name of the directory, see [userman.Directory].
	Name string
	// URLs are tried in their order: "ldaps://dc1.example.com" or
	// "ldap://dc2.example.com:389". The next one is used if a server is unavailable. A
	// rejected BindPassword is not tried again.
	URLs []string
	// StartTLS upgrades ldap:// to TLS before any other request. Without it, and
	// without ldaps, passwords are sent to loopback addresses only.
	StartTLS bool
	// TLSConfig verifies the server. Defaults to the certificates of the host, and TLS
	// 1.2 or later.
	TLSConfig *tls.Config
	// BindDN and BindPassword are the credentials for reading. Empty means an anonymous
	// bind.
	BindDN       string
	BindPassword store.Secret
	// Kind selects the defaults of Filter, Attributes and ExternalID. Defaults to
	// OpenLDAP.
	Kind Kind
	// BaseDN is the base of the search for users, and Filter selects the users below
	// it. Users whom Filter does not match cannot log in. Filter defaults to
	// "(objectClass=inetOrgPerson)", and for ActiveDirectory to
	// "(&(objectCategory=person)(objectClass=user))".
	BaseDN string
	Filter string
	// GroupBaseDN is the base of the search for groups; empty reads none. GroupFilter
	// defaults to
	// "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=group)(objectClass=posixGroup))".
	// The cn is the name of a group. The members come from the attributes member,
	// uniqueMember and memberUid (a uid) of the group and memberOf of the user. Nested
	// groups are not followed.
	GroupBaseDN string
	GroupFilter string
	// Attributes map fields of [userman.User], named as in JSON, to attributes.
	// Defaults to [OpenLDAPAttributes] or [ActiveDirectoryAttributes]. The directory owns the fields in the map: an
	// empty attribute empties the field. Of several values the first one counts, except
	// that username, default_extension, language, time_zone and disabled must have one;
	// other_emails and linked_extensions take all. "disabled" is true or false, or the
	// userAccountControl of Active Directory, with which accountExpires counts too.
	Attributes map[string]string
	// ExternalID is the attribute that never changes. Defaults to "entryUUID", and for
	// ActiveDirectory to "objectGUID", which is binary.
	ExternalID string
	// PageSize is the number of entries per page (RFC 2696), 1 to 5 000. Defaults to
	// 500.
	PageSize int
	// Timeout limits each request. Defaults to 15 seconds.
	Timeout time.Duration
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
}

const (
	defaultFilter      = "(objectClass=inetOrgPerson)"
	defaultGroupFilter = "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=group)(objectClass=posixGroup))"
	defaultExternalID  = "entryUUID"
	defaultPageSize    = 500
	defaultTimeout     = 15 * time.Second

	maxPageSize = 5000
)

// OpenLDAPAttributes maps the fields of a user to attributes of inetOrgPerson. Users
// locked in FreeIPA or 389 Directory Server are disabled here.
func OpenLDAPAttributes() map[string]string {
	return map[string]string{
		"username":     "uid",
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
		"disabled":     "nsAccountLock",
	}
}

// ActiveDirectoryAttributes maps the fields of a user to attributes of Active
// Directory. The default extension is ipPhone, as in FreePBX. Users disabled or
// expired there are disabled here.
func ActiveDirectoryAttributes() map[string]string {
	return map[string]string{
		"username":          "sAMAccountName",
		"first_name":        "givenName",
		"last_name":         "sn",
		"display_name":      "displayName",
		"description":       "description",
		"title":             "title",
		"company":           "company",
		"department":        "department",
		"email":             "mail",
		"work_phone":        "telephoneNumber",
		"home_phone":        "homePhone",
		"cell_phone":        "mobile",
		"fax":               "facsimileTelephoneNumber",
		"default_extension": "ipPhone",
		"disabled":          "userAccountControl",
	}
}

// withDefaults returns a deep copy with the defaults.
func (o Options) withDefaults() Options {
	o.Kind = cmp.Or(o.Kind, OpenLDAP)
	if o.Kind == ActiveDirectory {
		o.Filter = cmp.Or(o.Filter, "(&(objectCategory=person)(objectClass=user))")
		o.ExternalID = cmp.Or(o.ExternalID, objectGUID)
		if o.Attributes == nil {
			o.Attributes = ActiveDirectoryAttributes()
		}
	}
	o.Filter = cmp.Or(o.Filter, defaultFilter)
	o.GroupFilter = cmp.Or(o.GroupFilter, defaultGroupFilter)
	o.ExternalID = cmp.Or(o.ExternalID, defaultExternalID)
	o.PageSize = cmp.Or(o.PageSize, defaultPageSize)
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Attributes == nil {
		o.Attributes = OpenLDAPAttributes()
	}
	o.Attributes, o.URLs = maps.Clone(o.Attributes), slices.Clone(o.URLs)
	if o.TLSConfig == nil {
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	o.TLSConfig = o.TLSConfig.Clone()
	return o
}
