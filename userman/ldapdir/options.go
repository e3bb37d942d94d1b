package ldapdir

import (
	"cmp"
	"crypto/tls"
	"maps"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/store"
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
	// Kind selects the defaults of Filter, GroupFilter, Attributes and ExternalID, see
	// [Kind.Preset]. Defaults to OpenLDAP.
	Kind Kind
	// BaseDN is the base of the search for users, and Filter selects the users below
	// it. Users whom Filter does not match cannot log in.
	BaseDN string
	Filter string
	// GroupBaseDN is the base of the search for groups; empty reads none. GroupFilter
	// selects the groups. The cn is the name of a group. The members come from the
	// attributes member, uniqueMember and memberUid (a uid) of the group and memberOf of
	// the user.
	GroupBaseDN string
	GroupFilter string
	// NestedGroups also adds the members of a group to the groups that this group is a
	// member of, at any depth. The groups in between must match GroupFilter below
	// GroupBaseDN. Defaults to false; FreeIPA lists such memberships in memberOf anyway.
	NestedGroups bool
	// Attributes map fields of [userman.User], named as in JSON, to attributes.
	// Defaults to the Attributes of the [Kind.Preset]. The directory owns the fields in the
	// map: an empty attribute empties the field. Of several values the first one counts,
	// except that username, default_extension, language, time_zone and disabled must have
	// one; other_emails and linked_extensions take all. "disabled" is true or false, the
	// opposite for ak-active, or the userAccountControl of Active Directory, with which
	// accountExpires counts too.
	Attributes map[string]string
	// ExternalID is the attribute that never changes. The value of objectGUID is binary.
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
	defaultPageSize    = 500
	defaultTimeout     = 15 * time.Second

	maxPageSize = 5000
)

// withDefaults returns a deep copy with the defaults.
func (o Options) withDefaults() Options {
	o.Kind = cmp.Or(o.Kind, OpenLDAP)
	preset, _ := o.Kind.Preset()
	o.Filter = cmp.Or(o.Filter, preset.Filter)
	o.GroupFilter = cmp.Or(o.GroupFilter, preset.GroupFilter)
	o.ExternalID = cmp.Or(o.ExternalID, preset.ExternalID)
	o.PageSize = cmp.Or(o.PageSize, defaultPageSize)
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Attributes == nil {
		o.Attributes = preset.Attributes
	}
	o.Attributes, o.URLs = maps.Clone(o.Attributes), slices.Clone(o.URLs)
	if o.TLSConfig == nil {
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	o.TLSConfig = o.TLSConfig.Clone()
	return o
}
