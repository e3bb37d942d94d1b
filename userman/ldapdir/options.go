package ldapdir

import (
	"cmp"
	"crypto/tls"
	"maps"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// Options of [New].
type Options struct {
	// Name is that of [userman.Directory].
	Name string
	// URLs are tried in their order: "ldaps://dc1.example.com" or
	// "ldap://dc2.example.com:389". The next one is for when a server cannot
	// be reached or does not serve; a refused BindPassword is not tried again.
	URLs []string
	// StartTLS turns ldap:// into TLS before anything is said. Without it, and
	// without ldaps, passwords are only sent to a loopback address.
	StartTLS bool
	// TLSConfig checks the server. Defaults to the certificates of the host,
	// and TLS 1.2 or later.
	TLSConfig *tls.Config
	// BindDN and BindPassword are who reads. Empty reads anonymously.
	BindDN       string
	BindPassword store.Secret
	// BaseDN is where people are looked for, and Filter who of what is there
	// is one; each attribute in it stands as it is. Whom Filter does not find
	// cannot log in either. Filter defaults to OpenLDAPAttributes's
	// "(objectClass=inetOrgPerson)".
	BaseDN string
	Filter string
	// GroupBaseDN is where groups are; empty reads none. GroupFilter defaults
	// to "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=group)(objectClass=posixGroup))".
	// A group is called by its cn. Members are those of the attributes member,
	// uniqueMember and memberUid (which is the uid of a person) of the group,
	// and memberOf of the person. Groups within groups are not followed.
	GroupBaseDN string
	GroupFilter string
	// Attributes map fields of [userman.User], named as in JSON, to
	// attributes. Defaults to [OpenLDAPAttributes]. A field is owned by the directory
	// when it stands here, and is blank here when it is there. Of several
	// values the first counts, except that username, default_extension,
	// language, time_zone and disabled must have one; other_emails and
	// linked_extensions take all. "disabled" is true or false, or the
	// userAccountControl of Active Directory.
	Attributes map[string]string
	// ExternalID is the attribute that never changes. Defaults to "entryUUID";
	// "objectGUID" is read as the binary it is.
	ExternalID string
	// PageSize is how many entries are asked for at a time (RFC 2696), 1 to
	// 5 000. Defaults to 500.
	PageSize int
	// Timeout bounds each request. Defaults to 15 seconds.
	Timeout time.Duration
}

const (
	defaultFilter      = "(objectClass=inetOrgPerson)"
	defaultGroupFilter = "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=group)(objectClass=posixGroup))"
	defaultExternalID  = "entryUUID"
	defaultPageSize    = 500
	defaultTimeout     = 15 * time.Second

	maxPageSize = 5000
)

// OpenLDAPAttributes maps the fields of a user to attributes of inetOrgPerson.
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
	}
}

// ActiveDirectoryAttributes maps them to attributes of Active Directory; set ExternalID
// to "objectGUID" and Filter to
// "(&(objectCategory=person)(objectClass=user))" with it. The default extension
// is ipPhone, as FreePBX has it, and who is disabled there is disabled here.
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

// withDefaults returns a copy with the defaults filled in, that shares nothing
// with o.
func (o Options) withDefaults() Options {
	o.Filter = cmp.Or(o.Filter, defaultFilter)
	o.GroupFilter = cmp.Or(o.GroupFilter, defaultGroupFilter)
	o.ExternalID = cmp.Or(o.ExternalID, defaultExternalID)
	o.PageSize = cmp.Or(o.PageSize, defaultPageSize)
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
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
